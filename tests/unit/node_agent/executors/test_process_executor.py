"""From a specification to what the warden shall start."""

from pathlib import Path

import pytest

from domain.jobs.job_spec import EndWarning, JobSpec, Resources
from domain.refusal import Refused
from node_agent.executors.process import (
    Grant,
    Place,
    make_place,
    output_paths,
    remove_place,
    start_order,
    working_directory,
)
from node_agent.warden.protocol import StartOrder


def a_grant() -> Grant:
    return Grant(
        key=(12, 2),
        host_name="boiler-1",
        cpus=(0,),
        cores=1,
        mem_mib=512,
        time_limit_s=60,
        lease_until_boot_s=1000.0,
        now_s=1_790_000_000.0,
        grace_s=30.0,
        output_limit_bytes=2**30,
        disk_limit_bytes=2**33,
        shims="/node/shims",
        url="http://api",
        token="chj_12.2.x",
    )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(work=tmp_path / "12-2")
    make_place(found)
    return found


def ordered(spec: JobSpec, place: Place) -> StartOrder:
    order = start_order(spec, a_grant(), place)
    assert isinstance(order, StartOrder)
    return order


def test_script_runs_through_its_own_interpreter(place: Place) -> None:
    order = ordered(JobSpec(name="x", script="#!/bin/sh\necho hi\n", arguments=("a b",)), place)
    assert order.argv == (str(place.script), "a b")
    assert place.script.read_text() == "#!/bin/sh\necho hi\n"
    assert place.script.stat().st_mode & 0o777 == 0o700


def test_job_with_nothing_to_run_is_refused(place: Place) -> None:
    refused = start_order(JobSpec(name="x"), a_grant(), place)
    assert isinstance(refused, Refused)
    assert refused.code == "job.empty"


def test_environment_is_clean_and_true(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_AGENT", "1")
    spec = JobSpec(
        name="x", command=("true",), asked=("cpus_per_task",), environment={"MINE": "yes"}
    )
    env = ordered(spec, place).env
    assert "SECRET_OF_THE_AGENT" not in env
    assert env["MINE"] == "yes"
    assert env["SLURM_JOB_ID"] == "12"
    assert env["SLURM_RESTART_COUNT"] == "1"
    assert env["SLURM_CPUS_PER_TASK"] == "1"
    assert "SLURM_NTASKS" not in env
    assert Path(env["SLURM_TMPDIR"]).is_dir()
    assert env["SLURM_SUBMIT_DIR"] == str(place.work)


def test_missing_output_directories_are_made(place: Place) -> None:
    spec = JobSpec(name="run", command=("true",), stdout_pattern="logs/%x/%j.out")
    order = ordered(spec, place)
    assert order.stdout == str(place.work / "logs/run/12.out")
    assert (place.work / "logs/run").is_dir()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/scratch/me/out.txt", "out.txt"),
        ("../../etc/passwd", "passwd"),
        ("/dev/null", "/dev/null"),
        ("./a/b.out", "a/b.out"),
    ],
)
def test_output_stays_in_the_working_directory(pattern: str, expected: str) -> None:
    spec = JobSpec(name="x", command=("true",), stdout_pattern=pattern)
    assert output_paths(spec, a_grant()).stdout == expected


@pytest.mark.parametrize(
    ("chdir", "expected"),
    [
        (None, ""),
        (".", ""),
        ("run/a", "run/a"),
        ("../../etc", "etc"),
        ("/scratch/me", "me"),
        ("..", ""),
        ("/", ""),
    ],
)
def test_job_starts_at_or_below_its_own_place(
    place: Place, chdir: str | None, expected: str
) -> None:
    spec = JobSpec(name="x", command=("true",), chdir=chdir)
    assert working_directory(spec, place) == place.work / expected
    assert ordered(spec, place).cwd == str(place.work / expected)


def test_same_file_for_both_streams_is_opened_once() -> None:
    spec = JobSpec(name="x", command=("true",), stdout_pattern="a", stderr_pattern="a")
    assert output_paths(spec, a_grant()).stderr is None


def test_limits_reach_the_warden(place: Place) -> None:
    spec = JobSpec(name="x", command=("true",), resources=Resources(mem_mib=512))
    order = ordered(spec, place)
    assert order.mem_limit_bytes == 512 * 2**20
    assert order.wall_limit_s == 60.0
    assert order.lease_until_boot_s == 1000.0


def test_place_is_removed_whatever_is_in_it(place: Place) -> None:
    (place.work / "deep" / "er").mkdir(parents=True)
    (place.work / "deep" / "er" / "f").write_text("x")
    remove_place(place)
    assert list(place.work.parent.iterdir()) == []


def test_place_of_an_earlier_copy_is_cleared(place: Place) -> None:
    (place.work / "old").write_text("x")
    make_place(place)
    assert list(place.work.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "to_shell_only", "leader", "others"),
    [
        ("#!/bin/sh\ntrue\n", True, True, False),
        ("#!/bin/sh\ntrue\n", False, False, True),
        (None, False, True, True),  # a program of its own is what a script would have started
        (None, True, True, False),
    ],
)
def test_the_warning_goes_to_whom_the_signal_option_says(
    place: Place, *, script: str | None, to_shell_only: bool, leader: bool, others: bool
) -> None:
    warning = EndWarning(signal_number=10, lead_s=90, to_shell_only=to_shell_only)
    command = () if script else ("true",)
    order = ordered(JobSpec(name="x", script=script, command=command, warning=warning), place)
    assert (order.warning_signal, order.warning_lead_s) == (10, 90.0)
    assert (order.warns_leader, order.warns_others) == (leader, others)


def test_the_limits_of_the_node_are_those_of_the_order(place: Place) -> None:
    order = ordered(JobSpec(name="x", command=("true",)), place)
    assert (order.grace_s, order.output_limit_bytes, order.disk_limit_bytes) == (30.0, 2**30, 2**33)
    assert order.folders == (str(place.work), str(place.private))
    assert order.file_limit_bytes == 2**33 + 2**20


def test_a_later_attempt_adds_to_what_an_earlier_one_printed(place: Place) -> None:
    assert ordered(JobSpec(name="x", command=("true",)), place).append


def test_standard_input_is_the_file_that_came_along(place: Place) -> None:
    (place.work / "in").mkdir()
    (place.work / "in" / "12.txt").write_text("1")
    spec = JobSpec(name="x", command=("cat",), stdin_pattern="in/%j.txt")
    assert ordered(spec, place).stdin == str(place.work / "in" / "12.txt")


@pytest.mark.parametrize("pattern", ["gone.txt", "../12-2.script", "/etc/passwd", "."])
def test_standard_input_that_did_not_come_along_is_refused(place: Place, pattern: str) -> None:
    refused = start_order(
        JobSpec(name="x", command=("cat",), stdin_pattern=pattern), a_grant(), place
    )
    assert isinstance(refused, Refused)
    assert refused.code == "job.stdin"
