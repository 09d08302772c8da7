import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inbox import FALLBACK, NAME_BYTES_MAX, Inbox, safe_name


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        pytest.param("report.pdf", "report.pdf", id="plain"),
        pytest.param("żółw 🐢.txt", "żółw 🐢.txt", id="not ASCII"),
        pytest.param("../../etc/passwd", "passwd", id="climbs"),
        pytest.param("/etc/passwd", "passwd", id="absolute"),
        pytest.param("C:\\Windows\\boot.ini", "boot.ini", id="Windows path"),
        pytest.param("..", FALLBACK, id="parent"),
        pytest.param(".", FALLBACK, id="itself"),
        pytest.param("", FALLBACK, id="empty"),
        pytest.param("folder/", FALLBACK, id="folder"),
        pytest.param(".bashrc", "bashrc", id="hidden"),
        pytest.param("a\x00b\nc\x1b[31m.txt", "a_b_c_[31m.txt", id="control characters"),
        pytest.param('a<b>:"|?*.txt', "a_b______.txt", id="characters of file systems"),
        pytest.param("\u202etxt.exe", "_txt.exe", id="right to left override"),
        pytest.param("x" * 300 + ".tar.gz", "x" * 197 + ".gz", id="long"),
    ],
)
def test_a_name_is_made_safe(wanted, name) -> None:
    assert safe_name(wanted) == name


@given(st.text())
def test_every_name_is_a_visible_file_name_that_fits(wanted) -> None:
    name = safe_name(wanted)
    assert name == os.path.basename(name)
    assert name not in {"", ".", ".."} and not name.startswith(".")
    assert name.isprintable()
    assert len(name.encode()) <= NAME_BYTES_MAX + 6


async def test_a_kept_file_is_whole(tmp_path) -> None:
    inbox = Inbox(tmp_path)
    with inbox.receiving() as arriving:
        await arriving.write(b"one ")
        assert inbox.listing() == []
        await arriving.write(b"two")
        assert inbox.keep(arriving, "n.txt") == "n.txt"
    assert inbox.listing() == [{"name": "n.txt", "size": 7}]
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"one two"]


async def test_a_file_that_is_not_kept_goes(tmp_path) -> None:
    with pytest.raises(ZeroDivisionError), Inbox(tmp_path).receiving() as arriving:
        await arriving.write(b"half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


async def test_a_taken_name_gets_a_number(tmp_path) -> None:
    inbox, names = Inbox(tmp_path), []
    for content in (b"0", b"1", b"2"):
        with inbox.receiving() as arriving:
            await arriving.write(content)
            names.append(inbox.keep(arriving, "a/n.txt"))
    assert names == ["n.txt", "n-1.txt", "n-2.txt"]
    assert [(tmp_path / name).read_bytes() for name in names] == [b"0", b"1", b"2"]


async def test_the_longest_name_can_be_taken_twice(tmp_path) -> None:
    inbox = Inbox(tmp_path)
    for _ in range(3):
        with inbox.receiving() as arriving:
            inbox.keep(arriving, "ż" * 300 + "." + "ż" * 300)
    assert len(inbox.listing()) == 3
