"""A running job is stopped for better heat, queues again, and each try is billed once."""

from pathlib import Path

from sqlalchemy import select

from domain.commands import PreemptAttempt, Why
from store.attempts import assignments
from store.tables.jobs import attempt, instance, job_usage
from tests.support.cluster import Cluster
from tests.support.command_line import CommandLine
from tests.support.warden import until

#: The first try waits to be stopped; what it leaves outside lets the second one end.
SCRIPT = """#!/bin/sh
if [ -e {mark} ]; then echo second try; exit 0; fi
touch {mark}
sleep 300
"""

SLOW_TO_STOP = """#!/bin/sh
if [ -e {mark} ]; then exit 0; fi
trap 'while [ ! -e {seen} ]; do sleep 0.05; done; exit 1' USR1
touch {mark}
sleep 300 &
wait
"""
#: Flexible, but with no time left to wait for heat: it starts at once under any policy.
FLEX_NOW = ("--type", "flex", "--time", "5", "--deadline", "+5m")


def _preempt(cluster: Cluster, job_id: int) -> int:
    """What the scheduler writes when its engine orders it; the number of attempts it stopped."""
    with cluster.store() as store, store.transaction() as tx:
        row = tx.connection.execute(select(instance).where(instance.c.id == job_id)).one()
        order = PreemptAttempt(
            instance_id=row.id, attempt=row.attempt, node_id=row.node_id, why=Why(code="test")
        )
        return assignments.preempt(tx, [order])


def _attempts(cluster: Cluster, job_id: int) -> list[tuple[int, str, str]]:
    statement = (
        select(attempt.c.attempt, attempt.c.state, attempt.c.reason)
        .where(attempt.c.instance_id == job_id)
        .order_by(attempt.c.attempt)
    )
    with cluster.store() as store, store.database.read() as connection:
        return [tuple(row) for row in connection.execute(statement)]


def _billed(cluster: Cluster, job_id: int) -> list[int]:
    statement = select(job_usage.c.attempt).where(job_usage.c.instance_id == job_id)
    with cluster.store() as store, store.database.read() as connection:
        return sorted(connection.execute(statement).scalars())


def test_a_preempted_job_runs_again_and_each_try_is_billed_once(
    cluster: Cluster, typed: CommandLine, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    typed.write("job.sh", SCRIPT.format(mark=mark))
    job_id = typed.submit(*FLEX_NOW, "job.sh")
    until(mark.exists, "the first try runs")

    assert _preempt(cluster, int(job_id)) == 1
    waited = typed.run("wait", job_id, "--timeout", "60")

    assert waited.returncode == 0, waited.stderr
    assert _attempts(cluster, int(job_id)) == [
        (1, "killed", "preempted"),
        (2, "done", "completed"),
    ]
    assert _billed(cluster, int(job_id)) == [1, 2]
    assert typed.run("logs", job_id).stdout == "second try\n"


def test_a_program_that_takes_its_time_to_stop_is_shown_as_being_stopped(
    cluster: Cluster, typed: CommandLine, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    seen = tmp_path / "seen"
    typed.write("slow.sh", SLOW_TO_STOP.format(mark=mark, seen=seen))
    job_id = typed.submit(*FLEX_NOW, "--signal=B:USR1@60", "slow.sh")
    until(mark.exists, "the first try runs")

    assert _preempt(cluster, int(job_id)) == 1
    shown = typed.document("job", job_id)["state"]
    reason = typed.document("explain", job_id)["sentence"]
    seen.touch()

    assert shown == "preempted"
    assert reason.startswith("It is being stopped for better heat and will queue again.")
    assert typed.run("wait", job_id, "--timeout", "60").returncode == 0
    assert _billed(cluster, int(job_id)) == [1, 2]
