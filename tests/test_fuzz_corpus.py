"""Every known input of every fuzz target, and the runner that makes new ones."""

import random
from pathlib import Path

import pytest

from fuzz.__main__ import SIZE_MAX, FuzzTarget, cut_down, discover, fuzz, main, mutate

TARGETS = discover()
README = Path(__file__).parent.parent / "fuzz" / "README.md"


@pytest.mark.parametrize(
    ("target", "data"),
    [
        pytest.param(target, data, id=f"{target.name}-{name}")
        for target in TARGETS
        for name, data in target.cases()
    ],
)
def test_the_invariant_holds_for_a_known_input(target: FuzzTarget, data: bytes) -> None:
    target.check(data)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_invariant_holds_for_the_first_mutations(target: FuzzTarget) -> None:
    dice, pool = random.Random(0), [data for _, data in target.cases()]
    for _ in range(200):
        target.check(mutate(dice, dice.choice(pool), dice.choice(pool)))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_target_states_its_invariant_and_has_inputs(target: FuzzTarget) -> None:
    assert "\nInvariant: " in target.doc
    assert target.seeds
    assert f"| `{target.name}` |" in README.read_text(encoding="utf-8")


def test_every_corpus_has_its_target() -> None:
    folders = {path.name for path in (README.parent / "corpus").iterdir() if path.is_dir()}
    assert folders <= {target.name for target in TARGETS}


def fails_on_x(data: bytes) -> None:
    assert b"x" not in data


def test_a_failure_is_cut_down_saved_and_found_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = FuzzTarget("letters", fails_on_x, [b"aaa", b"bbb x bbb"], "", tmp_path)
    saved = fuzz(target, seconds=0, seed=1)
    assert saved is not None
    assert saved.parent == tmp_path / "corpus" / "letters"
    assert saved.read_bytes() == b"x"
    assert (saved.name, b"x") in target.cases()
    assert "FAILED" in capsys.readouterr().out


def test_a_failure_is_found_by_mutation(tmp_path: Path) -> None:
    target = FuzzTarget("letters", fails_on_x, [b"aaa", b"0 X"], "", tmp_path)
    assert fuzz(target, seconds=60, seed=1) is not None  # ends at the first find


def test_cutting_down_keeps_the_kind_of_failure() -> None:
    def check(data: bytes) -> None:
        assert len(data) < 4
        if b"!" in data:
            raise ValueError

    assert len(cut_down(FuzzTarget("t", check, [], ""), b"ab!cdefgh")) == 4
    assert cut_down(FuzzTarget("t", check, [], ""), b"ab!") == b"!"


def test_the_same_seed_makes_the_same_mutations() -> None:
    one, two = random.Random(7), random.Random(7)
    made = [mutate(one, b"GET /a", b"POST /b") for _ in range(100)]
    assert made == [mutate(two, b"GET /a", b"POST /b") for _ in range(100)]
    assert len(set(made)) > 80
    assert len(mutate(one, b"a" * 2 * SIZE_MAX, b"")) <= SIZE_MAX


def test_the_runner_ends_well_where_nothing_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "0", "--seed", "5"]) == 0
    said = capsys.readouterr().out
    assert "--seed 5" in said
    for target in TARGETS:
        assert f"{target.name}: " in said


def test_the_runner_names_the_targets_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nonsense"])
    assert "routing" in capsys.readouterr().err
