"""Cores, whole nodes and types as a user asks for them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.support.cluster import until
from tests.support.command_line import CommandLine

#: The first millisecond of a job may pass before its cores are set.
_CORES = "sleep 1; python3 -c 'import os; print(sorted(os.sched_getaffinity(0)))'"


def _state(typed: CommandLine, job_id: str) -> str:
    return str(typed.document("job", job_id)["state"])


def test_jobs_beside_one_another_have_cores_of_their_own(typed: CommandLine) -> None:
    words = ("-c", "1", "--nodelist=node0", "--wrap", f"{_CORES}; sleep 600")
    jobs = [typed.submit(*words) for _ in range(2)]
    try:
        until(lambda: all(typed.run("logs", job_id).stdout for job_id in jobs))
        held = [typed.run("logs", job_id).stdout.strip() for job_id in jobs]
    finally:
        typed.run("cancel", *jobs)

    assert len(set(held)) == 2
    assert [cores.count(",") for cores in held] == [0, 0]


def test_a_whole_node_is_nobody_elses(typed: CommandLine) -> None:
    whole = typed.submit("--exclusive", "--nodelist=node0", "--wrap", f"{_CORES}; sleep 600")
    until(lambda: _state(typed, whole) == "running")
    small = typed.submit("-c", "1", "--nodelist=node0", "--", "true")
    until(lambda: "node0" in typed.run("explain", small).stdout)
    waited = _state(typed, small)
    until(lambda: bool(typed.run("logs", whole).stdout))
    typed.run("cancel", whole)

    assert waited == "queued"
    assert typed.run("wait", small).returncode == 0
    assert typed.run("logs", whole).stdout.count(",") == 1  # both of its two cores
    assert "whole node" in typed.run("submit", "--test-only", "--mem=0", "--", "true").stderr


def test_a_type_is_said_shown_and_kept(typed: CommandLine) -> None:
    flex = typed.submit("--type", "flex", "--deadline", "+2h", "--", "true")
    typed.write("pinned.sh", "#!/bin/sh\n#SBATCH --qos=reserved -J pinned\ntrue\n")
    reserved = typed.submit("pinned.sh")
    usual = typed.submit("--", "true")

    assert typed.run("wait", flex, reserved, usual).returncode == 0
    types = [typed.document("job", job)["scheduling_type"] for job in (flex, reserved, usual)]
    assert types == ["flex", "reserved", "ondemand"]
    assert typed.run("submit", "--type", "sometimes", "--", "true").returncode == 2


def test_times_are_those_of_the_clock_at_home_as_it_will_be_by_then(typed: CommandLine) -> None:
    """Both sides of the year, so that one of them is behind a change, whenever this is run."""
    at_home = replace(typed, variables={"TZ": "Europe/Paris"})
    year = datetime.now(UTC).year + 1
    change = date(year, 3, 31) - timedelta(days=date(year, 3, 31).isoweekday() % 7)
    typed.write("later.sh", f"#!/bin/sh\n#SBATCH --begin={year}-02-01T08:00\ntrue\n")

    later = at_home.submit("later.sh")
    in_winter = typed.document("job", later)["begin_s"]
    waits = at_home.run("slurm", "squeue", "-h", "-o", "%T %r %S", "-j", later).stdout
    described = at_home.run("slurm", "scontrol", "show", "job", later).stdout
    at_home.run("modify", later, f"--begin={year}-07-01T08:00")
    in_summer = typed.document("job", later)["begin_s"]
    ran = at_home.run("submit", "--parsable", f"--begin={change}T02:30", "--", "true")
    typed.run("cancel", later, ran.stdout.strip())

    assert in_winter == datetime(year, 2, 1, 7, tzinfo=UTC).timestamp()
    assert waits == f"PENDING BeginTime {year}-02-01T08:00:00\n"
    assert f"EligibleTime={year}-02-01T08:00:00" in described
    assert in_summer == datetime(year, 7, 1, 6, tzinfo=UTC).timestamp()
    assert f"--begin={change}T02:30: the clock leaves that out; {change}T03:30+02:00" in ran.stderr


def test_a_deadline_that_comes_while_a_job_waits_ends_it(typed: CommandLine) -> None:
    fillers = [
        typed.submit("--exclusive", f"--nodelist=node{n}", "--", "sleep", "600") for n in (0, 1)
    ]
    try:
        until(lambda: all(_state(typed, job_id) == "running" for job_id in fillers))
        late = typed.submit("--time=1", "--deadline=now+62seconds", "--", "true")
        ended = typed.run("wait", late)
    finally:
        typed.run("cancel", *fillers)

    assert ended.returncode == 1
    assert typed.document("job", late)["reason"] == "deadline_passed"
    assert "deadline" in typed.run("explain", late).stdout
