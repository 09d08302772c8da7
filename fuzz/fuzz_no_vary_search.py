"""A No-Vary-Search field, and two queries that it may make alike.

The input's first line is the field, the second and the third are the queries.

Invariant: any bytes give a variation and never an exception; what is no dictionary of the three
keys makes nothing alike; being alike is mutual, and a query is alike to itself; where both queries
have a form, they have the same one just where the specification's letter calls them alike.
"""

from typing import Final

from gateway_core.caching.searching import (
    DEFAULT,
    equivalent,
    form,
    readable,
    variation_of,
)

SEEDS: Final[list[bytes]] = [
    b'params=("u")\na=1&u=2\nu=3&a=1',
    b'key-order, except=("id" "q")\nid=1&q=2&x\nq=2&id=1',
    b"key-order\na=%C3%A9&b=+\nb=%20&a=\xc3\xa9",
    b'except=("id")\nId=1\n',
    b"params=?1\na\nb",
    b'params=("a"), except=()\na=1\n',
    b'params=("%zz+")\n%zz%20=1;b\n&&=',
]


def check(data: bytes) -> None:
    """Take three lines of `data` for a field and two queries."""
    line, one, other = (*data.split(b"\n", 2), b"", b"")[:3]
    variation = variation_of(((b"no-vary-search", line),))
    if not any(key in line for key in (b"params", b"except", b"key-order")):
        assert variation == DEFAULT
    assert equivalent(one, one, variation)
    alike = equivalent(one, other, variation)
    assert alike == equivalent(other, one, variation)
    if variation == DEFAULT:
        assert alike == (one == other)
        return
    first, second = readable(one), readable(other)
    forms = [None if pairs is None else form(pairs, variation) for pairs in (first, second)]
    if None not in forms:
        assert (forms[0] == forms[1]) == alike
