"""What the upstream is asked: the target, the host, and which fields."""

from collections.abc import Iterable, Iterator

from gateway_core.composing import field_template
from gateway_core.forwarding import forward_request
from gateway_core.message import FieldEdits, Fields

from ...settings.places import KeyPath
from ...settings.schema.values import spell_size
from ...settings.transformations import is_template
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
    yield from _filled(case, place)


def _filled(case: Case, place: KeyPath) -> Iterator[Fact]:
    """Tell what is worked out anew for each request, and what of the answer is told otherwise."""
    wanted = case.wanted
    for of, key, edits in (
        ("", "request_headers", wanted.request_headers),
        ("of the answer: ", "response_headers", wanted.response_headers),
    ):
        for name, text in edits.set.items():
            if is_template(text):
                yield Fact(f"{of}set {name.lower()} by {_by(text)}", (*place, key, "set", name))
        for name, texts in edits.add.items():
            for text in filter(is_template, texts):
                yield Fact(f"{of}add {name.lower()} by {_by(text)}", (*place, key, "add", name))
    for name, text in wanted.request_query.set.items():
        by = f" by {_by(text)}" if is_template(text) else ""
        yield Fact(f"set ?{name}{by}", (*place, "request_query", "set", name))
    if removed := wanted.request_query.remove:
        yield Fact(f"take away ?{', ?'.join(removed)}", (*place, "request_query", "remove"))
    for status, told in wanted.response_status.items():
        yield Fact(f"{status} is told as {told}", (*place, "response_status", status))
    if (body := wanted.response_body) is not None:
        size = spell_size(body.max_size)
        text = f"JSON of the answer is made anew, up to {size}; otherwise {body.otherwise}"
        yield Fact(text, (*place, "response_body"))


def _by(text: str) -> str:
    """Return the expressions in a template: what stands beside them may be a secret."""
    return ", ".join(each.text for each in field_template(text).expressions) or "no value"


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
