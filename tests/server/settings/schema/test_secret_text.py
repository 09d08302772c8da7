"""Values that nobody may see."""

import pytest

from gateway_core.errors import ConfigError
from gateway_server.settings.schema.secret_text import SECRET_BYTES_MAX, Secret


def test_a_secret_shows_itself_to_nobody_but_who_asks() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == secret.peek() == "hunter2"
    assert secret == Secret("hunter2")
    assert hash(secret) == hash(Secret("hunter2"))
    assert secret != Secret("hunter3")


def test_a_secret_may_stand_in_a_file_which_is_read_when_it_is_wanted(tmp_path) -> None:
    secret = Secret(f"file:{tmp_path}/key")
    assert secret.file == f"{tmp_path}/key"
    assert secret.peek() != secret.file
    (tmp_path / "key").write_text("hunter2 \n")
    assert secret.reveal() == "hunter2 "


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff", b"x" * (SECRET_BYTES_MAX + 1), None])
def test_a_file_that_holds_no_secret_is_told_without_what_is_in_it(tmp_path, content) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError, match="the file of this secret") as told:
        Secret(f"file:{tmp_path}/key").reveal()
    assert "x" * 9 not in str(told.value)
