"""The files behind /docs."""

import re
from hashlib import sha256

import pytest

from gateway_server.portal.files import ASSETS, asset, page


@pytest.mark.parametrize("path", ASSETS, ids=bytes.decode)
def test_a_file_is_called_by_its_hash(path: bytes) -> None:
    file = asset(path)
    assert file.version == sha256(file.body).hexdigest()[:32]
    assert file.media_type.split(";")[0] in {"text/javascript", "text/css", "image/png"}


def test_the_page_asks_for_every_file_by_its_hash_and_for_nothing_else() -> None:
    text = page().body.decode()
    asked = re.findall(r'(?:src|href)="([^"]+)"', text)
    wanted = [f"{path.decode()[1:]}?v={asset(path).version}" for path in ASSETS]
    assert sorted(asked) == sorted([*wanted, "openapi.json"])


def test_the_page_holds_nothing_that_its_policy_forbids() -> None:
    text = page().body.decode()
    assert re.findall(r"<script(?![^>]* src=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", text) == []
    assert "http:" not in text
    assert "https:" not in text


def test_no_script_of_ours_keeps_credentials_or_asks_others() -> None:
    script = asset(b"/docs/initializer.js").body.decode()
    assert "persistAuthorization: false" in script
    assert "validatorUrl: null" in script
