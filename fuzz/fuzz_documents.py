"""JSON documents, and what expressions make of them.

The input is a JMESPath expression over `body`, and behind its line the bytes of an answer.

Invariant: any bytes are a document or a named flaw, and any text an expression or a
ConfigError; the standard library (the oracle) reads the same where both read, and refuses
what is not JSON; a document nests within the bound, and is written so that it is read again
as the same; what is made is JSON within its bound or a refusal of 502, and takes no more
steps than there are.
"""

import json
from typing import Final

from gateway_core.composing import (
    ANSWER_MAX,
    Document,
    Flaw,
    Shape,
    read_document,
    write_document,
)
from gateway_core.composing.documents import NESTING_MAX
from gateway_core.errors import ConfigError
from gateway_core.refusal import Refusal
from gateway_core.transforming import Rewriting

SEEDS: Final[list[bytes]] = [
    b'body.items[*].name\n{"items": [{"name": "a", "n": 1.10}, {"name": null}]}',
    b'body | [@, @] | [@, @]\n{"a": [1, 2, 3]}',
    b'body\n{"a": 1, "a": 2}',
    b"body\n[NaN, Infinity, 1e999]",
    b'body\n"\xff"',
    b'body\n"\\ud800"',
    b"body\n" + b"[" * 70 + b"]" * 70,
    b'body[?a > `1`].{b: a, c: to_string(@)}\n[{"a": 2}, {"a": 0}]',
    b"sum(body)\n[1, true]",
    b"map(&[@, @], body)\n[1, [2], {}]",
    b"body.a.b.\n{}",
    b'sort_by(body, &a)\n[{"a": 1}, {"a": "b"}]',
    b'join(\'/\', body)\n["a", ".."]',
    b"body\n\xef\xbb\xbf{}",
]


def check(data: bytes) -> None:
    """Read the rest of `data`, and make of it what its first line says."""
    line, _, body = data.partition(b"\n")
    content = read_document(body)
    if isinstance(content, Flaw):
        assert not _is_plain_json(body) or content is not Flaw.NOT_JSON
    else:
        _check_document(content, body)
    try:
        rewriting = Rewriting(Shape.of(line.decode("utf-8", "replace")))
    except ConfigError:
        return
    if isinstance(content, Flaw):
        return
    made = rewriting.made(content, {}, len(body))
    if isinstance(made, Refusal):
        assert made.status == 502
    else:
        assert len(made) <= ANSWER_MAX
        json.loads(made, parse_constant=_none)


def _check_document(content: Document, body: bytes) -> None:
    assert _depth(content) <= NESTING_MAX
    if body:
        assert json.loads(body.decode("utf-8")) == content
    written = write_document(content, ANSWER_MAX)
    assert written is not None
    assert read_document(written) == content


def _is_plain_json(body: bytes) -> bool:
    """Whether the oracle reads it, and no number in it is longer than ours may be."""
    try:
        json.loads(body.decode("utf-8"), parse_constant=_none)
    except (ValueError, RecursionError):
        return False
    return True


def _depth(content: Document) -> int:
    inner: list[Document] = []
    if isinstance(content, dict):
        inner = [*content.values()]
    elif isinstance(content, list):
        inner = content
    else:
        return 0
    return 1 + max(map(_depth, inner), default=0)


def _none(constant: str) -> object:
    raise ValueError(constant)
