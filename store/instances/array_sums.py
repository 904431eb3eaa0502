"""What the instances of an array come to together, at a small cost whatever its size."""

from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from domain.jobs.job import JobState, state_of_array
from store.tables.jobs import instance, job

_STATES = tuple(state.value for state in JobState)


def _of_array(job_id: int, count: int) -> Select[Any]:
    """Its instances, by their numbers: so the index by state and number finds them alone."""
    return select(instance.c.state).where(instance.c.id.between(job_id + 1, job_id + count))


def count_by_state(connection: Connection, job_id: int, count: int) -> dict[str, int]:
    """How many instances of an array are in each state that any is in."""
    statement = (
        _of_array(job_id, count)
        .add_columns(func.count().label("instances"))
        .where(instance.c.state.in_(_STATES))
        .group_by(instance.c.state)
    )
    found = {row.state: row.instances for row in connection.execute(statement)}
    return {state: found[state] for state in _STATES if state in found}


def array_state(connection: Connection, job_id: int) -> JobState:
    """One word for an array."""
    size = select(job.c.array_count).where(job.c.id == job_id)
    count = connection.execute(size).scalar_one() or 0
    ask = [
        exists(_of_array(job_id, count).where(instance.c.state == state)).label(state)
        for state in _STATES
    ]
    row = connection.execute(select(*ask)).one()
    return state_of_array(JobState(state) for state in _STATES if row._mapping[state])


def array_span(connection: Connection, job_id: int) -> dict[str, Any]:
    """When its instances began and ended, and their worst exit code."""
    its = connection.execute(
        select(
            func.min(instance.c.started_at_s).label("started_at_s"),
            func.max(instance.c.finished_at_s).label("finished_at_s"),
            func.max(instance.c.exit_code).label("exit_code"),
        ).where(instance.c.job_id == job_id)
    ).one()
    return dict(its._mapping)
