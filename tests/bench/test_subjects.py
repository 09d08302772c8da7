"""Subjects are data that fits together; none is started here."""

import pytest

from bench.__main__ import arguments, choose, choose_scenarios
from bench.filling import NAME, fill
from bench.scenarios import BY_NAME, Aim, Plan, Scenario
from bench.subjects import PEERS, Subject
from bench.subjects.contract import FILES
from bench.subjects.gateway import of_workers, protocols, subject

KNOWN = {"PORT", "SMALL", "BULK", "FOLDER", "FILES"}
SUBJECTS = (*PEERS, subject("stock"), subject(""))
PLAN = Plan(3.0, 300.0, 100_000_000, 1000)


def named(texts) -> set[str]:
    return {name for text in texts for name in NAME.findall(text)}


@pytest.mark.parametrize("each", SUBJECTS, ids=lambda each: each.name)
def test_every_value_that_a_subject_asks_for_is_known(each: Subject) -> None:
    files = [(FILES / file).read_text() for file in each.files]
    asked = named([*files, *each.command, *each.environ.values()])
    assert asked <= KNOWN | set(each.own)
    assert {"PORT", "SMALL", "BULK"} <= asked


def test_several_workers_are_a_subject_of_their_own_without_what_they_do_not_share() -> None:
    one = subject("own")
    two = of_workers(one, 2)
    assert (two.name, two.command[-2:]) == ("gateway-own-x2", ("--workers", "2"))
    assert (two.limits, two.caches, two.composes) == (False, False, False)
    assert (two.files, two.own) == (one.files, one.own)


def test_names_of_subjects_are_unique() -> None:
    assert len({each.name for each in SUBJECTS}) == len(SUBJECTS)


@pytest.mark.parametrize("each", [subject("stock"), subject("")], ids=["named", "by-default"])
def test_the_gateways_configuration_is_one_that_it_takes(each: Subject, tmp_path) -> None:
    from gateway_server.settings import load

    values = {name: "9000" for name in KNOWN} | dict(each.own)
    path = tmp_path / "gateway.toml"
    path.write_text(fill((FILES / "gateway.toml").read_text(), values))
    known = {"api", "files", "limited", "composed", "cached"}
    assert {route.name for route in load(path, {}).routes} == known


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        pytest.param({"enum": ["stock"], "default": "stock"}, ["stock"], id="enum"),
        pytest.param({"const": "stock"}, ["stock"], id="const"),
        pytest.param(
            {"anyOf": [{"enum": ["own", "stock"]}, {"type": "string"}], "default": "stock"},
            ["stock", "own"],
            id="any-of-the-default-first",
        ),
    ],
)
def test_protocols_are_read_from_the_settings_schema(protocol, expected: list[str]) -> None:
    schema = {"$defs": {"GatewaySettings": {"properties": {"protocol": protocol}}}}
    assert protocols(schema) == expected


@pytest.mark.parametrize("schema", [None, {}, {"$defs": {}}])
def test_a_schema_without_protocols_has_none(schema) -> None:
    assert protocols(schema) == []


def test_a_value_without_a_name_is_an_error_and_other_signs_stay() -> None:
    assert fill("$host @PORT@ ${x}", {"PORT": 1}) == "$host 1 ${x}"
    with pytest.raises(KeyError):
        fill("@NOBODY@", {})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param([], [each.name for each in PEERS], id="all"),
        pytest.param(["nginx"], ["nginx"], id="one"),
        pytest.param(["fastapi-httpx"], ["fastapi-httpx"], id="exact-before-prefix"),
        pytest.param(
            ["fastapi-h", "envoy"], ["fastapi-httpx", "fastapi-httpx-each", "envoy"], id="prefix"
        ),
    ],
)
def test_subjects_are_chosen_by_name_or_beginning(wanted, expected) -> None:
    assert [each.name for each in choose(PEERS, wanted)] == expected


@pytest.mark.parametrize("scenario", BY_NAME.values(), ids=lambda each: each.name)
def test_a_scenario_aims_at_the_port_it_is_given(scenario: Scenario) -> None:
    words = scenario.command(PLAN, Aim(24321, "/nowhere", 1000.0))
    assert any("24321" in word for word in words)


@pytest.mark.parametrize(("known", "rate"), [(1000.0, "500.0"), (90_000.0, "12000.0")])
def test_half_load_is_half_of_what_was_reached_as_far_as_the_generator_goes(
    known: float, rate: str
) -> None:
    words = BY_NAME["half-load"].command(PLAN, Aim(24321, "/nowhere", known))
    assert words[words.index("--rate") + 1] == rate


def test_quick_is_one_round_of_a_second() -> None:
    given = arguments(["--quick", "--rounds", "9"])
    assert (given.rounds, given.seconds) == (1, 1.0)


@pytest.mark.parametrize("words", [["--scenarios", "helo"], ["--rounds", "0"], ["--seconds", "0"]])
def test_nonsense_on_the_command_line_ends_at_once(words, capsys) -> None:
    with pytest.raises(SystemExit):
        arguments(words)
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param([], list(BY_NAME), id="all"),
        pytest.param(["upload", "hello"], ["hello", "upload"], id="in-our-order"),
        pytest.param(["half-load"], ["proxied-32", "half-load"], id="with-what-it-needs"),
    ],
)
def test_scenarios_are_chosen_with_what_they_need(wanted, expected) -> None:
    assert [each.name for each in choose_scenarios(wanted)] == expected
