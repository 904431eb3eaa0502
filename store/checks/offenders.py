"""The queries behind the invariants: each finds the rows that break one."""

import json

from sqlalchemy import Select, Text, and_, cast, exists, func, or_, select, text

from domain.jobs.job import (
    FINAL_STATES,
    HOLDING_STATES,
    PROGRAM_FAILURES,
    AttemptState,
    JobState,
)
from store import triggers
from store.attempts.reconcile import LEASE_DRIFT_FRAC, LEASE_MARGIN_S
from store.dependencies.conditions import OPEN, ConditionState
from store.dependencies.dependency_tables import dependency
from store.instances.waiting import WAITING_STATES
from store.ledger.ledger_tables import meter, register_ledger
from store.quotas.quota_tables import usage_total
from store.tables.access import tenant
from store.tables.engine import decision, event, outbox
from store.tables.files import stored_file
from store.tables.fleet import node, reading
from store.tables.installation import audit
from store.tables.jobs import attempt, instance, job, job_usage
from store.transaction import Transaction

#: A working scheduler takes in, repairs and sends everything well within this time [s].
SETTLED_AFTER_S = 60.0
MOST_EXAMPLES = 5
#: A person had it run again: then more than one attempt of it may have succeeded.
_REQUEUE = "job.requeue"
#: Sums of the same numbers in another order differ by less [s].
_A_SECOND = 1.0
_OPEN = (AttemptState.OFFERED.value, AttemptState.RUNNING.value)
_REPORTED = (AttemptState.DONE.value, AttemptState.FAILED.value, AttemptState.KILLED.value)
_FINAL = tuple(sorted(state.value for state in FINAL_STATES))
_HOLDING = tuple(sorted(state.value for state in HOLDING_STATES))


def two_current_attempts(_: Transaction) -> Select[tuple[int]]:
    return (
        select(attempt.c.instance_id)
        .where(attempt.c.state.in_(_OPEN))
        .group_by(attempt.c.instance_id)
        .having(func.count() > 1)
    )


def current_attempt_is_wrong(_: Transaction) -> Select[tuple[int]]:
    """Offered where its instance is assigned, running where it is further on, same node."""
    is_offer = instance.c.state == JobState.ASSIGNED.value
    agrees = or_(
        and_(is_offer, attempt.c.state == AttemptState.OFFERED.value),
        and_(~is_offer, attempt.c.state == AttemptState.RUNNING.value),
    )
    current = and_(
        attempt.c.instance_id == instance.c.id,
        attempt.c.attempt == instance.c.attempt,
        attempt.c.node_id == instance.c.node_id,
        agrees,
    )
    return (
        select(instance.c.id)
        .select_from(instance.outerjoin(attempt, current))
        .where(instance.c.state.in_(_HOLDING), attempt.c.instance_id.is_(None))
    )


def open_attempt_without_job(_: Transaction) -> Select[tuple[int]]:
    return (
        select(attempt.c.instance_id)
        .select_from(attempt.join(instance, attempt.c.instance_id == instance.c.id))
        .where(attempt.c.state.in_(_OPEN))
        .where(
            or_(instance.c.state.not_in(_HOLDING), instance.c.attempt != attempt.c.attempt),
        )
    )


def attempts_with_gap(_: Transaction) -> Select[tuple[int]]:
    counted = (
        select(
            attempt.c.instance_id,
            func.count().label("count"),
            func.max(attempt.c.attempt).label("newest"),
        )
        .group_by(attempt.c.instance_id)
        .subquery()
    )
    n_attempts = func.coalesce(counted.c.count, 0)
    newest = func.coalesce(counted.c.newest, 0)
    return (
        select(instance.c.id)
        .select_from(instance.outerjoin(counted, counted.c.instance_id == instance.c.id))
        .where(or_(n_attempts != instance.c.attempt, newest != instance.c.attempt))
    )


def overlapping(_: Transaction) -> Select[tuple[int]]:
    earlier, later = attempt.alias("earlier"), attempt.alias("later")
    return (
        select(earlier.c.instance_id)
        .select_from(
            earlier.join(
                later,
                and_(
                    later.c.instance_id == earlier.c.instance_id,
                    later.c.attempt > earlier.c.attempt,
                ),
            )
        )
        .where(earlier.c.started_at_s.is_not(None), later.c.started_at_s.is_not(None))
        .where(
            or_(
                earlier.c.ended_at_s.is_(None),
                later.c.started_at_s < earlier.c.ended_at_s,
            )
        )
    )


def succeeded_not_once(_: Transaction) -> Select[tuple[int]]:
    billed = (
        select(attempt.c.instance_id, func.count().label("count"))
        .select_from(
            attempt.join(
                job_usage,
                and_(
                    job_usage.c.instance_id == attempt.c.instance_id,
                    job_usage.c.attempt == attempt.c.attempt,
                ),
            )
        )
        .where(attempt.c.state == AttemptState.DONE.value)
        .group_by(attempt.c.instance_id)
        .subquery()
    )
    n_billed = func.coalesce(billed.c.count, 0)
    is_done = instance.c.state == JobState.SUCCEEDED.value
    subjects = ["job/" + cast(number, Text) for number in (instance.c.id, instance.c.job_id)]
    is_asked_for = exists(
        select(audit.c.id).where(audit.c.subject.in_(subjects), audit.c.action == _REQUEUE)
    )
    is_wrong = or_(and_(is_done, n_billed != 1), and_(~is_done, n_billed != 0))
    return (
        select(instance.c.id)
        .select_from(instance.outerjoin(billed, billed.c.instance_id == instance.c.id))
        .where(is_wrong, or_(~is_asked_for, and_(is_done, n_billed == 0)))
    )


def usage_is_wrong(_: Transaction) -> Select[tuple[int]]:
    """An attempt that started and was reported has a row; a lost or fenced one has none."""
    is_billed = and_(attempt.c.state.in_(_REPORTED), attempt.c.started_at_s.is_not(None))
    same = and_(
        job_usage.c.instance_id == attempt.c.instance_id,
        job_usage.c.attempt == attempt.c.attempt,
    )
    return (
        select(attempt.c.instance_id)
        .select_from(attempt.outerjoin(job_usage, same))
        .where(
            or_(
                and_(is_billed, job_usage.c.instance_id.is_(None)),
                and_(~is_billed, job_usage.c.instance_id.is_not(None)),
            )
        )
    )


def usage_without_attempt(_: Transaction) -> Select[tuple[int]]:
    same = and_(
        job_usage.c.instance_id == attempt.c.instance_id,
        job_usage.c.attempt == attempt.c.attempt,
    )
    return (
        select(job_usage.c.instance_id)
        .select_from(job_usage.outerjoin(attempt, same))
        .where(attempt.c.instance_id.is_(None))
    )


def failures_miscounted(_: Transaction) -> Select[tuple[int]]:
    faults = tuple(reason.value for reason in PROGRAM_FAILURES)
    counted = (
        select(attempt.c.instance_id, func.count().label("count"))
        .where(attempt.c.state == AttemptState.FAILED.value, attempt.c.reason.in_(faults))
        .group_by(attempt.c.instance_id)
        .subquery()
    )
    return (
        select(instance.c.id)
        .select_from(instance.outerjoin(counted, counted.c.instance_id == instance.c.id))
        .where(instance.c.failures != func.coalesce(counted.c.count, 0))
    )


def end_is_wrong(_: Transaction) -> Select[tuple[int]]:
    is_final = instance.c.state.in_(_FINAL)
    return select(instance.c.id).where(
        or_(
            and_(is_final, instance.c.finished_at_s.is_(None)),
            and_(is_final, instance.c.lease_until_s.is_not(None)),
            and_(~is_final, instance.c.finished_at_s.is_not(None)),
            and_(instance.c.state.in_(_HOLDING), instance.c.lease_until_s.is_(None)),
        )
    )


def job_without_instance(_: Transaction) -> Select[tuple[int]]:
    return (
        select(job.c.id)
        .select_from(job.outerjoin(instance, instance.c.job_id == job.c.id))
        .where(instance.c.id.is_(None))
    )


def array_not_whole(_: Transaction) -> Select[tuple[int]]:
    return (
        select(job.c.id)
        .select_from(job.join(instance, instance.c.job_id == job.c.id))
        .where(job.c.array_count.is_not(None))
        .group_by(job.c.id, job.c.array_count)
        .having(func.count(instance.c.array_index.distinct()) != job.c.array_count)
    )


def array_over_limit(_: Transaction) -> Select[tuple[int]]:
    return (
        select(job.c.id)
        .select_from(job.join(instance, instance.c.job_id == job.c.id))
        .where(job.c.array_at_once.is_not(None), instance.c.state.in_(_HOLDING))
        .group_by(job.c.id, job.c.array_at_once)
        .having(func.count() > job.c.array_at_once)
    )


def blocked_for_nothing(_: Transaction) -> Select[tuple[int]]:
    waits = exists(
        select(dependency.c.job_id).where(
            dependency.c.job_id == instance.c.job_id,
            dependency.c.state == ConditionState.WAITING.value,
        )
    )
    return select(instance.c.id).where(instance.c.state == JobState.BLOCKED.value, ~waits)


def condition_forgotten(_: Transaction) -> Select[tuple[int]]:
    """One that still waits though all it is about has ended."""
    about = instance.c.id.between(dependency.c.first_id, dependency.c.last_id)
    goes_on = exists(select(instance.c.id).where(about, instance.c.state.in_(OPEN)))
    return select(dependency.c.job_id).where(
        dependency.c.state == ConditionState.WAITING.value,
        dependency.c.on_job_id.is_not(None),
        ~goes_on,
    )


def attempt_without_reason(_: Transaction) -> Select[tuple[int]]:
    return (
        select(attempt.c.instance_id)
        .select_from(attempt.outerjoin(decision, decision.c.batch == attempt.c.batch))
        .where(decision.c.batch.is_(None))
    )


def lease_forgotten(tx: Transaction) -> Select[tuple[int]]:
    end_s = instance.c.lease_until_s + LEASE_MARGIN_S + LEASE_DRIFT_FRAC * instance.c.lease_ttl_s
    return select(instance.c.id).where(
        instance.c.state.in_(_HOLDING), end_s < tx.now_s - SETTLED_AFTER_S
    )


def waits_for_ever(tx: Transaction) -> Select[tuple[int]]:
    return select(instance.c.id).where(
        instance.c.state.in_(WAITING_STATES),
        instance.c.give_up_at_s < tx.now_s - SETTLED_AFTER_S,
    )


def event_not_consumed(tx: Transaction) -> Select[tuple[int]]:
    return select(event.c.id).where(
        event.c.batch.is_(None), event.c.at_s < tx.now_s - SETTLED_AFTER_S
    )


def message_not_sent(tx: Transaction) -> Select[tuple[int]]:
    return select(outbox.c.id).where(
        outbox.c.sent_at_s.is_(None), outbox.c.created_at_s < tx.now_s - 2 * SETTLED_AFTER_S
    )


def simulated_as_real(_: Transaction) -> Select[tuple[int]]:
    """A meter that is taken as real, though a reading of it says that it is simulated."""
    says_simulated = reading.c.payload.like('%"simulated":true%')
    same = and_(reading.c.node_id == meter.c.node_id, reading.c.seq == register_ledger.c.seq)
    return (
        select(meter.c.id)
        .select_from(
            meter.join(register_ledger, register_ledger.c.meter_id == meter.c.id).join(
                reading, same
            )
        )
        .where(meter.c.is_simulated.is_(False), says_simulated)
        .distinct()
    )


def stored_bytes_miscounted(_: Transaction) -> Select[tuple[int]]:
    counted = (
        select(func.coalesce(func.sum(stored_file.c.size_bytes), 0))
        .where(stored_file.c.tenant_id == tenant.c.id, stored_file.c.removed_at_s.is_(None))
        .scalar_subquery()
    )
    return select(tenant.c.id).where(tenant.c.stored_bytes != counted)


def usage_miscounted(tx: Transaction) -> list[str]:
    """Tenants and months of which the sums are not those of what was billed."""
    keys = (job_usage.c.tenant_id, job_usage.c.month)
    billed = select(*keys, func.sum(job_usage.c.cores * job_usage.c.wall_s)).group_by(*keys)
    kept = (usage_total.c.tenant_id, usage_total.c.month)
    summed = select(*kept, func.sum(usage_total.c.core_s)).group_by(*kept)
    there = {(row[0], row[1]): row[2] for row in tx.connection.execute(billed)}
    here = {(row[0], row[1]): row[2] for row in tx.connection.execute(summed)}
    return [
        f"tenant {tenant_id} in {month}"
        for tenant_id, month in sorted(there.keys() | here.keys())
        if abs(there.get((tenant_id, month), 0.0) - here.get((tenant_id, month), 0.0)) > _A_SECOND
    ][:MOST_EXAMPLES]


def node_simulated_meter_not(tx: Transaction) -> list[str]:
    rows = tx.connection.execute(
        select(meter.c.serial, meter.c.is_simulated, node.c.spec).select_from(
            meter.join(node, meter.c.node_id == node.c.id)
        )
    )
    return [
        f"meter {row.serial}"
        for row in rows
        if json.loads(row.spec)["is_simulated"] and not row.is_simulated
    ][:MOST_EXAMPLES]


def damaged(tx: Transaction) -> list[str]:
    """What SQLite says of its own file; PostgreSQL enforces its references at all times."""
    if tx.locks_rows:
        return []
    report = tx.connection.execute(text("PRAGMA quick_check")).scalars().all()
    dangling = tx.connection.execute(text("PRAGMA foreign_key_check")).all()
    said = [line for line in report if line != "ok"]
    said += [f"a row of {row[0]} refers to nothing in {row[2]}" for row in dangling]
    return said[:MOST_EXAMPLES]


def triggers_differ(tx: Transaction) -> list[str]:
    return [f"trigger {name}" for name in triggers.differing(tx.connection)]
