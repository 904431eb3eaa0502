from pathlib import Path

import pytest

from simulation.options import DEFAULT_POLICIES, Ask, read_words


def _read(*words: str) -> Ask:
    return read_words(words, prog="chaufferie simulate")


def test_without_a_word_easy_and_hard_are_run_for_three_seeds() -> None:
    ask = _read()

    assert ask.scenarios == ("easy", "hard")
    assert ask.seeds == (1, 2, 3)
    assert ask.policies == DEFAULT_POLICIES
    assert ask.with_oracle
    assert (ask.json, ask.report, ask.weather, ask.workload) == (None, None, None, None)
    assert ask.n_jobs >= 1


def test_every_word_of_the_surface_is_read() -> None:
    words = "mine.toml --policy coldest,chaufferie --seeds 4-6 --seasons winter --no-oracle"
    files = "--weather w.epw --workload t.swf --json out.json --report pages --jobs 3"

    ask = _read(*words.split(), *files.split())

    assert ask == Ask(
        scenarios=("mine.toml",),
        policies=("coldest", "chaufferie"),
        seeds=(4, 5, 6),
        seasons=("winter",),
        weather=Path("w.epw"),
        workload=Path("t.swf"),
        json=Path("out.json"),
        report=Path("pages"),
        n_jobs=3,
        with_oracle=False,
        oracle_form="envelope",
    )


@pytest.mark.parametrize(
    ("text", "seeds"), [("7", (7,)), ("1-3", (1, 2, 3)), ("1,4,8-9,4", (1, 4, 8, 9))]
)
def test_seeds_are_numbers_and_ranges(text: str, seeds: tuple[int, ...]) -> None:
    assert _read("--seeds", text).seeds == seeds


def test_a_policy_may_carry_its_setting() -> None:
    ask = _read("--policy", "coldest,chaufferie patience=2")

    assert ask.policies == ("coldest", "chaufferie patience=2")


@pytest.mark.parametrize(
    "words",
    [
        ("--seeds", "3-1"),
        ("--seeds", "all"),
        ("--seeds", ""),
        ("--seeds", "1-100000"),
        ("--seeds", "-1"),
        ("--policy", ","),
        ("--jobs", "0"),
        ("--jobs", "many"),
        ("--oracle-form", "exact"),
        ("--sead", "1"),
    ],
)
def test_a_word_that_makes_no_sense_is_refused_in_one_sentence(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        _read(*words)

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.count("\n") == 1
    assert words[0] in said or "--help" in said
