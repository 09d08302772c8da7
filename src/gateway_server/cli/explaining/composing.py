"""What is asked of whom, where an answer is composed: a tree of the parts, by what they wait for."""

from collections.abc import Iterator

from gateway_core.composing import Part, Plan
from gateway_core.composing.timing import at_most, longest

from ...settings.places import KeyPath
from ...settings.schema.values import spell_duration, spell_size
from .case import Case
from .contract import Fact


def composing(case: Case) -> Iterator[Fact]:
    """Tell each part below the last one that it waits for, and how long all may take.

    Fields and bodies of parts are not shown.
    """
    if case.match is None or case.wanted.compose is None:
        return
    place: KeyPath = ("routes", case.place, "compose")
    plan = case.policies.compositions[case.match.route.name]
    above = _above(plan)
    if plan.takes_body:
        size = spell_size(plan.request_max)
        yield Fact(f"the client's own JSON is read first, up to {size}", (*place, "max_body"))
    for part in plan.order:
        if part.name not in above:
            yield from _branch(part, plan, above, place, 0)
    yield Fact(f"{spell_duration(plan.deadline)} for the whole", (*place, "deadline"))
    duration, chain = longest(plan)
    steps = ", then ".join(f"{part.name} ({_time(part, plan)})" for part in chain)
    yield Fact(f"at the latest after {spell_duration(duration)}: {steps}")


def _above(plan: Plan) -> dict[str, str]:
    """Return by each part that waits the part that it is shown below: the last one it waits for."""
    stages = {part.name: number for number, stage in enumerate(plan.stages()) for part in stage}
    return {
        name: max(sorted(needed), key=stages.__getitem__)
        for name, needed in plan.needs.items()
        if needed
    }


def _branch(
    part: Part, plan: Plan, above: dict[str, str], place: KeyPath, depth: int
) -> Iterator[Fact]:
    at = (*place, "parts", part.name)
    need = "required" if part.required else "optional"
    text = f"{part.name}, {need}: {part.method} {part.path.text} of {part.upstream}"
    yield Fact(text, at, depth)
    if len(needed := plan.needs[part.name]) > 1:
        yield Fact(f"waits for {' and '.join(sorted(needed))}", None, depth + 1)
    if part.when is not None:
        yield Fact(f"only if {part.when.text}", (*at, "when"), depth + 1)
    if part.each is not None:
        most = f"{part.items_max} at most, {part.parallel} at once"
        yield Fact(f"for each of {part.each.text}, {most}", (*at, "each"), depth + 1)
    if part.timeout is not None:
        yield Fact(f"{spell_duration(part.timeout)} for each request", (*at, "timeout"), depth + 1)
    for below in plan.order:
        if above.get(below.name) == part.name:
            yield from _branch(below, plan, above, place, depth + 1)


def _time(part: Part, plan: Plan) -> str:
    return "until the deadline" if part.timeout is None else spell_duration(at_most(part, plan))
