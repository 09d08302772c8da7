"""A dataclass that was written out does what the dataclass does."""

import copy
import dataclasses
import sys
import types
from pathlib import Path

import pytest

from compiling.building import OF_THE_SERVER, copy_written_out
from compiling.writing_out import UnwrittenError, gathered, written_out

ROOT = Path(__file__).parents[2]

SOURCE = '''
"""Shapes as the core has them."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from gateway_core.frozen import frozen

LIMIT: Final = 7


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = LIMIT

    unit: ClassVar[str] = "px"

    def moved(self, by: int) -> "Point":
        return replace(self, x=self.x + by)


@frozen
class Told:
    name: str
    secret: str = field(default="", repr=False)
    claims: dict[str, int] = field(default_factory=dict, hash=False)


@dataclass(slots=True)
class Counting:
    rules: Point
    seen: dict[str, int] = field(default_factory=dict)
    total: int = field(init=False)
    noted: list[int] = field(default_factory=list, compare=False, repr=False)
    phase: str = field(default="idle", init=False)

    def __post_init__(self) -> None:
        self.total = self.rules.x


@dataclass(slots=True)
class Counted(Counting):
    more: int = 0


@dataclass(slots=True, eq=False)
class Single:
    x: int
'''


def loaded(name: str, source: str) -> types.ModuleType:
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, name, "exec"), vars(module))
    return module


@pytest.fixture(scope="module")
def plain() -> types.ModuleType:
    return loaded("shapes_as_dataclasses", SOURCE)


@pytest.fixture(scope="module")
def written(request: pytest.FixtureRequest) -> types.ModuleType:
    helper = (ROOT / "compiling" / "described.py").read_text()
    sys.modules["gateway_core._described"] = loaded("gateway_core._described", helper)
    request.addfinalizer(lambda: sys.modules.pop("gateway_core._described"))
    return loaded("shapes_written_out", written_out(SOURCE, gathered([(SOURCE, "a.py")]), "a.py"))


MADE = {
    "all given": lambda m: m.Point(1, 2),
    "a default": lambda m: m.Point(1),
    "by name": lambda m: m.Point(y=3, x=2),
    "frozen, with a secret": lambda m: m.Told("ada", "s3cret"),
    "fields of its own": lambda m: m.Counting(m.Point(5)),
    "a dictionary given": lambda m: m.Counting(m.Point(5), {"a": 1}),
    "inherited": lambda m: m.Counted(m.Point(5), {"a": 1}, [2], 3),
    "inherited, by default": lambda m: m.Counted(m.Point(5)),
    "changed": lambda m: m.Point(1, 2).moved(3),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_it_is_shown_compared_hashed_and_copied_as_before(make, plain, written) -> None:
    old, new = make(plain), make(written)
    assert repr(new) == repr(old)
    assert new == make(written)
    assert (new != old) is True, "of another class"
    copied = copy.deepcopy(new)
    assert copied == new
    assert copied is not new
    assert [x.name for x in dataclasses.fields(new)] == [x.name for x in dataclasses.fields(old)]
    if plain.Point.__hash__ is not None and type(old).__hash__ is not None:
        assert hash(new) == hash(old)
    assert type(new).__match_args__ == type(old).__match_args__


def test_instances_share_no_default(written) -> None:
    first, second = written.Counted(written.Point(1)), written.Counted(written.Point(1))
    first.seen["a"] = 1
    first.noted.append(1)
    assert (second.seen, second.noted) == ({}, [])


def test_what_is_not_compared_makes_no_difference(written) -> None:
    one, other = written.Counting(written.Point(1)), written.Counting(written.Point(1))
    one.noted.append(1)
    assert one == other
    other.total = 9
    assert one != other


def test_a_copy_has_its_own_state_and_all_of_it(written) -> None:
    one = written.Counting(written.Point(1), {"a": 1})
    one.total, one.phase = 8, "busy"
    copied = copy.deepcopy(one)
    copied.seen["b"] = 2
    assert (copied.total, copied.phase, one.seen) == (8, "busy", {"a": 1})


def test_what_is_compared_by_identity_stays_so(written) -> None:
    one = written.Single(1)
    assert one != written.Single(1)
    assert {one: 1}[one] == 1


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("@dataclass(order=True)\nclass A:\n    x: int\n", "A is a dataclass with ['order']"),
        (
            "@dataclass\nclass A:\n    x: int = field(kw_only=True)\n",
            "A.x is a field with ['kw_only']",
        ),
    ],
    ids=["an option", "a field"],
)
def test_what_cannot_be_written_out_is_named(source: str, says: str) -> None:
    with pytest.raises(UnwrittenError) as told:
        written_out("from dataclasses import dataclass, field\n" + source, {}, "a.py")
    assert str(told.value) == f"a.py: {says}"


LOW = "from dataclasses import dataclass\n@dataclass\nclass Low:\n    {}: int\n"
HIGH = LOW.format("z") + "@dataclass\nclass High(Low):\n    y: int\n"


def test_two_of_one_name_are_told_apart_by_nobody_and_need_not_be() -> None:
    sources = [(LOW.format("x"), "a.py"), (LOW.format("z"), "b.py")]
    for (source, path), field in zip(sources, "xz", strict=True):
        assert f"Low({field}={{self.{field}!r}})" in written_out(source, gathered(sources), path)


def test_to_inherit_from_one_of_several_of_one_name_is_refused() -> None:
    sources = [(LOW.format("x"), "a.py"), (HIGH, "b.py")]
    assert "super().__init__(z)" in written_out(HIGH, gathered(sources[1:]), "b.py")
    with pytest.raises(UnwrittenError, match="High inherits from Low, as several are called"):
        written_out(HIGH, gathered(sources), "b.py")


def test_all_that_is_compiled_can_be_written_out(tmp_path: Path) -> None:
    files = copy_written_out(tmp_path / "out")
    assert "gateway_core/exchange/exchange.py" in files
    assert {f"gateway_server/{each}" for each in OF_THE_SERVER} < set(files)
    assert not any("@dataclass" in (tmp_path / "out" / each).read_text() for each in files)
