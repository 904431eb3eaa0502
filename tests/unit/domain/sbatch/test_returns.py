"""Our own options about the files that come back."""

import pytest

from domain.refusal import Refused
from domain.sbatch.parse import parse_submission
from domain.sbatch.returns import Returns, parse_interval_s
from domain.sbatch.submission import SubmitRequest


def _read(*options: str, script: str = "#!/bin/sh\ntrue\n") -> Returns | Refused:
    found = parse_submission(SubmitRequest(now_s=1e9, script=script, options=options))
    return found if isinstance(found, Refused) else found.returns


def test_the_options_are_read() -> None:
    assert _read(
        "--results=out/*.dat,*.log", "--exclude-results", "**/*.tmp", "--copy-results-every=10min"
    ) == Returns(
        results=("out/*.dat", "*.log"),
        excluded_results=("**/*.tmp",),
        copy_results_every_s=600,
    )
    assert _read() == Returns()


@pytest.mark.parametrize(
    ("text", "interval_s"),
    [("30s", 30), ("10min", 600), ("2h", 7200), ("10", 600), ("1:00:00", 3600), ("5s", 5)],
)
def test_an_interval_is_written_in_many_ways(text: str, interval_s: int) -> None:
    assert parse_interval_s(text) == interval_s


@pytest.mark.parametrize("text", ["4s", "0", "8-00", "often", "1e3s", "-5s", "9" * 30 + "s"])
def test_an_interval_that_makes_no_sense_is_refused(text: str) -> None:
    assert parse_interval_s(text) is None
    refused = _read(f"--copy-results-every={text}")
    assert isinstance(refused, Refused)
    assert refused.sentence.endswith(".")


def test_patterns_that_climb_out_are_refused_with_a_sentence() -> None:
    refused = _read("--results=../*")

    assert isinstance(refused, Refused)
    assert "patterns of names inside the working directory" in refused.sentence


@pytest.mark.parametrize(
    ("option", "every_s"),
    [("--checkpoint", 300), ("--checkpoint=60s", 60), ("--checkpoint=1h", 3600)],
)
def test_a_job_may_declare_that_it_goes_on_from_a_checkpoint(option: str, every_s: int) -> None:
    assert _read(option) == Returns(checkpoint_every_s=every_s)
    assert isinstance(_read("--checkpoint=often"), Refused)


@pytest.mark.parametrize("option", ["--checkpoint", "--results=a", "--exclude-results=a"])
def test_in_a_script_they_are_refused_since_it_could_not_run_elsewhere(option: str) -> None:
    refused = _read(script=f"#!/bin/sh\n#SBATCH {option}\ntrue\n")

    assert isinstance(refused, Refused)
    assert (refused.code, refused.line) == ("sbatch.command_line_only", 2)
    assert "could not run elsewhere" in refused.sentence
