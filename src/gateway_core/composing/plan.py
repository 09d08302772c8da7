"""The plan of a composition: its parts, in an order in which each can be asked.

A part waits for those that its path, query, fields, body and conditions refer to, and
for no others: all that can be asked at once is. What waits for itself, however far
round, is a configuration error.

A scope is what expressions see:

    parts.NAME, NAME     what a part answered
    path.NAME, NAME      what the route's path bound, decoded
    query.NAME           the first value of a query parameter, decoded
    headers.NAME         a field, its lines joined; `-` may be written `_`
    item                 the member that a part with `each` is asked for
    client, consumer     the client's address; who asks, as a credential proved it
    body                 the client's own, where it is JSON and something refers to it
    claims.NAME          what the caller's token says of them, once it was verified
    request_id           the request's id
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..clock import Duration, seconds
from ..errors import ConfigError
from ..message import RequestHead
from .documents import Document
from .expressions import Expression
from .part import RESERVED, Part
from .shape import Shape
from .sight import Sight
from .syntax import Reference

DEADLINE: Final = seconds(5)
"""For the whole of a composition, unless it says otherwise."""
PARTS_MAX: Final = 32
REQUEST_MAX: Final = 2**20
"""Bytes of a client's document, unless the plan says otherwise: parsed in about 10 ms."""
ANSWER_MAX: Final = 8 * 2**20
"""Bytes of a composed answer: held in memory whole."""

_NAMED: Final = frozenset({"query", "headers", "claims"})


@dataclass(frozen=True, slots=True)
class Plan:
    """A composition, ready to be carried out. ConfigError, with the key as its path, on nonsense."""

    parts: tuple[Part, ...]
    """In the order of the file."""
    params: frozenset[str] = frozenset()
    """What the route's path binds."""
    body: Shape | None = None
    """What is answered; None: an object of all parts by name."""
    envelope: bool = False
    """Whether the answer is wrapped in `{status_code, message, data, error}`."""
    deadline: Duration = DEADLINE
    request_max: int = REQUEST_MAX
    """Bytes of the client's body, where that is read."""
    needs: Mapping[str, frozenset[str]] = field(init=False)
    """The parts that each part waits for."""
    order: tuple[Part, ...] = field(init=False)
    """Each part behind all that it needs; else as in the file."""
    named: Mapping[str, Part] = field(init=False)
    """The parts by name."""
    query: tuple[str, ...] = field(init=False)
    """The query parameters that are referred to."""
    fields: tuple[str, ...] = field(init=False)
    """The fields that are referred to, as written: `accept_language`."""
    claims: tuple[str, ...] = field(init=False)
    """The claims of the caller that are referred to."""
    takes_body: bool = field(init=False)
    """Whether the client's own document is referred to."""
    _sight: Sight = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.parts:
            raise ConfigError("parts", "a composition has one part at least")
        if len(self.parts) > PARTS_MAX:
            raise ConfigError("parts", f"more than {PARTS_MAX} parts")
        names = frozenset(part.name for part in self.parts)
        for part in self.parts:
            if part.name in self.params:
                raise ConfigError(f"parts.{part.name}", "the path binds this name: rename one")
        needs = {part.name: frozenset(self._needs(part, names)) for part in self.parts}
        object.__setattr__(self, "named", {part.name: part for part in self.parts})
        object.__setattr__(self, "needs", needs)
        object.__setattr__(self, "order", _ordered(self.parts, needs))
        for place, expression in self.body.expressions if self.body is not None else ():
            path = f"body.{place}" if place else "body"
            for reference in expression.references:
                self._check(path, expression, reference, names)
        asked = {reference for part in self.parts for reference in part.references}
        asked |= self.body.references if self.body is not None else set()
        for key, root in (("query", "query"), ("fields", "headers"), ("claims", "claims")):
            found = {name[1] for name in asked if name[:1] == (root,) and len(name) > 1}
            object.__setattr__(self, key, tuple(sorted(found)))
        object.__setattr__(self, "takes_body", any(name[:1] == ("body",) for name in asked))
        sight = Sight(tuple(sorted(self.params)), self.query, self.fields)
        object.__setattr__(self, "_sight", sight)

    @property
    def copies(self) -> int:
        """How often the answer can say the parts' documents again, at most."""
        return self.body.copies if self.body is not None else 1

    def stages(self) -> tuple[tuple[Part, ...], ...]:
        """Return the parts by when they can be asked at the earliest; for people."""
        level: dict[str, int] = {}
        for part in self.order:
            level[part.name] = max((level[name] + 1 for name in self.needs[part.name]), default=0)
        last = max(level.values())
        return tuple(
            tuple(part for part in self.order if level[part.name] == stage)
            for stage in range(last + 1)
        )

    def scope(
        self,
        head: RequestHead,
        params: Mapping[str, bytes],
        *,
        client: str,
        consumer: str,
        request_id: str,
        claims: Mapping[str, Document] | None = None,
        body: Document = None,
    ) -> dict[str, Document]:
        """Return what expressions see of a request; only what they refer to is read."""
        scope = self._sight.scope(
            head, params, client=client, consumer=consumer, request_id=request_id, claims=claims
        )
        scope["body"] = body
        return scope

    def _needs(self, part: Part, names: frozenset[str]) -> Iterator[str]:
        for key, expression in part.texts:
            path = f"parts.{part.name}.{key}"
            for reference in expression.references:
                self._check(path, expression, reference, names)
                if reference in ((), ("parts",)):
                    raise ConfigError(path, f"{expression.text!r}: name the part: parts.NAME")
                name = reference[1] if reference[0] == "parts" else reference[0]
                if reference[0] == "item" and (part.each is None or key in ("each", "when")):
                    raise ConfigError(path, "`item` is there for each member of `each` alone")
                if name in names and reference[0] not in RESERVED - {"parts"}:
                    yield name

    def _check(
        self, path: str, expression: Expression, reference: Reference, names: frozenset[str]
    ) -> None:
        """Refuse a name that leads nowhere."""
        if len(reference) == 0:
            return
        root = reference[0]
        if root in _NAMED and len(reference) == 1:
            raise ConfigError(path, f"{expression.place(root)}: name one of them: {root}.NAME")
        within = {"parts": names, "path": self.params}.get(root)
        if within is not None:
            if len(reference) > 1 and reference[1] not in within:
                raise ConfigError(path, _nowhere(expression, reference[1], within, f"{root}."))
        elif root not in RESERVED | names | self.params:
            raise ConfigError(path, _nowhere(expression, root, RESERVED | names | self.params))


def _nowhere(expression: Expression, name: str, known: frozenset[str], before: str = "") -> str:
    listed = ", ".join(f"{before}{each}" for each in sorted(known)) or "nothing"
    return f"{expression.place(name)}: {before}{name} is nothing; known: {listed}"


def _ordered(parts: tuple[Part, ...], needs: Mapping[str, frozenset[str]]) -> tuple[Part, ...]:
    """Return `parts`, each behind those that it needs. ConfigError where some wait in a circle."""
    ordered: list[Part] = []
    done: set[str] = set()
    while len(ordered) < len(parts):
        ready = [part for part in parts if part.name not in done and needs[part.name] <= done]
        if not ready:
            stuck = [part.name for part in parts if part.name not in done]
            raise ConfigError(f"parts.{stuck[0]}", _circle(stuck, needs))
        ordered += ready
        done.update(part.name for part in ready)
    return tuple(ordered)


def _circle(stuck: list[str], needs: Mapping[str, frozenset[str]]) -> str:
    """Say how some of `stuck`, each of which needs another of them, wait in a circle."""
    trail = [stuck[0]]
    while True:
        follows = next(name for name in stuck if name in needs[trail[-1]])
        if follows in trail:
            names = [*trail[trail.index(follows) :], follows]
            return " waits for ".join(names) + ": none of them can be asked first"
        trail.append(follows)
