"""Compositions, as conversations from top to bottom."""

import copy
import json
from typing import Any

import pytest

from gateway_core.clock import NEVER, Instant, seconds
from gateway_core.composing import Expression, Flaw, Plan
from gateway_core.composition import (
    Abandoned,
    Answer,
    AskPart,
    Begun,
    Call,
    Command,
    Composition,
    DropPart,
    Event,
    Give,
    PartAnswered,
    PartFailed,
)
from gateway_core.machine import Tick
from gateway_core.refusal import Refusal
from tests.compositions import answered, asked, begun, optional, part, plan
from tests.script import Script

A, B, C = Call("a"), Call("b"), Call("c")
COMPLETE = ((b"content-type", b"application/json"), (b"x-gateway-completed", b"true"))
INCOMPLETE = (*COMPLETE[:1], (b"x-gateway-completed", b"false"), (b"cache-control", b"no-store"))


def script(*parts: Any, **keys: Any) -> Script[Event, Command]:
    return Script(Composition(plan(*parts, **keys)))


def ask(name: str, target: str | None = None, item: int = 0) -> AskPart:
    return AskPart(Call(name, item), asked(target or f"/{name}"))


def give(document: Any) -> Give:
    return Give(Answer(200, COMPLETE, json.dumps(document, separators=(",", ":")).encode()))


def give_what_is_there(document: Any, reason: str) -> Give:
    body = json.dumps(document, separators=(",", ":")).encode()
    return Give(Answer(200, INCOMPLETE, body, f"incomplete-{reason}"))


def fail(status: int, name: str, reason: str, said: str, **keys: Any) -> Give:
    detail = f"The part {name!r} of this answer failed: {said}."
    return Give(Refusal(status, reason, detail, **keys))


TOO_LATE = "it did not answer in time"


def test_parts_are_asked_at_once_and_answered_together_when_the_last_is_there() -> None:
    (
        script(part("a"), part("b"), body={"x": "a.v", "y": "parts.b.v"})
        .at(0, begun(), ask("a"), ask("b"))
        .at(1, answered("b", {"v": 2}))
        .at(2, answered("a", {"v": 1}), give({"x": 1, "y": 2}))
    )


def test_without_a_body_the_answer_is_all_parts_by_name_in_the_order_of_the_file() -> None:
    (
        script(part("b"), part("a"))
        .at(0, begun(), ask("b"), ask("a"))
        .at(1, answered("a", [1]))
        .at(2, answered("b", None), give({"b": None, "a": [1]}))
    )


def test_a_part_that_names_another_is_asked_as_soon_as_that_one_answered() -> None:
    (
        script(part("c", "/{parts.a.sku}/{b.n}"), part("a", "/{id}"), part("b"))
        .at(0, begun(), ask("a", "/1"), ask("b"))
        .at(1, answered("b", {"n": 7}))
        .at(2, answered("a", {"sku": "../x"}), ask("c", "/..%2Fx/7"))
        .at(3, answered("c", 1), give({"c": 1, "a": {"sku": "../x"}, "b": {"n": 7}}))
    )


def test_an_optional_part_that_fails_gives_its_default_and_the_answer_says_so() -> None:
    (
        script(part("a"), optional("b", default={"v": 0}), body={"x": "a", "y": "b.v"})
        .at(0, begun(), ask("a"), ask("b"))
        .at(1, PartFailed(B, 502, "upstream-refused"))
        .at(2, answered("a", 1), give_what_is_there({"x": 1, "y": 0}, "upstream-refused"))
    )


def test_a_required_part_that_fails_drops_its_siblings_and_is_the_answer() -> None:
    retry = ((b"retry-after", b"7"),)
    (
        script(part("a"), optional("b"), part("c"))
        .at(0, begun(), ask("a"), ask("b"), ask("c"))
        .at(
            1,
            PartFailed(A, 503, "upstream-overloaded", retry),
            DropPart(B),
            DropPart(C),
            fail(503, "a", "upstream-overloaded", "it gave no answer", fields=retry),
        )
        .at(2, answered("b", 1))
    )


@pytest.mark.parametrize(
    ("event", "status", "reason", "said"),
    [
        (PartFailed(A, 504, "upstream-response-timeout"), 504, "upstream-response-timeout", TOO_LATE),
        (PartFailed(A, 429, "limited"), 502, "limited", "it gave no answer"),
        (PartAnswered(A, 500), 502, "part-status", "its service answered 500"),
        (PartAnswered(A, 404), 404, "part-status", "its service answered 404"),
        (PartAnswered(A, 403), 502, "part-status", "its service answered 403"),
        (PartAnswered(A, 301), 502, "part-status", "its service answered 301"),
        (PartAnswered(A, 200, Flaw.NO_NUMBER), 502, "part-no-number",
            "of its answer, it holds NaN, Infinity, or a number beyond any double"),
        (PartAnswered(A, 200, Flaw.TOO_LARGE), 502, "part-too-large",
            "of its answer, it is larger than the part may be"),
    ],
)  # fmt: skip
def test_what_each_failure_of_a_required_part_is_answered_with(
    event: Event, status: int, reason: str, said: str
) -> None:
    (script(part("a")).at(0, begun(), ask("a")).at(1, event, fail(status, "a", reason, said)))


def test_the_deadline_is_one_for_all_and_a_missing_required_part_is_504() -> None:
    (
        script(part("a"), part("b"), deadline=seconds(2))
        .at(0, begun(), ask("a"), ask("b"))
        .at(1, answered("a", 1))
        .at(1.9, Tick())
        .at(2, Tick(), DropPart(B), fail(504, "b", "part-timeout", TOO_LATE))
    )


def test_at_the_deadline_optional_parts_give_their_defaults_asked_or_not() -> None:
    (
        script(
            part("a"),
            optional("b", default=0),
            optional("c", "/{b.x}", default=9),
            deadline=seconds(2),
        )
        .at(0, begun(), ask("a"), ask("b"))
        .at(1, answered("a", 1))
        .at(2, Tick(), DropPart(B), give_what_is_there({"a": 1, "b": 0, "c": 9}, "part-timeout"))
    )


def test_a_part_may_have_less_time_than_the_whole() -> None:
    machine = Composition(plan(part("a"), optional("b", timeout=seconds(1))))
    (
        Script(machine)
        .at(0, begun(), ask("a"), ask("b"))
        .at(0.9, Tick())
        .at(1, Tick(), DropPart(B))
        .at(1.5, answered("b", "late"))
        .at(4, answered("a", 1), give_what_is_there({"a": 1, "b": None}, "part-timeout"))
    )


def test_two_parts_out_of_time_at_once_are_both_dropped_once() -> None:
    (
        script(part("a", timeout=seconds(1)), part("b", timeout=seconds(1)), part("c"))
        .at(0, begun(), ask("a"), ask("b"), ask("c"))
        .at(
            1,
            Tick(),
            DropPart(A),
            DropPart(B),
            DropPart(C),
            fail(504, "a", "part-timeout", TOO_LATE),
        )
    )


def test_a_client_that_leaves_drops_every_part() -> None:
    machine = Composition(plan(part("a"), part("b")))
    (
        Script(machine)
        .at(0, begun(), ask("a"), ask("b"))
        .at(1, Abandoned(), DropPart(A), DropPart(B))
        .at(2, answered("a", 1))
    )
    assert machine.done
    assert machine.deadline == NEVER
    Script(Composition(plan(part("a")))).at(0, Abandoned())


def test_a_part_whose_condition_is_false_is_not_asked_and_nothing_is_missing() -> None:
    parts = (
        part("a"),
        part("b", when=Expression.of("a.more"), default=[]),
        part("c", "/{b[0]||'x'}"),
    )
    (
        script(*parts)
        .at(0, begun(), ask("a"))
        .at(1, answered("a", {"more": False}), ask("c", "/x"))
        .at(2, answered("c", 1), give({"a": {"more": False}, "b": [], "c": 1}))
    )
    (script(*parts).at(0, begun(), ask("a")).at(1, answered("a", {"more": True}), ask("b")))


def test_a_condition_that_does_not_fit_is_a_failure_of_its_part() -> None:
    said = "of its condition, it does not fit what was answered"
    when = Expression.of("length(query.x)")
    (script(part("a", when=when)).at(0, begun(), fail(502, "a", "part-not-askable", said)))
    (
        script(optional("a", when=when, default=3)).at(
            0, begun(), give_what_is_there({"a": 3}, "part-not-askable")
        )
    )


def collection(**keys: Any) -> Any:
    return part("b", "/{item.n}", each=Expression.of("a.items"), **keys)


ITEMS = {"items": [{"n": number} for number in range(3)]}


def test_a_collection_is_asked_member_by_member_so_many_at_once() -> None:
    (
        script(part("a"), collection(parallel=2), body="b")
        .at(0, begun(), ask("a"))
        .at(1, answered("a", ITEMS), ask("b", "/0", 0), ask("b", "/1", 1))
        .at(2, answered("b", "one", 1), ask("b", "/2", 2))
        .at(3, answered("b", "two", 2))
        .at(4, answered("b", "zero", 0), give(["zero", "one", "two"]))
    )


def test_a_collection_without_members_is_an_empty_list() -> None:
    for items in ({"items": []}, {}):
        (
            script(part("a"), collection(), body="b")
            .at(0, begun(), ask("a"))
            .at(1, answered("a", items), give([]))
        )


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (ITEMS, "it would be asked more than 2 times"),
        ({"items": "x"}, "what it is to be asked for is no list"),
    ],
)
def test_a_collection_that_is_none_or_too_large_is_asked_for_nothing(items: Any, said: str) -> None:
    (
        script(part("a"), collection(items_max=2))
        .at(0, begun(), ask("a"))
        .at(1, answered("a", items), fail(502, "b", "part-not-askable", said))
    )
    (
        script(part("a"), collection(items_max=2, required=False, default=[]), body="b")
        .at(0, begun(), ask("a"))
        .at(1, answered("a", items), give_what_is_there([], "part-not-askable"))
    )


def test_one_member_that_fails_is_its_default_where_the_part_is_optional() -> None:
    (
        script(part("a"), collection(required=False, default=-1), body="b")
        .at(0, begun(), ask("a"))
        .at(1, answered("a", ITEMS), *(ask("b", f"/{n}", n) for n in range(3)))
        .at(2, answered("b", 0, 0))
        .at(3, PartAnswered(Call("b", 1), 404))
        .at(4, answered("b", 2, 2), give_what_is_there([0, -1, 2], "part-status"))
    )


def test_one_member_that_fails_ends_it_all_where_the_part_is_required() -> None:
    (
        script(part("a"), collection(), body="b")
        .at(0, begun(), ask("a"))
        .at(1, answered("a", ITEMS), *(ask("b", f"/{n}", n) for n in range(3)))
        .at(
            2,
            PartFailed(Call("b", 1), 502, "upstream-reset"),
            DropPart(Call("b", 0)),
            DropPart(Call("b", 2)),
            fail(502, "b", "upstream-reset", "it gave no answer"),
        )
    )


def test_members_that_are_missing_at_the_deadline_are_their_defaults() -> None:
    (
        script(part("a"), collection(required=False, default=-1), body="b", deadline=seconds(2))
        .at(0, begun(), ask("a"))
        .at(1, answered("a", ITEMS), *(ask("b", f"/{n}", n) for n in range(3)))
        .at(1.5, answered("b", 1, 1))
        .at(
            2,
            Tick(),
            DropPart(Call("b", 0)),
            DropPart(Call("b", 2)),
            give_what_is_there([-1, 1, -1], "part-timeout"),
        )
    )


def test_a_required_part_that_cannot_be_asked_ends_it_before_its_siblings_were() -> None:
    """What was commanded in the same turn was never performed: there is nothing to drop."""
    missing = "a value of its request is missing"
    (
        script(part("a"), part("b", "/{query.x}")).at(
            0, begun(), fail(400, "b", "part-not-askable", missing)
        )
    )
    (
        script(part("z"), part("a"), part("b", "/{a.x}"))
        .at(0, begun(), ask("z"), ask("a"))
        .at(1, answered("a", {}), DropPart(Call("z")), fail(502, "b", "part-not-askable", missing))
    )


def test_an_optional_part_that_cannot_be_asked_is_its_default_and_lets_others_go_on() -> None:
    (
        script(optional("b", "/{query.x}", default=5), part("c", "/{b}"))
        .at(0, begun(), ask("c", "/5"))
        .at(1, answered("c", 1), give_what_is_there({"b": 5, "c": 1}, "part-not-askable"))
    )


def test_members_that_cannot_be_asked_are_passed_over() -> None:
    items = {"items": [{"n": ".."}, {"n": 1}]}
    (
        script(part("a"), collection(required=False, parallel=1), body="b")
        .at(0, begun(), ask("a"))
        .at(1, answered("a", items), ask("b", "/1", 1))
        .at(2, answered("b", 1, 1), give_what_is_there([None, 1], "part-not-askable"))
    )


def test_an_answer_that_cannot_be_made_is_502_and_in_the_envelope_where_there_is_one() -> None:
    misfit = "The answer could not be composed: at body.n, it does not fit what was answered."
    (
        script(part("a"), body={"n": "length(a)"})
        .at(0, begun(), ask("a"))
        .at(1, answered("a", 1), Give(Refusal(502, "composition-misfit", misfit)))
    )
    wrapped = script(part("a"), envelope=True).at(0, begun(), ask("a"))
    (give_wrapped,) = wrapped.machine.receive(PartFailed(A, 504, "slow"), Instant(1))
    assert isinstance(give_wrapped, Give)
    assert isinstance(give_wrapped.outcome, Answer)
    assert json.loads(give_wrapped.outcome.body)["error"]["status"] == 504


def test_what_is_told_before_the_beginning_twice_or_of_nothing_that_was_asked_says_nothing() -> (
    None
):
    (
        script(part("a"))
        .at(0, Tick())
        .at(0, answered("a", 1))
        .at(0, PartFailed(A, 502, "x"))
        .at(0, begun(), ask("a"))
        .at(0, begun())
        .at(1, answered("b", 1))
        .at(1, PartFailed(Call("a", 3), 502, "x"))
        .at(2, answered("a", 1), give({"a": 1}))
    )


def test_the_budget_of_steps_is_one_for_all_expressions() -> None:
    many = Plan((part("a"),), body=None)
    machine = Composition(many)
    machine.receive(begun(), Instant(0))
    assert copy.deepcopy(machine) == machine
    huge = {"items": [{"n": 1}] * 60_000}
    (
        script(part("a"), body={"x": "a.items[*].n"})
        .at(0, begun(), ask("a"))
        .at(
            1,
            answered("a", huge),
            Give(
                Refusal(
                    502,
                    "composition-misfit",
                    "The answer could not be composed: at body.x, it takes too many steps.",
                )
            ),
        )
    )


def test_a_begun_composition_tells_its_deadline() -> None:
    machine = Composition(plan(part("a"), part("b", timeout=seconds(1)), deadline=seconds(3)))
    assert machine.deadline == NEVER
    machine.receive(begun(), Instant(0))
    assert machine.deadline == seconds(1)
    machine.receive(answered("b", 1), Instant(5))
    assert machine.deadline == seconds(3)
    assert isinstance(begun(), Begun)
