"""Jobs that wait for other jobs: released, or ended, in the transaction that decides it.

Whatever ends instances calls ``settle`` in the same transaction, and whatever begins them calls
``begun``; nothing looks at waiting jobs now and then.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Double, and_, bindparam, exists, or_, select, update

from domain.jobs.job import EndReason, JobState
from domain.sbatch.dependencies import DependencyKind
from store.dependencies.conditions import (
    BAD,
    Condition,
    ConditionState,
    any_waits,
    chunks,
    conditions_of,
    next_of_same_name,
    reached_from,
    waiting_for,
)
from store.dependencies.dependency_tables import dependency
from store.dependencies.releases import release_blocked
from store.tables.jobs import instance
from store.transaction import Transaction

_STILL = (JobState.BLOCKED.value, JobState.HELD.value)


@dataclass(slots=True)
class _Verdicts:
    """What follows from what is known, job by job."""

    release: dict[int, float | None] = field(default_factory=dict)  # to its earliest start
    never: dict[int, None] = field(default_factory=dict)
    by_element: list[int] = field(default_factory=list)


def settle(tx: Transaction, ended: Iterable[tuple[int, int]]) -> None:
    """Some instances have ended (number of job and of instance): decide what waited for them."""
    instances_of: dict[int, list[int]] = {}
    for job_id, instance_id in ended:
        instances_of.setdefault(job_id, []).append(instance_id)
    if not instances_of or not any_waits(tx):
        return
    while instances_of:
        jobs = list(instances_of)
        waiting = waiting_for(tx, jobs) | next_of_same_name(tx, jobs)
        instances_of = decide(tx, waiting, instances_of)


def begun(tx: Transaction, job_ids: Collection[int]) -> None:
    """Instances of these jobs have begun: decide what waited for that."""
    if job_ids and any_waits(tx):
        decide(tx, waiting_for(tx, list(job_ids), DependencyKind.AFTER), {})


def has_conditions(tx: Transaction, job_id: int) -> bool:
    """Whether a job was submitted to wait for others, met by now or not."""
    statement = select(dependency.c.job_id).where(dependency.c.job_id == job_id).limit(1)
    return tx.connection.execute(statement).first() is not None


def let_go(tx: Transaction, job_ids: Iterable[int]) -> None:
    """Decide about jobs that are new, or held no more; what they end is settled too."""
    ended = decide(tx, set(job_ids), {})
    settle(tx, [(job_id, number) for job_id, ids in ended.items() for number in ids])


def decide(
    tx: Transaction, job_ids: set[int], ended: Mapping[int, Sequence[int]]
) -> dict[int, list[int]]:
    """Release or end each of these jobs, or leave it waiting; the instances that ended by it.

    ``ended`` names the instances by whose end this is asked, so that of two arrays that go
    element by element only those need be looked at.
    """
    if not job_ids:
        return {}
    conditions = conditions_of(tx, list(job_ids))
    verdicts = _judge(tx, conditions)
    _write(tx, conditions)
    ended_here = _end(tx, list(verdicts.never))
    for job_id in verdicts.by_element:
        is_met, moment = job_id in verdicts.release, verdicts.release.pop(job_id, None)
        elements = _Elements(tx, conditions[job_id], ended)
        lost = elements.end_lost()
        if lost:
            ended_here[job_id] = lost
        if is_met:
            elements.release(moment)
    release_blocked(tx, verdicts.release)
    return ended_here


def _judge(tx: Transaction, conditions: dict[int, list[Condition]]) -> _Verdicts:
    """Judge every job, and those that can never start any more because of another's verdict."""
    verdicts = _Verdicts()
    todo = list(conditions)
    about: dict[int, list[Condition]] | None = None  # Known when all that is touched is.
    while todo:
        found = [job_id for job_id in todo if _judge_one(tx, conditions[job_id], verdicts)]
        if found and about is None:
            more = reached_from(tx, found) - conditions.keys()
            conditions |= conditions_of(tx, list(more))
            about = _by_target(conditions)
        touched: dict[int, None] = {}
        for job_id in found:
            for one in (about or {}).get(job_id, ()):
                one.ended_badly()
                if one.job_id not in verdicts.never:
                    touched[one.job_id] = None
        todo = list(touched)
    return verdicts


def _by_target(conditions: Mapping[int, list[Condition]]) -> dict[int, list[Condition]]:
    about: dict[int, list[Condition]] = {}
    for its in conditions.values():
        for one in its:
            if one.on_job_id is not None:
                about.setdefault(one.on_job_id, []).append(one)
    return about


def _judge_one(tx: Transaction, its: Sequence[Condition], verdicts: _Verdicts) -> bool:
    """Put one job where it belongs; whether it can never start."""
    job_id = its[0].job_id
    states = [one.judge(tx.now_s) for one in its]
    whole = [one for one in its if one.kind is not DependencyKind.AFTER_CORR]
    if its[0].is_any:
        is_met = ConditionState.MET in states
        is_never = not is_met and ConditionState.WAITING not in states
    else:
        is_met = all(one.state is ConditionState.MET for one in whole)
        is_never = any(one.state is ConditionState.NEVER for one in whole)
    if is_never:
        verdicts.release.pop(job_id, None)
        verdicts.never[job_id] = None
    elif is_met:
        moments = [one.not_before_s for one in its if one.not_before_s is not None]
        verdicts.release[job_id] = max(moments, default=None)
    if len(whole) < len(its) and not is_never and job_id not in verdicts.by_element:
        verdicts.by_element.append(job_id)
    if is_never or (is_met and its[0].is_any):
        for one in its:
            if one.state is ConditionState.WAITING:
                one.state = ConditionState.UNNEEDED
    return is_never


def _write(tx: Transaction, conditions: Mapping[int, list[Condition]]) -> None:
    decided = [
        {
            "of_job": one.job_id,
            "of_position": one.position,
            "of_state": one.state.value,
            "of_not_before": one.not_before_s,
        }
        for its in conditions.values()
        for one in its
        if one.state is not ConditionState.WAITING
    ]
    if decided:
        tx.connection.execute(
            update(dependency)
            .where(
                dependency.c.job_id == bindparam("of_job"),
                dependency.c.position == bindparam("of_position"),
                dependency.c.state == ConditionState.WAITING.value,
            )
            .values(
                state=bindparam("of_state"),
                not_before_s=bindparam("of_not_before", type_=Double),
            ),
            decided,
        )


class _Elements:
    """The elements of an array that follows other arrays, each the one of the same index."""

    def __init__(
        self, tx: Transaction, its: Sequence[Condition], ended: Mapping[int, Sequence[int]]
    ) -> None:
        """Look at those whose fellows ended, where nothing else was waited for; else at all."""
        self._tx = tx
        self._job_id = its[0].job_id
        corresponding = [one for one in its if one.kind is DependencyKind.AFTER_CORR]
        self._others = [one.on_job_id for one in corresponding]
        self._meant = [instance.c.job_id == self._job_id]
        causes = [number for other in self._others for number in ended.get(other or 0, ())]
        if causes and len(corresponding) == len(its):
            cause = instance.alias("cause")
            same = select(cause.c.array_index).where(cause.c.id.in_(causes))
            self._meant.append(instance.c.array_index.in_(same))

    def _fellow(self, other: int | None, states: Sequence[str]) -> ColumnElement[bool]:
        fellow = instance.alias()
        return exists(
            select(fellow.c.id).where(
                fellow.c.job_id == other,
                fellow.c.array_index == instance.c.array_index,
                fellow.c.state.in_(states),
            )
        )

    def end_lost(self) -> list[int]:
        """End those whose fellow did not succeed; their numbers."""
        is_lost = or_(*(self._fellow(other, BAD) for other in self._others))
        return _cancel(self._tx, and_(*self._meant, is_lost))

    def release(self, not_before_s: float | None) -> None:
        """Release those whose fellows have succeeded."""
        done = [self._fellow(other, (JobState.SUCCEEDED.value,)) for other in self._others]
        release_blocked(self._tx, {self._job_id: not_before_s}, only=[*self._meant, *done])


def _end(tx: Transaction, job_ids: Sequence[int]) -> dict[int, list[int]]:
    """End jobs that can never start; the numbers of their instances."""
    ended: dict[int, list[int]] = {}
    for some in chunks(job_ids):
        _cancel(tx, instance.c.job_id.in_(some))
        ended |= {job_id: [] for job_id in some}
    return ended


def _cancel(tx: Transaction, which: ColumnElement[bool]) -> list[int]:
    statement = (
        update(instance)
        .where(which, instance.c.state.in_(_STILL))
        .values(
            state=JobState.CANCELLED.value,
            reason=EndReason.DEPENDENCY_NEVER_MET.value,
            finished_at_s=tx.now_s,
            give_up_at_s=None,
        )
        .returning(instance.c.id, instance.c.job_id)
    )
    rows = tx.connection.execute(statement).all()
    for row in rows:
        tx.touched(row.id, row.job_id)
    return [row.id for row in rows]
