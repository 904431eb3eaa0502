"""What jobs wait for: read from the store, and judged by what has become of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, select

from domain.jobs.job import FINAL_STATES, JobState
from domain.sbatch.dependencies import DependencyKind
from store.dependencies.dependency_tables import dependency
from store.tables.jobs import attempt, instance, job
from store.transaction import Transaction

#: Numbers named in one statement.
_CHUNK = 500
OPEN = tuple(state.value for state in JobState if state not in FINAL_STATES)
BAD = (JobState.FAILED.value, JobState.CANCELLED.value)
_MAYBE_NOT_BEGUN = (
    JobState.HELD.value,
    JobState.BLOCKED.value,
    JobState.QUEUED.value,
    JobState.ASSIGNED.value,
)


class ConditionState(StrEnum):
    """Where one condition of a job stands."""

    WAITING = "waiting"
    MET = "met"
    NEVER = "never"  #: What it asks for cannot happen any more.
    UNNEEDED = "unneeded"  #: The others decided.


@dataclass(slots=True)
class Condition:
    """One thing a job waits for, with what is known of it now."""

    job_id: int
    position: int
    kind: DependencyKind
    on_job_id: int | None
    delay_s: float
    is_any: bool
    state: ConditionState
    not_before_s: float | None
    is_open: bool  #: Something it is about has not ended.
    has_bad: bool  #: Something it is about has failed, or was cancelled.
    not_begun: bool
    last_began_s: float | None

    def ended_badly(self) -> None:
        """What it is about was cancelled as a whole, before it began."""
        self.is_open, self.has_bad, self.not_begun = False, True, False

    def judge(self, now_s: float) -> ConditionState:
        """Its state by what is known; one that is decided stays so."""
        if self.state is ConditionState.WAITING:
            self.state = self._judged()
            if self.state is ConditionState.MET and self.delay_s:
                self.not_before_s = (self.last_began_s or now_s) + self.delay_s
        return self.state

    def _judged(self) -> ConditionState:
        waiting, met, never = ConditionState.WAITING, ConditionState.MET, ConditionState.NEVER
        match self.kind:
            case DependencyKind.AFTER:
                return waiting if self.not_begun else met
            case DependencyKind.AFTER_OK:
                if self.has_bad:
                    return never
            case DependencyKind.AFTER_NOT_OK:
                if not self.is_open and not self.has_bad:
                    return never
        return waiting if self.is_open else met


def any_waits(tx: Transaction) -> bool:
    """Whether any job waits for another at all: mostly none does, and this is all that is asked."""
    statement = (
        select(dependency.c.job_id)
        .where(dependency.c.state == ConditionState.WAITING.value)
        .limit(1)
    )
    return tx.connection.execute(statement).first() is not None


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Numbers in pieces that one statement can name."""
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def waiting_for(
    tx: Transaction, job_ids: Sequence[int], kind: DependencyKind | None = None
) -> set[int]:
    """The jobs that have a condition, or one of this kind, on one of these."""
    found: set[int] = set()
    for some in chunks(job_ids):
        statement = select(dependency.c.job_id).where(
            dependency.c.state == ConditionState.WAITING.value, dependency.c.on_job_id.in_(some)
        )
        if kind is not None:
            statement = statement.where(dependency.c.kind == kind.value)
        found.update(tx.connection.execute(statement).scalars())
    return found


def next_of_same_name(tx: Transaction, job_ids: Sequence[int]) -> set[int]:
    """Of each name that one of these jobs has, the first that waits to be alone with it."""
    names: dict[int, set[str]] = {}
    for some in chunks(job_ids):
        named = select(job.c.tenant_id, job.c.name).where(job.c.id.in_(some)).distinct()
        for row in tx.connection.execute(named):
            names.setdefault(row.tenant_id, set()).add(row.name)
    found: set[int] = set()
    for tenant_id, its in names.items():
        statement = (
            select(func.min(dependency.c.job_id))
            .where(
                dependency.c.state == ConditionState.WAITING.value,
                dependency.c.tenant_id == tenant_id,
                dependency.c.same_name.in_(its),
            )
            .group_by(dependency.c.same_name)
        )
        found.update(tx.connection.execute(statement).scalars())
    return found


def reached_from(tx: Transaction, job_ids: Sequence[int]) -> set[int]:
    """The jobs that wait for one of these, for one that waits for it, and so on."""
    found: set[int] = set()
    waits = dependency.c.state == ConditionState.WAITING.value
    for some in chunks(job_ids):
        reach = (
            select(dependency.c.job_id)
            .where(waits, dependency.c.on_job_id.in_(some))
            .cte("reach", recursive=True)
        )
        further = dependency.alias("further")
        reach = reach.union(
            select(further.c.job_id)
            .join(reach, further.c.on_job_id == reach.c.job_id)
            .where(further.c.state == ConditionState.WAITING.value)
        )
        found.update(tx.connection.execute(select(reach.c.job_id)).scalars())
    return found


def conditions_of(tx: Transaction, job_ids: Sequence[int]) -> dict[int, list[Condition]]:
    """Every condition of these jobs, in the order given; the jobs are locked first."""
    found: dict[int, list[Condition]] = {}
    for some in chunks(sorted(job_ids)):
        if tx.locks_rows:
            # Two that end at once must not both take the other for going on.
            lock = select(job.c.id).where(job.c.id.in_(some)).order_by(job.c.id).with_for_update()
            tx.connection.execute(lock)
        for row in tx.connection.execute(_conditions().where(dependency.c.job_id.in_(some))):
            values = dict(row._mapping)
            values["kind"] = DependencyKind(row.kind)
            values["state"] = ConditionState(row.state)
            found.setdefault(row.job_id, []).append(Condition(**values))
    return found


def _conditions() -> Select[tuple[object, ...]]:
    about = instance.c.id.between(dependency.c.first_id, dependency.c.last_id)
    earlier = job.alias("earlier")
    same_name = (
        select(instance.c.id)
        .join(earlier, instance.c.job_id == earlier.c.id)
        .where(
            instance.c.state.in_(OPEN),
            instance.c.id < dependency.c.job_id,
            instance.c.tenant_id == dependency.c.tenant_id,
            earlier.c.name == dependency.c.same_name,
        )
    )
    is_singleton = dependency.c.kind == DependencyKind.SINGLETON.value
    is_open = case(
        (is_singleton, exists(same_name)),
        else_=exists(select(instance.c.id).where(about, instance.c.state.in_(OPEN))),
    )
    waits = dependency.c.state == ConditionState.WAITING.value
    return select(
        dependency.c.job_id,
        dependency.c.position,
        dependency.c.kind,
        dependency.c.on_job_id,
        dependency.c.delay_s,
        dependency.c.is_any,
        dependency.c.state,
        dependency.c.not_before_s,
        _if(waits, is_open).label("is_open"),
        _if(waits, exists(select(instance.c.id).where(about, instance.c.state.in_(BAD)))).label(
            "has_bad"
        ),
        _if(
            waits & (dependency.c.kind == DependencyKind.AFTER.value),
            exists(select(instance.c.id).where(about, _not_begun())),
        ).label("not_begun"),
        case(
            (
                waits & (dependency.c.delay_s > 0),
                select(func.max(func.coalesce(instance.c.started_at_s, instance.c.finished_at_s)))
                .where(about)
                .scalar_subquery(),
            ),
        ).label("last_began_s"),
    ).order_by(dependency.c.job_id, dependency.c.position)


def _if(asked: ColumnElement[bool], what: ColumnElement[bool]) -> ColumnElement[bool]:
    """Only where it is asked for is it looked for."""
    return case((asked, what), else_=false())


def _not_begun() -> ColumnElement[bool]:
    """One that waits, and no attempt of which ever ran."""
    ran = exists(
        select(attempt.c.instance_id).where(
            attempt.c.instance_id == instance.c.id, attempt.c.started_at_s.is_not(None)
        )
    )
    return and_(instance.c.state.in_(_MAYBE_NOT_BEGUN), ~ran)
