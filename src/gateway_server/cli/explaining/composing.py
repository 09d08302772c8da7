"""What is asked of whom, where an answer is composed."""

from collections.abc import Iterator

from ...settings.places import KeyPath
from ...settings.schema.values import spell_duration
from .case import Case
from .contract import Fact


def composing(case: Case) -> Iterator[Fact]:
    """Tell each part, and the deadline of the whole. Fields and bodies of parts are not shown."""
    if case.match is None or (composed := case.wanted.compose) is None:
        return
    place: KeyPath = ("routes", case.place, "compose")
    for name, part in composed.parts.items():
        need = "required" if part.required else "optional"
        text = f"{name}, {need}: {part.method} {part.path} of {part.upstream}"
        yield Fact(text, (*place, "parts", name))
        if part.when is not None:
            yield Fact(f"only if {part.when}", (*place, "parts", name, "when"), 1)
        if part.each is not None:
            yield Fact(f"for each of {part.each}", (*place, "parts", name, "each"), 1)
    yield Fact(f"{spell_duration(composed.deadline)} for the whole", (*place, "deadline"))
