"""The survey's table of traps, continued: foreign options, the equals sign, odd values."""

import pytest

from domain.refusal import Refused
from domain.sbatch.parse import parse_submission
from domain.sbatch.submission import Submission, SubmitRequest


def read(*directives: str, body: str = "true") -> Submission | Refused:
    text = "\n".join(["#!/bin/bash", *directives, body, ""])
    return parse_submission(SubmitRequest(now_s=1_800_000_000.0, script=text))


def accepted(*directives: str, body: str = "true") -> Submission:
    found = read(*directives, body=body)
    assert isinstance(found, Submission), found
    return found


def refused(*directives: str) -> Refused:
    found = read(*directives)
    assert isinstance(found, Refused), found
    return found


# Options of srun and of one site.


@pytest.mark.parametrize("name", ["mpi=pmix", "cpu-bind=cores", "mem_bind=local", "x11"])
def test_srun_option_is_refused_and_sent_to_srun(name: str) -> None:
    found = refused(f"#SBATCH --{name}")
    assert found.code == "sbatch.unknown_option"
    assert "srun" in found.sentence


@pytest.mark.parametrize("name", ["module=cuda", "uenv-file=x", "gpu-mps"])
def test_option_of_one_site_is_refused(name: str) -> None:
    assert refused(f"#SBATCH --{name}").code == "sbatch.unknown_option"


@pytest.mark.parametrize("name", ["quotatype=spot", "ear-policy=x", "ear=on", "fpgalink=n00"])
def test_harmless_option_of_one_site_is_noted(name: str) -> None:
    assert len(accepted(f"#SBATCH --{name}").notes) == 1


def test_unknown_option_is_refused_with_line_name_and_guess() -> None:
    found = refused("", "#SBATCH --ntaks=4")
    assert (found.code, found.line) == ("sbatch.unknown_option", 3)
    assert "--ntaks" in found.sentence
    assert "--ntasks" in found.sentence.replace("--ntaks ", "")


# The equals sign and the single dash.


@pytest.mark.parametrize(
    ("directive", "code", "hint"),
    [
        ("#SBATCH -p=short", "sbatch.equals_sign", "--partition=short"),
        ("#SBATCH -qos=x", "sbatch.one_dash", "--qos=x"),
        ("#SBATCH -mem=4G", "sbatch.one_dash", "--mem=4G"),
        ("#SBATCH -time 1:00", "sbatch.one_dash", "--time"),
        ("#SBATCH --time = 1:00", "sbatch.equals_sign", "--time=VALUE"),
        ("#SBATCH -t = 1:00", "sbatch.equals_sign", "-t VALUE"),
        ("#SBATCH --time= 1:00", "sbatch.stray_word", "--time=1:00"),
    ],
)
def test_misplaced_equals_sign_is_refused_with_a_hint(directive: str, code: str, hint: str) -> None:
    found = refused(directive)
    assert found.code == code
    assert hint in found.sentence


# Odd forms that Slurm accepts.


def test_no_blank_after_the_magic_word_is_accepted() -> None:
    assert accepted("#SBATCH--time=1:00").time_limit_s == 60


@pytest.mark.parametrize(
    "directive",
    ["#SBATCH --get-user-env=L", "#SBATCH", "#SBATCH   ", "#SBATCH --get-user-env"],
)
def test_odd_but_valid_forms_are_accepted(directive: str) -> None:
    assert accepted(directive).cores == 1


def test_glued_short_value_and_separate_long_value_are_accepted() -> None:
    found = accepted("#SBATCH -t24:00:00 -N1 -n4", "#SBATCH --mem 40GB")
    assert (found.time_limit_s, found.ntasks, found.mem_mib) == (86_400, 4, 40_960)


def test_obsolete_magic_word_is_read_with_a_note() -> None:
    found = accepted("#SLURM -c 2")
    assert (found.cores, len(found.notes)) == (2, 1)


# Values where none, or another kind, belongs.


@pytest.mark.parametrize("directive", ["#SBATCH --exclusive user", "#SBATCH --requeue 1"])
def test_optional_value_needs_an_equals_sign(directive: str) -> None:
    assert refused(directive).code == "sbatch.stray_word"


def test_optional_value_with_equals_sign_is_read() -> None:
    assert accepted("#SBATCH --exclusive=user").whole_node
    assert accepted("#SBATCH --requeue=expedite").requeue is True
    assert refused("#SBATCH --exclusive=everybody").code == "sbatch.bad_value"


def test_flag_with_a_value_is_refused() -> None:
    assert refused("#SBATCH --hold=yes").code == "sbatch.value_not_allowed"


@pytest.mark.parametrize("directive", ["#SBATCH --time", "#SBATCH -t", "#SBATCH -J --time=1:00"])
def test_missing_value_is_refused(directive: str) -> None:
    assert refused(directive).code == "sbatch.value_missing"


@pytest.mark.parametrize("word", ["hetjob", "packjob", ": -n 2"])
def test_heterogeneous_job_is_refused(word: str) -> None:
    assert refused("#SBATCH -n 1", f"#SBATCH {word}").code == "sbatch.het_job"
