"""multipart/form-data, pushed through piece by piece (RFC 7578).

python-multipart's parser calls back in the middle of `write`, where nothing can
be awaited. `Form` turns the calls into a short list of events a piece, which the
caller performs: whatever the form's size, one piece of it is in memory.
"""

from typing import Literal, NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header


class Event(NamedTuple):
    """A file begins, called `filename`; or `data` of the one that began last."""

    kind: Literal["file", "data"]
    data: bytes = b""
    filename: str = ""
    media_type: str = ""


class Form:
    def __init__(self, boundary: bytes) -> None:
        if not boundary:
            raise FormParserError("its Content-Type names no boundary")
        self.complete = False
        self._events: list[Event] = []
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._in_file = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_end": self._on_end,
            },
        )

    def feed(self, piece: bytes) -> list[Event]:
        """Return what `piece` holds. Raises FormParserError where it is no form."""
        self._events = []
        self._parser.write(piece)
        return self._events

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._in_file = b"filename" in options
        if self._in_file:
            filename = options[b"filename"].decode(errors="replace")
            media_type = self._headers.get(b"content-type", b"").decode("latin-1")
            self._events.append(Event("file", filename=filename, media_type=media_type))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._events.append(Event("data", data[start:end]))

    def _on_end(self) -> None:
        self.complete = True
