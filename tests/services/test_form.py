from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_multipart.exceptions import FormParserError

from services.form import Event, Form

BOUNDARY = b"gateway"
BODY = (
    b'--gateway\r\nContent-Disposition: form-data; name="note"\r\n\r\nnot a file\r\n'
    b'--gateway\r\ncontent-disposition: form-data; name="f"; filename="\xc3\xa9.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\nfirst\r\n--gatewa\r\n"
    b'\r\n--gateway\r\nContent-Disposition: form-data; name="g"; filename=""\r\n\r\n'
    b"\r\n--gateway--\r\n"
)


def files(events: list[Event]) -> list[tuple[str, str, bytes]]:
    told = []
    for event in events:
        if event.kind == "file":
            told.append((event.filename, event.media_type, b""))
        else:
            told[-1] = (*told[-1][:2], told[-1][2] + event.data)
    return told


FILES = [("é.txt", "text/plain", b"first\r\n--gatewa\r\n"), ("", "", b"")]


def test_a_form_gives_its_files_and_passes_over_the_rest() -> None:
    form = Form(BOUNDARY)
    assert files(form.feed(BODY)) == FILES
    assert form.complete


@given(st.lists(st.integers(0, len(BODY)), max_size=12))
def test_it_gives_the_same_whole_and_cut_anywhere(cuts) -> None:
    form, events = Form(BOUNDARY), []
    places = [0, *sorted(cuts), len(BODY)]
    for start, end in pairwise(places):
        events += form.feed(BODY[start:end])
    assert files(events) == FILES
    assert form.complete


@pytest.mark.parametrize("length", [0, 1, 80, 200, len(BODY) - 6])
def test_a_form_without_its_end_is_not_complete(length) -> None:
    form = Form(BOUNDARY)
    form.feed(BODY[:length])
    assert not form.complete


@pytest.mark.parametrize(
    ("boundary", "body"),
    [
        pytest.param(b"", b"", id="no boundary"),
        pytest.param(b"x" * 257, b"", id="boundary too long"),
        pytest.param(b"x", b"GIF89a", id="no form at all"),
        pytest.param(b"x", b"--x\r\nA B: c\r\n\r\n", id="bad field name"),
        pytest.param(b"x", b"--x\r\n" + b"A: b\r\n" * 100 + b"\r\n", id="too many fields"),
        pytest.param(b"x", b"--x\r\nA: " + b"b" * 9000 + b"\r\n\r\n", id="field too long"),
    ],
)
def test_what_is_no_form_is_an_error(boundary, body) -> None:
    with pytest.raises(FormParserError):
        Form(boundary).feed(body)


def test_it_reads_what_httpx_writes() -> None:
    request = httpx.Request("POST", "http://x/", files={"f": ("a b.bin", b"\x00\r\n", "image/png")})
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    assert files(Form(boundary).feed(request.read())) == [("a b.bin", "image/png", b"\x00\r\n")]
