"""What the upstream is asked: the target, the host, and which fields."""

from collections.abc import Iterable, Iterator

from gateway_core.forwarding import forward_request
from gateway_core.message import FieldEdits, Fields

from ...settings.places import KeyPath
from .case import Case
from .contract import Fact

_BESIDE = frozenset({b"host", b"content-length"})
"""Fields that travel beside the others, and are always written anew."""


def forwarding(case: Case) -> Iterator[Fact]:
    """Tell what becomes of the head. Names of fields are told, values are not."""
    found = case.match
    if found is None or case.wanted.compose is not None:
        return
    place: KeyPath = ("routes", case.place)
    path, mark, _ = found.target.partition(b"?")
    query = " with its query, as it came" if mark else ""
    yield Fact(f"{case.head.method} {path.decode('ascii')}{query}", _rewriter(case, place))
    (name,) = case.upstreams
    upstream = case.policies.upstreams[name]
    own = upstream.endpoints[0].authority
    kept = upstream.preserve_host and found.authority
    host = (kept or own).decode("latin-1")
    whose = "the client's" if kept else "the endpoint's own"
    yield Fact(f"host {host}, {whose}", ("upstreams", name, "preserve_host"))
    asked = forward_request(
        case.head,
        case.client,
        case.policies.plans[found.route.name],
        target=found.target,
        authority=kept or own,
        request_id="0",
    )
    yield from _fields(case.head.fields, asked.fields)
    yield from _edits(found.route.request_edits, (*place, "request_headers"), "")
    yield from _edits(found.route.response_edits, (*place, "response_headers"), "of the answer: ")


def _rewriter(case: Case, place: KeyPath) -> KeyPath | None:
    """Return the key that makes the path another one, if one does."""
    if case.wanted.rewrite is not None:
        return (*place, "rewrite")
    return (*place, "strip_prefix") if case.wanted.strip_prefix else None


def _fields(before: Fields, after: Fields) -> Iterator[Fact]:
    came = [line for line in before if line[0] not in _BESIDE]
    names, kept = {name for name, _ in came}, {name for name, _ in after}
    changed = {name for name, _ in set(after) - set(came)} & names
    for what, chosen in (
        ("taken away", names - kept),
        ("set afresh", changed),
        ("added", kept - names),
    ):
        if chosen:
            yield Fact(f"{what}: {_listed(chosen)}")


def _edits(edits: FieldEdits, path: KeyPath, of: str) -> Iterator[Fact]:
    """Tell what the operator changes; a value may be a secret."""
    chosen = (
        ("remove", edits.remove),
        ("set", {name for name, _ in edits.set}),
        ("add", {name for name, _ in edits.add}),
    )
    for what, names in chosen:
        if names:
            yield Fact(f"{of}{what} {_listed(names)}", (*path, what))


def _listed(names: Iterable[bytes]) -> str:
    return ", ".join(name.decode("latin-1") for name in sorted(names))
