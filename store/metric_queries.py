"""What /metrics shows beside sites and nodes: counts and sums over the whole store."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Float, cast, func, select

from domain.jobs.job import FINAL_STATES, JobState
from store.jobs.job_queries import count_by_state
from store.tables.engine import decision, leadership, outbox
from store.tables.fleet import node, refused_reading, site
from store.tables.jobs import attempt, instance, job

_OPEN = [state.value for state in JobState if state not in FINAL_STATES]


def open_jobs(connection: Connection) -> dict[str, int]:
    """How many instances are in each state that is not final."""
    return count_by_state(connection, _OPEN, None)


def ended_jobs(connection: Connection) -> dict[str, int]:
    """How many instances ended in each final state, since the store began."""
    return count_by_state(connection, [state.value for state in FINAL_STATES], None)


def first_waits(
    connection: Connection, bounds_s: Sequence[float]
) -> tuple[Mapping[float, int], int, float]:
    """Waiting time from submission to the first start: how many up to each bound, number, sum [s].

    Only first attempts count, so that no count ever falls.
    """
    wait_s = attempt.c.started_at_s - job.c.submitted_at_s
    upto = [func.count().filter(wait_s <= bound_s) for bound_s in bounds_s]
    statement = (
        select(func.count(), func.coalesce(func.sum(cast(wait_s, Float)), 0.0), *upto)
        .select_from(
            attempt.join(instance, attempt.c.instance_id == instance.c.id).join(
                job, instance.c.job_id == job.c.id
            )
        )
        .where(attempt.c.attempt == 1, attempt.c.started_at_s.is_not(None))
    )
    row = connection.execute(statement).one()
    return dict(zip(bounds_s, row[2:], strict=True)), int(row[0]), float(row[1])


def decision_durations_s(connection: Connection, since_s: float) -> tuple[float, float] | None:
    """How long the last decision took, and the longest one since an instant [s]."""
    measured = decision.c.duration_s.is_not(None)
    newest = (
        select(decision.c.duration_s).where(measured).order_by(decision.c.batch.desc()).limit(1)
    )
    last = connection.execute(newest).scalar()
    if last is None:
        return None
    longest = select(func.max(decision.c.duration_s)).where(measured, decision.c.now_s >= since_s)
    return float(last), float(connection.execute(longest).scalar() or last)


def refused_readings(connection: Connection) -> list[tuple[str, str, str, int]]:
    """Site, node, code and number of refused readings."""
    statement = (
        select(site.c.name, node.c.name, refused_reading.c.code, refused_reading.c.count)
        .select_from(
            refused_reading.join(node, refused_reading.c.node_id == node.c.id).join(
                site, node.c.site_id == site.c.id
            )
        )
        .order_by(site.c.name, node.c.name, refused_reading.c.code)
    )
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(statement)]


def outbox_backlog(connection: Connection) -> tuple[int, float | None]:
    """Messages not sent yet, and when the oldest of them was written [Unix s]."""
    statement = select(func.count(), func.min(outbox.c.created_at_s)).where(
        outbox.c.sent_at_s.is_(None)
    )
    row = connection.execute(statement).one()
    return int(row[0]), row[1]


def lease_remaining_s(connection: Connection, role: str, now_s: float) -> float:
    """How long this role is led for, unless it is renewed [s]; 0 where nobody leads."""
    statement = select(leadership.c.until_s).where(leadership.c.role == role)
    until_s = connection.execute(statement).scalar()
    return 0.0 if until_s is None else max(until_s - now_s, 0.0)
