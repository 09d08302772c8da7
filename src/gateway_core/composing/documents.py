"""JSON documents: what the parts of a composition answer, and what is made of them.

Read as strictly as RFC 8259 lets one: what two readers could take for two things is
refused. UTF-8 without a byte order mark (8.1), no NaN or Infinity (6), no number beyond
what a double holds, no name twice in one object (4), and nesting with a bound (9).

Numbers become Python's: integers stay exact, fractions become doubles, so that `1.10`
leaves as `1.1`.
"""

import enum
import json
import math
from typing import Final, TypeAlias

Document: TypeAlias = bool | int | float | str | list["Document"] | dict[str, "Document"] | None

NESTING_MAX: Final = 64
"""Arrays and objects within each other. Documents of services have less than ten; a
reader that recurses, ours or a client's, survives this many."""

_SURELY_SMALL: Final = 4 * 2**20
"""Bytes that may be written in one go, to be measured afterwards."""


class Flaw(enum.Enum):
    """Why the body of a part is no document. The value ends a sentence."""

    NOT_UTF8 = "it is not UTF-8"
    NOT_JSON = "it is not JSON"
    NO_NUMBER = "it holds NaN, Infinity, or a number beyond any double"
    NAME_TWICE = "an object in it has one name twice"
    TOO_DEEP = "it nests too deep"
    TOO_LARGE = "it is larger than the part may be"
    ENCODED = "it has a Content-Encoding, which nobody asked for"


class _FlawError(Exception):
    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw)
        self.flaw = flaw


def _constant(_text: str) -> Document:
    raise _FlawError(Flaw.NO_NUMBER)


def _fraction(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _FlawError(Flaw.NO_NUMBER)
    return number


def _object(pairs: list[tuple[str, Document]]) -> dict[str, Document]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _FlawError(Flaw.NAME_TWICE)
    return members


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_fraction
)


def is_json(content_type: bytes | None) -> bool:
    """Whether a Content-Type is JSON's, or of a kind of it (RFC 8259, 11; RFC 6839, 3.1)."""
    kind = (content_type or b"").partition(b";")[0].strip(b" \t").lower()
    return kind == b"application/json" or kind.endswith(b"+json")


def read_document(body: bytes) -> Document | Flaw:
    """Return what `body` says, or why it is no document. Nothing at all is null, as a 204 has it.

    The caller bounds the size of `body`; the time is linear in it.
    """
    if not body:
        return None
    try:
        document: Document = _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        return Flaw.NOT_UTF8
    except _FlawError as error:
        return error.flaw
    except RecursionError:
        return Flaw.TOO_DEEP
    except ValueError:  # also an integer of more digits than Python reads (PEP 686 of 3.11)
        return Flaw.NOT_JSON
    if body.count(b"[") + body.count(b"{") > NESTING_MAX and _is_too_deep(document):
        return Flaw.TOO_DEEP
    return document


def _is_too_deep(document: Document) -> bool:
    floor: list[Document] = [document]
    for _ in range(NESTING_MAX):
        floor = [
            inner
            for outer in floor
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not floor:
            return False
    return True


_WRITER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ESCAPING: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def write_document(document: Document, bytes_max: int, expected: int = 0) -> bytes | None:
    """Return `document` as JSON in UTF-8; None where it is larger than that, or no JSON.

    `expected` is about how many bytes it may have: a document that refers to one value
    many times may be far larger on paper than in memory.
    """
    try:
        if expected <= _SURELY_SMALL:
            text = _WRITER.encode(document)
        else:
            pieces: list[str] = []
            size = 0
            for piece in _WRITER.iterencode(document):
                size += len(piece)
                if size > bytes_max:
                    return None
                pieces.append(piece)
            text = "".join(pieces)
        written = text.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair: RFC 8259, 8.2 lets it be, in escapes
        written = _ESCAPING.encode(document).encode("ascii")
    except (ValueError, RecursionError):
        return None
    return written if len(written) <= bytes_max else None
