"""An answer's Vary, and two requests that it may have been selected by.

The input's lines are, in turn, of Vary, of the first request and of the second: `name: value`.

Invariant: any bytes give names or "matches nothing", never an exception; "*" always matches
nothing; names stand in order, once each; a request selects what it selected before; of names
that nothing is known of, requests that match have the same bytes but for white space and commas.
"""

from typing import Final

from gateway_core.caching.varying import NAMES_MAX, selecting_values, vary_names
from gateway_core.message import Fields, values

SEEDS: Final[list[bytes]] = [
    b"Foo, accept-language\nfoo: 1\nfoo: 2\n\naccept-language: en;q=0.5, de\naccept-language: de",
    b"*, foo\nfoo: 1\nfoo: 1",
    b'x\nx: "a, b"\nx: "a,b"\n',
    b"accept\naccept: a/b;q=0.9;x, */*\naccept: */*",
    b"\xff, foo bar\nfoo: 1\n",
]
_KNOWN: Final = frozenset(
    {b"accept", b"accept-charset", b"accept-encoding", b"accept-language", b"host", b"origin"}
)
_IGNORED: Final = b" \t,"


def check(data: bytes) -> None:
    """Take the lines of `data` for the fields of an answer and of two requests."""
    lines = data.split(b"\n")[:60]
    vary = tuple((b"vary", line.strip(b" \t")) for line in lines[0::3])
    one, other = _fields(lines[1::3]), _fields(lines[2::3])
    names = vary_names(vary)
    if any(member.strip(b" \t") == b"*" for _, line in vary for member in line.split(b",")):
        assert names is None
    if names is None:
        return
    assert len(names) <= NAMES_MAX
    assert list(names) == sorted(set(names))
    assert selecting_values(names, one) == selecting_values(names, tuple(one))
    if selecting_values(names, one) != selecting_values(names, other):
        assert one != other
        return
    for name in names:
        assert bool(values(one, name)) == bool(values(other, name))
        if name not in _KNOWN:
            assert _bare(one, name) == _bare(other, name)


def _fields(lines: list[bytes]) -> Fields:
    pairs = (line.partition(b":") for line in lines)
    return tuple((name.strip(b" \t").lower(), value.strip(b" \t")) for name, _, value in pairs)


def _bare(fields: Fields, name: bytes) -> bytes:
    return b",".join(values(fields, name)).translate(None, _IGNORED)
