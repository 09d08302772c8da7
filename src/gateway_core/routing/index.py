"""Routes, arranged so that a request meets those alone whose host and path it has.

A tree of path segments for every host rule, and one for routes without a host:

    api.example.com   +- items +- {}     [item]       whole: the path ends here
    *.example.com     |        `- (open) [search]     rests: something follows
    (any)             `- (open) [service-a]           prefixes: here, or anything below

A walk keeps the set of nodes that the path has reached: by its literal and by the
parameter. It ends where the deepest pattern ends, so that hundreds of routes and
thousands of slashes cost what few of them cost.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from .pattern import Kind, Pattern, Specificity
from .route import Route
from .target import host_of

Precedence: TypeAlias = tuple[tuple[int, int], Specificity, bool, int, int, int]


@dataclass(slots=True)
class Entry:
    """One route under one of its hosts."""

    rank: int
    """Place in the order of precedence, over all entries: 0 is the most specific."""
    route: Route


@dataclass(slots=True)
class Node:
    """A place in a path, and the entries whose patterns end at it."""

    literals: "dict[bytes, Node]" = field(default_factory=dict[bytes, "Node"])
    param: "Node | None" = None
    whole: list[Entry] = field(default_factory=list[Entry])
    prefixes: list[Entry] = field(default_factory=list[Entry])
    rests: list[Entry] = field(default_factory=list[Entry])

    def add(self, pattern: Pattern, entry: Entry) -> None:
        """Put `entry` where `pattern` ends, below this node."""
        node = self
        for part in pattern.parts:
            if isinstance(part, bytes):
                node = node.literals.setdefault(part, Node())
            else:
                node.param = node.param or Node()
                node = node.param
        if pattern.kind is Kind.PREFIX:
            node.prefixes.append(entry)
        elif pattern.rest is not None:
            node.rests.append(entry)
        else:
            node.whole.append(entry)

    def find(self, segments: list[bytes]) -> list[Entry]:
        """Return the entries that match, the most specific first."""
        found: list[Entry] = []
        reached: list[Node] = [self]
        for segment in segments:
            further: list[Node] = []
            for node in reached:
                found += node.prefixes
                found += node.rests
                child = node.literals.get(segment)
                if child is not None:
                    further.append(child)
                if segment and node.param is not None:
                    further.append(node.param)
            reached = further
            if not reached:
                break
        for node in reached:
            found += node.whole
            found += node.prefixes
        found.sort(key=_by_rank)
        return found


@dataclass(slots=True)
class Index:
    """The trees of all hosts. Built once; never changed after."""

    hosts: dict[str, Node] = field(default_factory=dict[str, Node])
    wildcards: dict[str, Node] = field(default_factory=dict[str, Node])
    """By what follows the `*`: ".example.com"."""
    anywhere: Node = field(default_factory=Node)
    depth: int = 0
    """Segments of the longest pattern: no path needs to be split further."""

    @staticmethod
    def of(routes: tuple[Route, ...]) -> "Index":
        """Arrange `routes`, which are in file order."""
        index = Index()
        pairs = [(place, host) for place, route in enumerate(routes) for host in hosts_of(route)]
        pairs.sort(key=lambda pair: precedence(routes[pair[0]], pair[1], pair[0]))
        for rank, (place, host) in enumerate(pairs):
            route = routes[place]
            index.depth = max(index.depth, len(route.pattern.parts))
            index._tree(host).add(route.pattern, Entry(rank, route))
        return index

    def split(self, folded: bytes) -> list[bytes]:
        """Return the segments of a path, as far as any pattern may look at them."""
        return folded[1:].split(b"/", self.depth)

    def trees(self, authority: bytes) -> Iterator[Node]:
        """Yield the trees of an authority: the exact host's, the longest wildcard's first, any's."""
        if self.hosts or self.wildcards:
            host = host_of(authority)
            if tree := self.hosts.get(host):
                yield tree
            dot = host.find(".")
            while dot > 0:
                if tree := self.wildcards.get(host[dot:]):
                    yield tree
                dot = host.find(".", dot + 1)
        yield self.anywhere

    def all_trees(self) -> Iterator[Node]:
        """Yield every tree, whatever its host."""
        yield from self.hosts.values()
        yield from self.wildcards.values()
        yield self.anywhere

    def _tree(self, host: str) -> Node:
        if not host:
            return self.anywhere
        if host.startswith("*"):
            return self.wildcards.setdefault(host[1:], Node())
        return self.hosts.setdefault(host, Node())


def precedence(route: Route, host: str, place: int) -> Precedence:
    """Return a key that sorts the more specific first, as the Gateway API orders routes.

    Host, path, method, more headers, more query parameters, then file order.
    """
    kind = 2 if not host else int(host.startswith("*"))
    by_host = (kind, -len(host) if kind == 1 else 0)
    fewer = (-len(route.headers), -len(route.query))
    return (by_host, route.pattern.specificity, not route.methods, *fewer, place)


def hosts_of(route: Route) -> tuple[str, ...]:
    """Return the hosts that a route is filed under: "" for every host."""
    return route.hosts or ("",)


def _by_rank(entry: Entry) -> int:
    return entry.rank
