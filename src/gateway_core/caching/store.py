"""All stored answers, in so many bytes: found by key, purged by URL, prefix and tag.

Bodies are the server's: `dropped` names those that nobody will find here any more.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, TypeAlias, TypeVar

from ..clock import Duration, Instant, after, seconds
from ..message import Fields
from .covering import Coverings
from .entry import BodyId, Entry, Key
from .eviction import S3Fifo
from .searching import SEVERAL, Search, url_name
from .status import Forwarded
from .varying import selecting_values

CAPACITY_BYTES: Final = 128 * 2**20
VARIANTS_MAX: Final = 32
"""Answers of one key, for different selecting fields; the oldest goes beyond."""
MARKS_MAX: Final = 16_384
"""Keys that are known to be uncacheable; the oldest is forgotten beyond."""
MARK_LASTS: Final = seconds(10)
"""How long such a key is not queued for. Short, since an origin may change its mind."""

_Name: TypeAlias = tuple[Key, tuple[bytes, ...], tuple[bytes | None, ...]]


class Stats(NamedTuple):
    """How full the store is."""

    entries: int
    bytes: int
    capacity: int
    evicted: int


@dataclass(slots=True)
class Store:
    """What one worker has stored."""

    capacity: int = CAPACITY_BYTES
    dropped: list[BodyId] = field(default_factory=list[BodyId])
    """Whoever keeps the bodies takes these out, and forgets them."""
    _resources: dict[Key, tuple[Entry, ...]] = field(default_factory=dict[Key, tuple[Entry, ...]])
    """The answers of a key, the newest first."""
    _bodies: dict[BodyId, Entry] = field(default_factory=dict[BodyId, Entry])
    _named: dict[_Name, BodyId] = field(default_factory=dict[_Name, BodyId])
    _urls: dict[bytes, set[Key]] = field(default_factory=dict[bytes, set[Key]])
    _tags: dict[bytes, set[BodyId]] = field(default_factory=dict[bytes, set[BodyId]])
    _marks: dict[Key, Instant] = field(default_factory=dict[Key, Instant])
    _order: S3Fifo[_Name] = field(default_factory=lambda: S3Fifo[_Name](CAPACITY_BYTES))
    _covering: Coverings = field(default_factory=Coverings)
    _numbers: int = 0
    _evicted: int = 0

    def __post_init__(self) -> None:
        self._order.capacity = self.capacity

    def new_body(self) -> BodyId:
        """Return a name that no body had before."""
        self._numbers += 1
        return BodyId(self._numbers)

    def find(self, key: Key, fields: Fields, search: Search | None = None) -> Entry | Forwarded:
        """Return the newest answer for a request of `key` with `fields`, or why there is none.

        With `search`, also one to another query that is alike, as that answer tells.
        """
        found = self._selected(key, fields)
        if search is not None:
            for variation in self._covering.of(search.base):
                found = _newer(found, self._selected(search.key_for(variation), fields))
        if isinstance(found, Entry):
            self._order.touch(_name(found))
        return found

    def _selected(self, key: Key | None, fields: Fields) -> Entry | Forwarded:
        entries = None if key is None else self._resources.get(key)
        if entries is None:
            return Forwarded.URI_MISS
        for entry in entries:
            if not entry.vary or selecting_values(entry.vary, fields) == entry.selecting:
                return entry
        return Forwarded.VARY_MISS

    def key_of(self, key: Key, search: Search | None) -> Key:
        """Return under which key an answer to come will lie, if it is like the latest one."""
        variations = () if search is None else tuple(self._covering.of(search.base))
        if search is None or not variations:
            return key
        return search.key_for(variations[-1]) or key

    def vary_of(self, key: Key) -> tuple[bytes, ...]:
        """Return the names by which the newest answer of `key` was selected."""
        entries = self._resources.get(key)
        return entries[0].vary if entries else ()

    def get(self, body: BodyId) -> Entry | None:
        """Return the entry of `body`, if it is still here."""
        return self._bodies.get(body)

    def put(self, entry: Entry) -> None:
        """Take in `entry`, in place of what answers the same requests."""
        self._marks.pop(entry.key, None)
        if (before := self._bodies.get(entry.body)) is not None:
            self._remove(
                before, forget=False
            )  # confirmed, and maybe for other requests than before
        alike = self._named.get(_name(entry))
        if alike is not None:
            self._remove(self._bodies[alike])
        entries = (entry, *self._resources.get(entry.key, ()))
        if len(entries) > VARIANTS_MAX:
            oldest = entries[-1]
            self._remove(oldest)
            entries = entries[:-1]
        self._resources[entry.key] = entries
        self._bodies[entry.body] = entry
        self._named[_name(entry)] = entry.body
        self._urls.setdefault(_purged_by(entry), set()).add(entry.key)
        for tag in entry.tags:
            self._tags.setdefault(tag, set()).add(entry.body)
        self._order.insert(_name(entry), entry.size)
        if entry.covers is not None:
            for body in self._covering.note(entry.covers, entry.body):
                self.remove(body)
        self._make_room()

    def grow(self, body: BodyId, length: int) -> bool:
        """Note that the body has so many bytes by now. False if it is kept no longer."""
        entry = self._bodies.get(body)
        if entry is None:
            return False
        if length > entry.length:
            self._order.resize(_name(entry), entry.size - max(entry.length, 0) + length)
            self._make_room()
        return body in self._bodies

    def complete(self, body: BodyId, length: int) -> bool:
        """Note that the body is here whole. False if it is kept no longer."""
        entry = self._bodies.get(body)
        if entry is None:
            return False
        if entry.length not in {-1, length}:
            self._remove(entry)  # shorter or longer than its length: never whole
            return False
        fields = entry.fields
        if entry.length < 0 and entry.status != 204:
            fields = (*fields, (b"content-length", b"%d" % length))
        self._replace(entry, replace(entry, length=length, fields=fields, complete=True))
        return body in self._bodies

    def remove(self, body: BodyId) -> None:
        """Take out the entry of `body`, if it is still here."""
        entry = self._bodies.get(body)
        if entry is not None:
            self._remove(entry)

    def mark(self, key: Key, now: Instant, lasts: Duration = MARK_LASTS) -> None:
        """Note that answers of `key` cannot be stored, so that nobody waits for one."""
        self._marks.pop(key, None)
        self._marks[key] = after(now, lasts)
        if len(self._marks) > MARKS_MAX:
            del self._marks[next(iter(self._marks))]

    def is_marked(self, key: Key, now: Instant) -> bool:
        """Whether an answer of `key` could not be stored a short while ago."""
        until = self._marks.get(key)
        if until is None:
            return False
        if now >= until:
            del self._marks[key]
            return False
        return True

    def purge_url(self, url: bytes) -> int:
        """Take out all answers of one URL, whoever they are for. Return how many went."""
        keys = set(self._urls.get(url, ()))
        for variation in self._covering.of(url.partition(b"?")[0]):
            name = url_name(url, variation)
            keys |= self._urls.get(name, set()) if name is not None else set()
        return self._purge_keys(keys)

    def purge_prefix(self, prefix: bytes) -> int:
        """Take out all answers whose URL begins with `prefix`. Looks at every URL.

        Where that reaches into a query, also all of its path that are for many queries.
        """
        path, mark, _ = prefix.partition(b"?")
        starts = (prefix, path + SEVERAL) if mark else (prefix,)
        return self._purge_urls(lambda url: url.startswith(starts))

    def purge_tag(self, tag: bytes) -> int:
        """Take out all answers that bear `tag`."""
        bodies = [self._bodies[body] for body in self._tags.get(tag, ())]
        return self._purge(bodies)

    def purge_all(self) -> int:
        """Take out everything."""
        self._marks.clear()
        return self._purge(list(self._bodies.values()))

    @property
    def stats(self) -> Stats:
        """How full it is now."""
        return Stats(len(self._bodies), self._order.used, self.capacity, self._evicted)

    def _purge_urls(self, meant: Callable[[bytes], bool]) -> int:
        keys: set[Key] = set()
        for url, found in self._urls.items():
            if meant(url):
                keys |= found
        return self._purge_keys(keys)

    def _purge_keys(self, keys: Iterable[Key]) -> int:
        return self._purge([entry for key in keys for entry in self._resources[key]])

    def _purge(self, entries: list[Entry]) -> int:
        for entry in entries:
            self._remove(entry)
        return len(entries)

    def _replace(self, old: Entry, new: Entry) -> None:
        """Put `new` where `old` is; they answer the same requests."""
        entries = self._resources[old.key]
        self._resources[old.key] = tuple([new if entry is old else entry for entry in entries])
        self._bodies[new.body] = new
        self._order.resize(_name(new), new.size)
        self._make_room()

    def _make_room(self) -> None:
        while (name := self._order.evict()) is not None:
            self._evicted += 1
            self._remove(self._bodies[self._named[name]])

    def _remove(self, entry: Entry, *, forget: bool = True) -> None:
        name = _name(entry)
        self._order.remove(name)
        del self._named[name]
        del self._bodies[entry.body]
        left = tuple([other for other in self._resources[entry.key] if other is not entry])
        if left:
            self._resources[entry.key] = left
        else:
            del self._resources[entry.key]
            _discard(self._urls, _purged_by(entry), entry.key)
        if entry.covers is not None:
            self._covering.forget(entry.covers, entry.body)
        for tag in entry.tags:
            _discard(self._tags, tag, entry.body)
        if forget:
            self.dropped.append(entry.body)


def _name(entry: Entry) -> _Name:
    return entry.key, entry.vary, entry.selecting


def _purged_by(entry: Entry) -> bytes:
    return entry.url if entry.covers is None else entry.covers.name


def _newer(one: Entry | Forwarded, other: Entry | Forwarded) -> Entry | Forwarded:
    """Return the more recent of two answers that may be used (RFC 9111, 4), else why there is none."""
    if isinstance(one, Entry) and isinstance(other, Entry):
        return max(one, other, key=lambda entry: (entry.date, entry.received))
    if isinstance(other, Entry) or one is Forwarded.URI_MISS:
        return other
    return one


T = TypeVar("T")


def _discard(sets: dict[bytes, set[T]], name: bytes, member: T) -> None:
    members = sets[name]
    members.discard(member)
    if not members:
        del sets[name]
