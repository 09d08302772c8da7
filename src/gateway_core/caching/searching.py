"""Which queries ask for one thing, where the origin says that they do: No-Vary-Search.

    answer's field -> Variation -> form(query): the same bytes for all queries that are alike

A shared cache is asked by strangers, and what it takes for alike it answers alike. So queries
of which readers are known to disagree (`;` between parameters, bytes that are no UTF-8, names
that some frameworks fold into others) have no form here, and are alike to themselves alone,
as the specification lets a cache have it (section 7).

Source: draft-ietf-httpbis-no-vary-search (approved, without a number yet), sections 3 to 7;
WHATWG URL, section 5.1 (application/x-www-form-urlencoded).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import unquote_to_bytes

from ..message import Fields, values
from .structured import Value, parse_dictionary

NO_VARY_SEARCH: Final = b"no-vary-search"
NAMES_MAX: Final = 64
"""Parameters that one answer names; one that names more is taken to say nothing."""
PARAMS_MAX: Final = 128
"""Parameters of a query that is compared: more than any page links to."""

SEVERAL: Final = b"\0?"
"""Between what URLs have in common, and what else they do: in no URL, and no other key."""

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values of a query's parameters, decoded, in order."""

_NOT_HEX: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_FOLDED: Final = re.compile(r"[^0-9a-z]+")


def _fold(name: str) -> str:
    """Return a parameter's name as the most forgiving framework reads it."""
    return _FOLDED.sub("_", name.partition("[")[0].lower()).strip("_")


def _sized(texts: Iterable[str]) -> bytes:
    """Return `texts` as one that no others make."""
    encoded = [text.encode("utf-8") for text in texts]
    return b"".join([b"%d:%b" % (len(text), text) for text in encoded])


@dataclass(frozen=True, slots=True)
class Variation:
    """What of a query tells two URLs apart (section 4). By default, every byte does."""

    names: frozenset[str] = frozenset()
    """Of parameters, decoded: those that do not count; with `only`, those that alone do."""
    only: bool = False
    in_order: bool = True
    """Whether the order of parameters of different names counts."""
    label: bytes = field(init=False, repr=False, compare=False)
    """The same in bytes."""
    folded: frozenset[str] = field(init=False, repr=False, compare=False)
    """The names as the most forgiving framework reads them."""

    def __post_init__(self) -> None:
        """Work out what every comparison needs."""
        flags = b"o" * self.only + b"k" * (not self.in_order)
        label = b"%b%b" % (flags, _sized(sorted(self.names)))
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "folded", frozenset(map(_fold, self.names)))


DEFAULT: Final = Variation()


def variation_of(fields: Fields) -> Variation:
    """Return what an answer says (sections 5.1, 5.2); DEFAULT unless it is as it must be.

    `key-order` may stand alone, as the examples of sections 1 and 6.1 have it.
    """
    lines = values(fields, NO_VARY_SEARCH)
    members = parse_dictionary(b", ".join(lines)) if lines else None
    if not members:
        return DEFAULT
    any_order = members.get(b"key-order", False)
    listed = [name for name in (b"params", b"except") if name in members]
    if not isinstance(any_order, bool) or len(listed) > 1:
        return DEFAULT
    if not listed:
        return Variation(in_order=not any_order)
    names = _names(members[listed[0]])
    if names is None:
        return DEFAULT
    return Variation(names, only=listed == [b"except"], in_order=not any_order)


def _names(told: Value) -> frozenset[str] | None:
    """Return the names that an inner list of strings tells (5.1, 5.3); None if it is no such."""
    if not isinstance(told, tuple) or len(told) > NAMES_MAX:
        return None
    names = [_decoded(name) for name in told if isinstance(name, bytes)]
    return frozenset(names) if len(names) == len(told) else None


def _decoded(text: bytes, errors: str = "replace") -> str:
    """Return `text` as a form's reader does: UnicodeDecodeError with `errors` "strict"."""
    return unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8", errors)


def parse_pairs(query: bytes | None, errors: str = "replace") -> Pairs:
    """Return the parameters of a query (WHATWG URL, 5.1); none where there is no query."""
    found: list[tuple[str, str]] = []
    for piece in (query or b"").split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            found.append((_decoded(name, errors), _decoded(value, errors)))
    return tuple(found)


def equivalent(one: bytes | None, other: bytes | None, variation: Variation) -> bool:
    """Whether two queries ask for one thing, by the letter of section 6."""
    if variation == DEFAULT:
        return one == other
    return _counting(parse_pairs(one), variation) == _counting(parse_pairs(other), variation)


def _counting(pairs: Iterable[tuple[str, str]], variation: Variation) -> list[tuple[str, str]]:
    """Return those parameters that count; those of one name stay in order (section 6)."""
    names, only = variation.names, variation.only
    kept = [pair for pair in pairs if (pair[0] in names) == only]
    if not variation.in_order:
        # By code units, as the section says: any order of names would find the same alike.
        kept.sort(key=lambda pair: pair[0].encode("utf-16-be"))
    return kept


def readable(query: bytes | None) -> Pairs | None:
    """Return the parameters of a query of which all readers are taken to think alike."""
    if query is None:
        return ()
    if b";" in query or query.count(b"&") >= PARAMS_MAX or _NOT_HEX.search(query):
        return None
    try:
        pairs = parse_pairs(query, "strict")
    except UnicodeDecodeError:
        return None
    return None if any(_CONTROL.search(name) for name, _ in pairs) else pairs


def form(pairs: Pairs, variation: Variation) -> bytes | None:
    """Return what is the same for all queries that are alike, and for no others.

    None where a parameter that does not count may be taken for one that does, as by
    frameworks to which `Id`, `i.d` or `id[x]` are `id`: else whoever asks for `?Id=2`
    could have the answer to it stored as the one to no `id` at all.
    """
    if variation.only:
        others = (name for name, _ in pairs if name not in variation.names)
        if not variation.folded.isdisjoint(map(_fold, others)):
            return None
    return _sized([text for pair in _counting(pairs, variation) for text in pair])


class Covered(NamedTuple):
    """The URLs that an answer is for, where its No-Vary-Search says that they are many."""

    variation: Variation
    base: bytes
    """The URL that they share, without a query."""
    name: bytes
    """Of all of them."""


class Search(NamedTuple):
    """One request's query, beside what else it asks for."""

    key: bytes
    """What its key would be without a query."""
    base: bytes
    """Its URL without a query."""
    pairs: Pairs

    def key_for(self, variation: Variation) -> bytes | None:
        """Return the key of the answers that tell `variation`; None for none but its own."""
        return _named(self.key, self.pairs, variation)

    def covered(self, fields: Fields) -> Covered | None:
        """Return which URLs an answer with `fields` is for, if they are more than this one."""
        variation = variation_of(fields)
        name = None if variation == DEFAULT else _named(self.base, self.pairs, variation)
        return None if name is None else Covered(variation, self.base, name)


def url_name(url: bytes, variation: Variation) -> bytes | None:
    """Return the `Covered.name` of answers that tell `variation` and are for `url`, too."""
    base, mark, query = url.partition(b"?")
    pairs = readable(query if mark else None)
    return None if pairs is None else _named(base, pairs, variation)


def _named(base: bytes, pairs: Pairs, variation: Variation) -> bytes | None:
    alike = form(pairs, variation)
    return None if alike is None else b"%b%b%b\0%b" % (base, SEVERAL, variation.label, alike)
