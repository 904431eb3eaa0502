"""Jobs changed after their submission: all of what waits, and of what runs how long it may."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from domain import wire
from domain.events import JobArrayWithdrawn, JobWithdrawn
from domain.jobs.job import FINAL_STATES, JobState
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S, JobSpec
from domain.refusal import Refused
from domain.sbatch.change import ORDER_KEYS, SIZE_KEYS, TIME_KEYS, TYPE_KEYS, Change
from domain.sbatch.durations import describe_duration
from domain.sbatch.licences import KEY as LICENCES
from store.dependencies.conditions import chunks, next_of_same_name
from store.dependencies.dependency_tables import dependency
from store.dependencies.releases import release_blocked
from store.dependencies.settling import let_go
from store.engine.engine_facts import waiting_facts
from store.instances.array_queueing import its_job, neighbours
from store.instances.waiting import WAITING_STATES, give_up_at_s
from store.jobs.job_refs import Single, Target
from store.licences.licences import note_anew
from store.quotas import admission
from store.rows import AnyRow
from store.tables.jobs import instance, job
from store.transaction import Transaction

_OVER = frozenset({*(state.value for state in FINAL_STATES), JobState.CANCELLING.value})
_ON_NODES = frozenset({JobState.ASSIGNED.value, JobState.RUNNING.value, JobState.PREEMPTED.value})

#: What elements on nodes do not notice, and what a job that runs takes.
_OF_ARRAYS_ON_NODES = TIME_KEYS | ORDER_KEYS
_OF_RUNNING = frozenset({"time", "comment", *ORDER_KEYS})
#: Why all else has to wait.
_WHY_NOT = (
    (frozenset({"begin", "deadline", "max-queue-time", "dependency"}), "it has begun"),
    (SIZE_KEYS, "its cores and memory are taken"),
    (TYPE_KEYS, "it was started as that type, at that type's price"),
    (
        frozenset({"constraint", "nodelist", "exclude", "reservation", LICENCES}),
        "it has its node, and is not moved",
    ),
)

#: What the job is to be, asked of what it is now and of whose it is.
Changing = Callable[[Transaction, JobSpec, int], Change | Refused]


@dataclass(frozen=True, slots=True, kw_only=True)
class Modified:
    """What became of a change."""

    change: Change
    notes_before: int  #: So many of the job's notes were said before.
    waiting: int  #: Instances that it holds for.
    running: int  #: Those that run, and of which the time limit was lowered.


def modify(
    tx: Transaction, target: Single | Target, changing: Changing, actor: str
) -> Modified | Refused:
    """Change a job as a whole, all of it or nothing.

    What waits takes every change. Of what runs only the time limit can change, and only be
    lowered: its node is told.
    """
    job_id = target.job_id
    if isinstance(target, Target) and target.wanted is not None:
        return _part_of_array(job_id)
    if tx.locks_rows:
        tx.connection.execute(select(job.c.id).where(job.c.id == job_id).with_for_update())
    rows = _lock(tx, job_id)
    before, tenant_id = its_job(tx, job_id)
    change = changing(tx, before, tenant_id)
    if isinstance(change, Refused):
        return change
    waiting = [row for row in rows if row.state in WAITING_STATES]
    refused = _check_states(target, rows, change, before) or admission.refusal_of_change(
        tx, tenant_id, before, change, len(waiting)
    )
    if refused is not None:
        return refused
    of_same_name = next_of_same_name(tx, [job_id]) if "job-name" in change.keys else set()
    _write(tx, job_id, change.spec, waiting)
    if change.spec.licences != before.licences:
        note_anew(tx, job_id, change.spec)
    lowered = _lower(tx, rows, change.spec, before) if "time" in change.keys else 0
    _tell_engine(tx, target, [row.id for row in waiting if row.state == JobState.QUEUED])
    if "dependency" in change.keys:
        tx.connection.execute(delete(dependency).where(dependency.c.job_id == job_id))
        release_blocked(tx, {job_id: None})
    if "job-name" in change.keys:
        _rename(tx, job_id, change.spec.name, of_same_name)
    for row in rows:
        tx.touched(row.id, job_id)
    tx.audited(actor=actor, action="job.modify", subject=f"job/{job_id}", detail=change.text)
    return Modified(
        change=change,
        notes_before=len(before.notes),
        waiting=len(waiting),
        running=lowered,
    )


def _part_of_array(job_id: int) -> Refused:
    return Refused(
        code="modify.part_of_array",
        sentence=f"The elements of an array share what was asked for; change array {job_id} as a "
        "whole, by its number alone.",
    )


def _lock(tx: Transaction, job_id: int) -> Sequence[AnyRow]:
    """Its instances, in the order in which everybody takes them."""
    statement = (
        select(
            instance.c.id,
            instance.c.state,
            instance.c.node_id,
            instance.c.queued_at_s,
            instance.c.not_before_s,
            instance.c.time_limit_s,
        )
        .where(instance.c.job_id == job_id)
        .order_by(instance.c.id)
    )
    if tx.locks_rows:
        statement = statement.with_for_update()
    return tx.connection.execute(statement).all()


def _check_states(
    target: Single | Target, rows: Sequence[AnyRow], change: Change, before: JobSpec
) -> Refused | None:
    """Why instances in these states cannot take this change."""
    job_id = target.job_id
    states = {row.state for row in rows}
    if states <= _OVER:
        return Refused(
            code="job.ended",
            sentence=f"Job {job_id} has ended or is about to; nothing of it can be changed.",
        )
    if not states & _ON_NODES:
        return None
    if isinstance(target, Target):
        return _while_running(f"Elements of array {job_id} run", change, _OF_ARRAYS_ON_NODES)
    if JobState.ASSIGNED.value in states:
        return Refused(
            code="job.offered",
            sentence=f"Job {job_id} is being offered to a node; try again in a moment.",
        )
    refused = _while_running(f"Job {job_id} runs", change, _OF_RUNNING)
    if refused is not None or "time" not in change.keys:
        return refused
    is_shorter = _limit_s(change.spec) < (rows[0].time_limit_s or _limit_s(before))
    if is_shorter:
        return None
    return Refused(
        code="modify.longer",
        sentence=f"Job {job_id} runs; its time limit can only be lowered, and it is "
        f"{describe_duration(rows[0].time_limit_s or _limit_s(before))} now.",
    )


def is_of_state(refused: Refused) -> bool:
    """Whether the state of the job is the cause of a refusal."""
    return refused.code in {"job.ended", "job.offered"} or refused.code.startswith("job.running_")


def _while_running(who: str, change: Change, allowed: frozenset[str]) -> Refused | None:
    """What cannot change on nodes, by a code for each option, and what can."""
    wrong = sorted(change.keys - allowed)
    if not wrong:
        return None
    key = wrong[0]
    why = next((text for keys, text in _WHY_NOT if key in keys), "it has begun with it")
    known = ", ".join(f"--{other}" for other in sorted(allowed))
    return Refused(
        code=f"job.running_{key.replace('-', '_')}",
        sentence=f"{who}, and --{key} cannot be changed: {why}. Until then these can: {known}.",
    )


def _limit_s(spec: JobSpec) -> int:
    return spec.resources.time_limit_s or DEFAULT_TIME_LIMIT_S


def _write(tx: Transaction, job_id: int, spec: JobSpec, waiting: Sequence[AnyRow]) -> None:
    """Write what the job is now, and with each instance that waits what follows for it."""
    tx.connection.execute(
        update(job)
        .where(job.c.id == job_id)
        .values(name=spec.name, project=spec.project, spec=wire.dumps(spec))
    )
    cores = 0 if spec.resources.whole_node else spec.resources.cores
    alike = {(row.state, row.queued_at_s, row.not_before_s) for row in waiting}
    for state, queued_at_s, not_before_s in alike:
        since_s = not_before_s or queued_at_s
        tx.connection.execute(
            update(instance)
            .where(
                instance.c.job_id == job_id,
                instance.c.state == state,
                instance.c.queued_at_s == queued_at_s,
                instance.c.not_before_s.is_not_distinct_from(not_before_s),
            )
            .values(
                cores=cores,
                nodes=spec.resources.nodes,
                give_up_at_s=give_up_at_s(
                    spec, queued_at_s=since_s if state == JobState.QUEUED else None
                ),
            )
        )


def _lower(tx: Transaction, rows: Sequence[AnyRow], spec: JobSpec, before: JobSpec) -> int:
    """Lower the time limit of what runs with a longer one; how many do."""
    limit_s = _limit_s(spec)
    longer = [
        row
        for row in rows
        if row.state == JobState.RUNNING and limit_s < (row.time_limit_s or _limit_s(before))
    ]
    for some in chunks([row.id for row in longer]):
        tx.connection.execute(
            update(instance).where(instance.c.id.in_(some)).values(time_limit_s=limit_s)
        )
    tx.changed_nodes.extend({row.node_id for row in longer})
    return len(longer)


def _tell_engine(tx: Transaction, target: Single | Target, queued: Sequence[int]) -> None:
    """What queues is another job to the engine from now on."""
    if not queued:
        return
    if isinstance(target, Single):
        tx.record(JobWithdrawn(instance_id=target.job_id))
    else:
        runs = neighbours(queued)
        tx.record(
            JobArrayWithdrawn(
                array_id=target.job_id,
                first_ids=tuple(first for first, _ in runs),
                last_ids=tuple(last for _, last in runs),
            )
        )
    for fact in waiting_facts(tx, target.job_id):
        tx.record(fact)


def _rename(tx: Transaction, job_id: int, name: str, of_same_name: set[int]) -> None:
    """Let those wait for it no more that waited for its old name, and it for its new one."""
    tx.connection.execute(
        update(dependency)
        .where(dependency.c.job_id == job_id, dependency.c.same_name.is_not(None))
        .values(same_name=name)
    )
    let_go(tx, of_same_name | {job_id})
