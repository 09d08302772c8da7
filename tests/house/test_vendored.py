"""What was made elsewhere is here as it was published: the hashes in its README say so."""

import re
from hashlib import sha256

from tests.house.test_tidy import SRC

VENDORED = SRC / "gateway_server" / "portal" / "static"
LISTED = dict(
    re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", (VENDORED / "README.md").read_text(), re.M)
)


def test_each_file_has_the_hash_that_is_written_down() -> None:
    there = {path.name: path for path in VENDORED.iterdir() if path.name != "README.md"}
    assert LISTED.keys() == there.keys()
    assert {name: sha256(path.read_bytes()).hexdigest() for name, path in there.items()} == LISTED


def test_each_has_its_licence_beside_it() -> None:
    assert {"LICENSE", "NOTICE"} <= LISTED.keys()
    assert "Apache License" in (VENDORED / "LICENSE").read_text()
