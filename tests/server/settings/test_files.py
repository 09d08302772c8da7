"""Which file is read, and what is told of one that cannot be."""

import os
from pathlib import Path

import pytest

from gateway_server.settings import Problem, SettingsError
from gateway_server.settings.files import BYTES_MAX, NAMES, find, read


def refused(path: Path) -> Problem:
    with pytest.raises(SettingsError) as caught:
        read(path)
    return caught.value.problems[0]


def test_the_variable_goes_first_then_the_names_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find({}) is None
    for name in reversed(NAMES):
        Path(name).touch()
        assert find({}) == Path(name)
    assert find({"GATEWAY_CONFIG": "x/y.toml"}) == Path("x/y.toml")
    assert find({"GATEWAY_CONFIG": ""}) == Path("gateway.toml")


def test_a_dangling_link_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gateway.toml").symlink_to("nowhere")
    assert find({}) == Path("gateway.toml")


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\n")
    assert read(path) == "a = 1\n"


def test_a_missing_file_is_told_with_the_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").touch()
    problem = refused(tmp_path / "gateway.toml")
    assert problem.message == "there is no such file"
    assert "gateway.yaml" in problem.help
    assert refused(tmp_path / "deeper" / "x.toml").help == ""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b" \n\t\n", "is empty", id="white space"),
        pytest.param(b"a = 1\nb = '\xff'\n", "is not UTF-8: byte 0xff in line 2", id="Latin-1"),
        pytest.param(b"#" * (BYTES_MAX + 1), "is larger than 4 MiB", id="too large"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "g.toml"
    path.write_bytes(data)
    assert refused(path).message == message


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "d.toml"
    folder.mkdir()
    assert refused(folder).message == "is a folder"
    assert refused(tmp_path / "g.ini").message == "cannot tell the syntax of this file"
    assert refused(Path("a\0b.toml")).message.startswith("cannot be read")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    path.touch(mode=0)
    assert refused(path).message == "cannot be read: Permission denied"
