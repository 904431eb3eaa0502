"""Lists of jobs and of the instances of an array, by page; an array is one row of the first."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from domain.jobs.array_spec import ArraySpec
from domain.jobs.job import FINAL_STATES, HOLDING_STATES, JobState, state_of_array
from store.instances.array_sums import array_span, array_state, count_by_state
from store.jobs.arrays import elements_of
from store.jobs.job_filters import JobsWanted, narrowed
from store.jobs.job_queries import described, instance_rows, visible
from store.jobs.job_refs import Single, Target
from store.tables.access import api_key, person, tenant
from store.tables.jobs import instance, job

_HOLDING = tuple(sorted(state.value for state in HOLDING_STATES))
_FINAL = frozenset(state.value for state in FINAL_STATES)
_WAITING = tuple(state.value for state in (JobState.HELD, JobState.BLOCKED, JobState.QUEUED))
_MOST_RUNS = 100
#: What belongs to one instance and is nowhere in the row of an array.
_NOT_OF_ARRAYS = ("reason", "exit_code", "node", "site", "started_at_s", "finished_at_s")


def page(
    connection: Connection,
    *,
    tenant_id: int | None,
    wanted: JobsWanted | None = None,
    before_id: int | None = None,
    limit: int = 100,
    oldest_first: bool = False,
) -> list[dict[str, Any]]:
    """Jobs, newest first; ``before_id`` turns the page and stays stable as jobs come in.

    An array is one row, shown where any of its instances is what is wanted.
    """
    found = visible(select(instance.c.id, instance.c.job_id, instance.c.array_index), tenant_id)
    found = narrowed(found, wanted or JobsWanted())
    is_array: dict[int, bool] = {}
    bound = before_id
    while len(is_array) < limit:
        statement = found.limit(limit - len(is_array))
        if oldest_first:
            after = () if bound is None else (instance.c.id > bound,)
            statement = statement.where(*after).order_by(instance.c.id)
        else:
            before = () if bound is None else (instance.c.id < bound,)
            statement = statement.where(*before).order_by(instance.c.id.desc())
        rows = connection.execute(statement).all()
        if not rows:
            break
        is_array |= {row.job_id: row.array_index is not None for row in rows}
        bound = _past(connection, rows[-1], oldest_first=oldest_first)
    return _described(connection, is_array)


def _past(connection: Connection, last: Any, *, oldest_first: bool) -> int:  # noqa: ANN401 - a row
    """Where the next look begins: past all instances of the job of this row."""
    if not oldest_first or last.array_index is None:
        return int(last.job_id)
    count = connection.execute(select(job.c.array_count).where(job.c.id == last.job_id)).scalar()
    return int(last.job_id) + int(count or 0)


def _described(connection: Connection, is_array: Mapping[int, bool]) -> list[dict[str, Any]]:
    singles = [job_id for job_id, it_is in is_array.items() if not it_is]
    statement = instance_rows().where(instance.c.id.in_(singles))
    rows = {row["id"]: row for row in described(connection, statement)}
    return [
        array_row(connection, job_id) if it_is else rows[job_id]
        for job_id, it_is in is_array.items()
    ]


def array_row(connection: Connection, job_id: int) -> dict[str, Any]:
    """An array as one row: what its instances share, and how many are in each state."""
    its = connection.execute(
        select(job, tenant.c.name.label("tenant"), person.c.name.label("user"))
        .select_from(
            job.join(tenant, job.c.tenant_id == tenant.c.id)
            .outerjoin(api_key, job.c.key_id == api_key.c.id)
            .outerjoin(person, api_key.c.person_id == person.c.id)
        )
        .where(job.c.id == job_id)
    ).one()
    counts = count_by_state(connection, job_id, its.array_count)
    return {
        **its._mapping,
        **dict.fromkeys(_NOT_OF_ARRAYS),
        "job_id": job_id,
        "array_index": None,
        "attempt": 0,
        "state": state_of_array(map(JobState, counts)).value,
        "counts": counts,
    }


def array_detail(connection: Connection, job_id: int) -> dict[str, Any]:
    """The row of an array with when its instances began and ended, and their worst exit code."""
    row = array_row(connection, job_id)
    its = array_span(connection, job_id)
    is_over = _FINAL.issuperset(row["counts"])
    return {
        **row,
        "started_at_s": its["started_at_s"],
        "finished_at_s": its["finished_at_s"] if is_over else None,
        "exit_code": its["exit_code"] if is_over else None,
    }


def waiting_indexes(connection: Connection, row: Mapping[str, Any]) -> dict[str, str]:
    """Which of an array's instances wait, by state, as indexes are written: ``3-9,12``."""
    return {
        state: _indexes_in(connection, row, state) for state in _WAITING if state in row["counts"]
    }


def _indexes_in(connection: Connection, row: Mapping[str, Any], state: str) -> str:
    """The indexes of an array's instances in one state; of very many runs, the first."""
    rank = instance.c.id - row["job_id"] - 1
    numbered = (
        select(
            rank.label("rank"),
            (rank - func.row_number().over(order_by=instance.c.id)).label("run"),
        )
        .where(instance.c.id.between(row["job_id"] + 1, row["job_id"] + row["array_count"]))
        .where(instance.c.state == state)
        .subquery()
    )
    statement = (
        select(func.min(numbered.c.rank).label("first"), func.max(numbered.c.rank).label("last"))
        .group_by(numbered.c.run)
        .order_by("first")
        .limit(_MOST_RUNS + 1)
    )
    runs = [(found.first, found.last) for found in connection.execute(statement)]
    array = ArraySpec(**json.loads(row["spec"])["array"])
    text = array.text_of(runs[:_MOST_RUNS])
    return text if len(runs) <= _MOST_RUNS else f"{text},..."


def states(connection: Connection, ids: Iterable[int], tenant_id: int | None) -> dict[int, str]:
    """The states of these jobs and instances; those that are not visible are left out."""
    wanted = list(ids)
    single = select(instance.c.id, instance.c.state).where(instance.c.id.in_(wanted))
    found = {row.id: row.state for row in connection.execute(visible(single, tenant_id))}
    rest = [job_id for job_id in wanted if job_id not in found]
    if rest:
        many = select(job.c.id).where(job.c.id.in_(rest), job.c.array_count.is_not(None))
        if tenant_id is not None:
            many = many.where(job.c.tenant_id == tenant_id)
        for job_id in connection.execute(many).scalars().all():
            found[job_id] = array_state(connection, job_id).value
    return found


def instances(
    connection: Connection,
    target: Single | Target,
    *,
    states_wanted: Sequence[str] | None = None,
    after_id: int = 0,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Instances of a job in the order of their numbers; ``after_id`` turns the page."""
    statement = (
        instance_rows()
        .where(elements_of(target), instance.c.id > after_id)
        .order_by(instance.c.id)
        .limit(limit)
    )
    if states_wanted:
        statement = statement.where(instance.c.state.in_(states_wanted))
    return described(connection, statement)


def count_placed(connection: Connection, job_id: int) -> int:
    """How many instances of a job are on nodes, or offered to them."""
    statement = select(func.count()).where(
        instance.c.job_id == job_id, instance.c.state.in_(_HOLDING)
    )
    return int(connection.execute(statement).scalar_one())
