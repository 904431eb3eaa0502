"""From a submission's body to the specification that a node runs."""

from datetime import UTC, datetime

import pytest

from api.jobs.submission import InputIn, SubmissionIn, request_hash, to_spec
from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from tests.support.builders import NOW_S

SCRIPT = """#!/bin/bash
#SBATCH --job-name=cavity
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=2
#SBATCH --mem-per-cpu=500M
#SBATCH --time=01:30:00
#SBATCH --output=out-%j.txt
#SBATCH --error=err.txt
#SBATCH --open-mode=append
#SBATCH --account=hydro
#SBATCH --partition=short
#SBATCH --no-requeue
#SBATCH --export=MESH=fine
echo hi
"""


def spec_of(**body: object) -> JobSpec:
    found = to_spec(SubmissionIn.model_validate(body), NOW_S)
    assert isinstance(found, JobSpec)
    return found


def test_every_option_of_a_script_reaches_the_specification() -> None:
    spec = spec_of(script=SCRIPT, arguments=["a b"], submit_user="ann", submit_host="ws1")

    assert (spec.name, spec.project, spec.partition) == ("cavity", "hydro", "short")
    assert (spec.resources.cores, spec.resources.ntasks, spec.resources.cpus_per_task) == (8, 4, 2)
    assert (spec.resources.mem_mib, spec.resources.mem_per_cpu_mib) == (4000, 500)
    assert spec.resources.time_limit_s == 5400
    assert set(spec.asked) == {"ntasks", "cpus_per_task", "mem_per_cpu"}
    assert (spec.stdout_pattern, spec.stderr_pattern) == ("out-%j.txt", "err.txt")
    assert spec.append_output
    assert spec.requeue is False
    assert spec.environment == {"MESH": "fine"}
    assert spec.arguments == ("a b",)
    assert (spec.submit_user, spec.submit_host) == ("ann", "ws1")


def test_a_bare_command_takes_the_defaults_and_no_notes() -> None:
    assert spec_of(command=["/bin/true"]) == JobSpec(name="true", command=("/bin/true",))


def test_a_script_without_a_time_limit_is_told_the_one_it_gets() -> None:
    assert spec_of(script="#!/bin/sh\ntrue\n").notes == (
        "No --time was given: the job is stopped after 01:00:00.",
    )


def test_options_of_the_command_line_outrank_the_script() -> None:
    assert spec_of(script=SCRIPT, options=["-J", "mine"]).name == "mine"


def test_variables_named_for_the_job_reach_it_and_those_of_sbatch_only_the_parser() -> None:
    spec = spec_of(
        command=["sim"], environment={"OMP_NUM_THREADS": "4", "SBATCH_JOB_NAME": "from-shell"}
    )

    assert spec.environment == {"OMP_NUM_THREADS": "4"}
    assert spec.name == "from-shell"


def test_flex_with_a_deadline_must_start_in_time_to_end_in_time() -> None:
    spec = spec_of(command=["sim"], options=["--type=flex", "--deadline=+6h", "-t", "60"])

    assert spec.scheduling_type is SchedulingType.FLEX
    assert spec.start_before_s == NOW_S + 5 * 3600.0


def test_clock_times_are_meant_in_the_submitters_zone() -> None:
    in_utc = spec_of(command=["sim"], options=["--begin=2026-12-31T08:00"]).not_before_s
    further_east = spec_of(
        command=["sim"], options=["--begin=2026-12-31T08:00"], utc_offset_s=3600
    ).not_before_s

    assert in_utc is not None
    assert further_east == in_utc - 3600.0


def test_clock_times_are_meant_as_the_submitters_clock_will_go() -> None:
    changes = [(datetime(2027, 3, 28, 1, tzinfo=UTC).timestamp(), 7200)]
    options = ["--begin=2027-07-01T08:00", "--deadline=2027-03-28T02:30"]
    spec = spec_of(
        command=["sim"], options=options[:1], utc_offset_s=3600, utc_offset_changes=changes
    )
    shown = spec_of(
        command=["sim"], options=options[1:], utc_offset_s=3600, utc_offset_changes=changes
    )

    assert spec.not_before_s == datetime(2027, 7, 1, 6, tzinfo=UTC).timestamp()
    assert spec.notes == ()
    assert shown.deadline_s == datetime(2027, 3, 28, 1, 30, tzinfo=UTC).timestamp()
    assert shown.notes == (
        "--deadline=2027-03-28T02:30: the clock leaves that out; 2027-03-28T03:30+02:00 is meant.",
    )


@pytest.mark.parametrize("path", ["../up", "/etc/passwd", ""])
def test_an_input_stays_inside_the_working_directory(path: str) -> None:
    item = InputIn(path=path, sha256="0" * 64, size_bytes=1)

    found = to_spec(SubmissionIn(command=["sim"], inputs=[item]), NOW_S)

    assert isinstance(found, Refused)
    assert found.code == "file.path"


def test_two_inputs_of_one_name_are_refused() -> None:
    items = [InputIn(path=path, sha256="0" * 64, size_bytes=1) for path in ("a", "./a")]

    found = to_spec(SubmissionIn(command=["sim"], inputs=items), NOW_S)

    assert isinstance(found, Refused)
    assert found.code == "file.twice"


def test_equal_requests_have_equal_hashes_and_others_do_not() -> None:
    one = SubmissionIn(command=["sim"])

    assert request_hash(one) == request_hash(SubmissionIn(command=["sim"]))
    assert request_hash(one) != request_hash(SubmissionIn(command=["sim", ""]))
