from pathlib import Path

import pytest

from chaufferie.cli.work.submit import take_apart
from chaufferie.sdk.errors import BadInputError


def test_a_script_and_its_arguments_follow_the_options() -> None:
    words = take_apart(["-n", "2", "--time=5", "job.sh", "-n", "3"])

    assert words.options == ("-n", "2", "--time=5")
    assert words.operands == ("job.sh", "-n", "3")
    assert not words.is_command


def test_what_follows_two_dashes_is_a_command() -> None:
    words = take_apart(["-c2", "--", "echo", "--json"])

    assert words.is_command
    assert words.operands == ("echo", "--json")
    assert not words.as_json


@pytest.mark.parametrize("spelling", [["--stage", "a b"], ["--stage=a b"]])
def test_inputs_are_kept_from_the_parser(spelling: list[str]) -> None:
    words = take_apart([*spelling, "--stage=c", "-J", "x", "job.sh"])

    assert words.inputs == ("a b", "c")
    assert words.options == ("-J", "x")


def test_the_short_i_is_still_standard_input_as_in_sbatch() -> None:
    words = take_apart(["-i", "data", "job.sh"])

    assert words.inputs == ()
    assert words.options == ("-i", "data")


def test_an_option_with_a_value_glued_on_stays_glued() -> None:
    words = take_apart(["-k", "--exclusive=user", "--requeue", "job.sh"])

    assert words.options == ("-k", "--exclusive=user", "--requeue")


def test_json_is_ours_wherever_it_stands_among_the_options() -> None:
    words = take_apart(["-n1", "--json", "job.sh"])

    assert words.as_json
    assert words.options == ("-n", "1")


@pytest.mark.parametrize("spelling", [["--data", "dir"], ["--data=dir"]])
def test_the_data_directory_stands_first(spelling: list[str]) -> None:
    words = take_apart([*spelling, "job.sh"])

    assert words.data_dir == Path("dir")
    assert words.operands == ("job.sh",)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--nonsense", "job.sh"], "--nonsense"),
        (["--data"], "--data"),
        (["--stage"], "--stage"),
        (["-n"], "-n"),
    ],
)
def test_a_wrong_word_is_named(words: list[str], named: str) -> None:
    with pytest.raises(BadInputError, match=named):
        take_apart(words)


def test_wrap_takes_the_place_of_a_script() -> None:
    words = take_apart(["--wrap", "echo hi"])

    assert words.has_wrap
    assert words.operands == ()
