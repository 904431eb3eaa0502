"""How attempts end: idempotent, fenced, and billed in the same transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Double, bindparam, func, insert, select, update

from domain import wire
from domain.calendar.months import month_of
from domain.events import AttemptEnded
from domain.fleet.node import NodeSpec, node_spec_of
from domain.jobs.delivery import Completion, CompletionResult
from domain.jobs.job import (
    FINAL_STATES,
    INNOCENT_ENDS,
    PROGRAM_FAILURES,
    AttemptState,
    EndReason,
    JobState,
)
from domain.jobs.job_spec import JobSpec
from domain.jobs.retry import retry_delay_s
from store.attempts.usage import NO_PROJECT
from store.dependencies.settling import settle
from store.files.results import Left, list_results, replace_results
from store.gangs import members
from store.gangs.breaks import BREAKS
from store.instances.queueing import queued_event
from store.instances.waiting import give_up_at_s
from store.quotas import budgets
from store.rows import AnyRow
from store.tables.fleet import node
from store.tables.jobs import attempt, instance, job, job_usage
from store.transaction import Transaction

_ENDED = frozenset({AttemptState.DONE, AttemptState.FAILED, AttemptState.KILLED})
_LIVE = frozenset({JobState.RUNNING, JobState.PREEMPTED, JobState.CANCELLING})


_WAITS_NO_MORE: dict[str, object] = {"of_not_before": None, "of_give_up": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    job_state: JobState
    attempt_state: AttemptState
    failures: int


def complete(
    tx: Transaction, node_id: int, reports: Sequence[Completion]
) -> list[CompletionResult]:
    """Take in how attempts ended; the answers stand in the order of the reports."""
    if not reports:
        return []
    rows = _load(tx, reports)
    spec = _node_spec(tx, node_id)
    results, accepted = [], []
    for report in reports:
        row = rows.get((report.key.instance_id, report.key.attempt))
        result = _judge(row, report, node_id)
        if result is CompletionResult.ACCEPTED and row is not None and row.nodes > 1:
            result = _wait_for_others(tx, row, report)
        if result is CompletionResult.ACCEPTED and row is not None:
            accepted.append((row, _as_it_was(tx, row, _as_wished(row, report))))
            del rows[(report.key.instance_id, report.key.attempt)]
        elif result is CompletionResult.FENCED and row is not None:
            _fence(tx, row, report)
        results.append(result)
    _write(tx, accepted, node_id, spec)
    return results


def _load(tx: Transaction, reports: Sequence[Completion]) -> dict[tuple[int, int], AnyRow]:
    statement = (
        select(
            instance.c.id,
            instance.c.job_id,
            instance.c.tenant_id,
            instance.c.state,
            instance.c.reason,
            instance.c.attempt.label("current_attempt"),
            instance.c.failures,
            instance.c.cores,
            instance.c.nodes,
            instance.c.started_at_s,
            attempt.c.attempt,
            attempt.c.state.label("attempt_state"),
            attempt.c.node_id,
            attempt.c.boot_id,
            job.c.spec,
        )
        .select_from(
            attempt.join(instance, attempt.c.instance_id == instance.c.id).join(
                job, instance.c.job_id == job.c.id
            )
        )
        .where(attempt.c.instance_id.in_({report.key.instance_id for report in reports}))
        .order_by(instance.c.id)
    )
    if tx.locks_rows:
        statement = statement.with_for_update(of=instance)
    return {(row.id, row.attempt): row for row in tx.connection.execute(statement)}


def _judge(row: AnyRow | None, report: Completion, node_id: int) -> CompletionResult:
    if row is None or row.node_id != node_id:
        return CompletionResult.UNKNOWN
    if row.attempt_state in _ENDED:
        return CompletionResult.REPEATED
    is_current = row.current_attempt == row.attempt and row.state in _LIVE
    if is_current and row.attempt_state == AttemptState.RUNNING and row.boot_id == report.boot_id:
        return CompletionResult.ACCEPTED
    return CompletionResult.FENCED


def _as_wished(row: AnyRow, report: Completion) -> Completion:
    """A stop that a person wished may have been told to the node as a preemption before."""
    if report.reason is not EndReason.PREEMPTED:
        return report
    if row.state == JobState.CANCELLING:
        return replace(report, reason=EndReason.CANCELLED)
    is_wished = row.reason == EndReason.REQUEUED
    return replace(report, reason=EndReason.REQUEUED) if is_wished else report


def _wait_for_others(tx: Transaction, row: AnyRow, report: Completion) -> CompletionResult:
    """Take an end in only when no other node can still run a part of it; they are told to stop."""
    if not members.call_off(tx, report.key):
        return CompletionResult.ACCEPTED
    tx.connection.execute(
        update(instance)
        .where(instance.c.id == row.id)
        .values(lease_until_s=tx.now_s + instance.c.lease_ttl_s)
    )
    return CompletionResult.WAITING


def _as_it_was(tx: Transaction, row: AnyRow, report: Completion) -> Completion:
    """An attempt of several nodes that one of them left: that is why its program ended."""
    is_broken = row.nodes > 1 and row.state == JobState.RUNNING and row.reason in BREAKS
    if not is_broken or report.reason is EndReason.COMPLETED:
        return report
    first = members.first_to_leave(tx.connection, report.key)
    return replace(
        report,
        reason=EndReason(row.reason),
        detail=report.detail if first is None else first.detail,
    )


def _fence(tx: Transaction, row: AnyRow, report: Completion) -> None:
    if row.attempt_state == AttemptState.LOST:
        tx.connection.execute(
            update(attempt)
            .where(attempt.c.instance_id == row.id, attempt.c.attempt == row.attempt)
            .values(
                state=AttemptState.FENCED.value,
                exit_code=report.exit_code,
                detail=f"Reported {report.reason.value} after it was lost; not billed.",
            )
        )


def _verdict(
    row: AnyRow, report: Completion, *, max_attempts: int, requeue: bool | None
) -> _Verdict:
    reason = report.reason
    failures = row.failures + (1 if reason in PROGRAM_FAILURES else 0)
    if reason is EndReason.COMPLETED:
        return _Verdict(
            job_state=JobState.SUCCEEDED, attempt_state=AttemptState.DONE, failures=failures
        )
    cancelling = row.state == JobState.CANCELLING
    if reason in PROGRAM_FAILURES:
        again = failures < max_attempts and row.state == JobState.RUNNING
        return _Verdict(
            job_state=JobState.QUEUED if again else JobState.FAILED,
            attempt_state=AttemptState.FAILED,
            failures=failures,
        )
    if cancelling or reason is EndReason.CANCELLED:
        after = JobState.CANCELLED if cancelling else JobState.FAILED
    elif row.state == JobState.RUNNING and requeue is False:
        after = JobState.HELD
    else:
        after = JobState.QUEUED
    return _Verdict(job_state=after, attempt_state=AttemptState.KILLED, failures=failures)


def _write(
    tx: Transaction,
    accepted: Sequence[tuple[AnyRow, Completion]],
    node_id: int,
    node_spec: NodeSpec,
) -> None:
    if not accepted:
        return
    # First, so that the engine never hears of an end before what it used of a safe budget.
    billed = [_usage_values(tx, row, report, node_spec) for row, report in accepted]
    tx.connection.execute(insert(job_usage), billed)
    budgets.bill(tx, billed)
    ends: list[dict[str, object]] = []
    files: list[Left] = []
    for row, report in accepted:
        plain = json.loads(row.spec)
        verdict = _verdict(
            row, report, max_attempts=plain["max_attempts"], requeue=plain["requeue"]
        )
        ends.append({**_end_values(tx, row, report, verdict), **_WAITS_NO_MORE})
        left = Left(key=report.key, tenant_id=row.tenant_id, files=report.files)
        if plain.get("copy_results_every_s") is not None:
            replace_results(tx, left)
        elif report.files:
            files.append(left)
        tx.record(
            AttemptEnded(
                instance_id=row.id,
                attempt=row.attempt,
                node_id=node_id,
                reason=report.reason.value,
                wall_s=report.wall_s,
            )
        )
        if verdict.job_state not in FINAL_STATES:
            ends[-1] |= _go_on_waiting(tx, row, report, verdict, wire.load_spec(plain))
        tx.touched(row.id, row.job_id)
    _write_ends(tx, ends)
    settle(
        tx,
        [
            (row.job_id, row.id)
            for (row, _), end in zip(accepted, ends, strict=True)
            if end["of_finished"] is not None
        ],
    )
    list_results(tx, files)


def _go_on_waiting(
    tx: Transaction, row: AnyRow, report: Completion, verdict: _Verdict, spec: JobSpec
) -> dict[str, object]:
    """Queue an instance again, or have it held; until when it waits, to be written."""
    if verdict.job_state is not JobState.QUEUED:
        return {"of_give_up": give_up_at_s(spec, queued_at_s=None)}
    not_before_s = None
    if report.reason in PROGRAM_FAILURES:
        not_before_s = tx.now_s + retry_delay_s(
            instance_id=row.id, attempt=row.attempt, failures=verdict.failures
        )
    tx.record(
        queued_event(
            spec,
            instance_id=row.id,
            job_id=row.job_id,
            tenant_id=row.tenant_id,
            queued_at_s=tx.now_s,
            last_attempt=row.attempt,
            avoid_node_id=_avoided(tx, row, report),
            not_before_s=not_before_s,
        )
    )
    return {
        "of_not_before": not_before_s,
        "of_give_up": give_up_at_s(spec, queued_at_s=not_before_s or tx.now_s),
    }


def _avoided(tx: Transaction, row: AnyRow, report: Completion) -> int | None:
    """The node on which it went wrong."""
    if report.reason in INNOCENT_ENDS:
        return None
    first = None
    if row.nodes > 1 and row.reason in BREAKS:
        first = members.first_to_leave(tx.connection, report.key)
    node_id: int = row.node_id if first is None else first.node_id
    return node_id


def _end_values(
    tx: Transaction, row: AnyRow, report: Completion, verdict: _Verdict
) -> dict[str, object]:
    is_final = verdict.job_state in FINAL_STATES
    return {
        "of_id": row.id,
        "of_attempt": row.attempt,
        "of_node": row.node_id if is_final else None,
        "of_started": row.started_at_s if is_final else None,
        "of_state": verdict.job_state.value,
        "of_attempt_state": verdict.attempt_state.value,
        "of_failures": verdict.failures,
        "of_finished": tx.now_s if is_final else None,
        "of_queued": tx.now_s if verdict.job_state is JobState.QUEUED else None,
        "of_reason": report.reason.value,
        "of_exit_code": report.exit_code,
        "of_detail": report.detail,
    }


def _usage_values(
    tx: Transaction, row: AnyRow, report: Completion, node_spec: NodeSpec
) -> dict[str, object]:
    """What a tenant is billed on.

    The energy is an estimate from the node's power model: CPU seconds at the power that one busy
    core adds; the heat is the share of it that the node brings to its water. They never stand in
    for what a meter says. Of several nodes each is counted by its own model; of one that was lost
    nobody knows what it used.
    """
    plain = json.loads(row.spec)
    parts = [(node_spec, report.cpu_s, report.max_rss_bytes)]
    if row.nodes > 1:
        parts += [
            (node_spec_of(json.loads(other.spec)), other.cpu_s, other.max_rss_bytes)
            for other in members.nodes_of(tx.connection, [report.key])[report.key]
        ]
    energies_wh = [spec.job_energy_wh(cpu_s) for spec, cpu_s, _ in parts]
    return {
        "instance_id": row.id,
        "attempt": row.attempt,
        "tenant_id": row.tenant_id,
        "node_id": row.node_id,
        "cores": sum(row.cores or spec.cores for spec, _, _ in parts),
        "wall_s": report.wall_s,
        "cpu_s": sum(cpu_s for _, cpu_s, _ in parts),
        "max_rss_bytes": max(rss_bytes for _, _, rss_bytes in parts),
        "energy_estimate_wh": sum(energies_wh),
        "heat_estimate_wh": sum(
            energy_wh * spec.capture_frac
            for energy_wh, (spec, _, _) in zip(energies_wh, parts, strict=True)
        ),
        "is_simulated": any(spec.is_simulated for spec, _, _ in parts),
        "ended_at_s": tx.now_s,
        "month": month_of(tx.now_s),
        "project": plain["project"] or NO_PROJECT,
        "scheduling_type": plain["scheduling_type"],
    }


def _write_ends(tx: Transaction, ends: list[dict[str, object]]) -> None:
    tx.connection.execute(
        update(instance)
        .where(instance.c.id == bindparam("of_id"))
        .values(
            state=bindparam("of_state"),
            failures=bindparam("of_failures"),
            finished_at_s=bindparam("of_finished"),
            reason=bindparam("of_reason"),
            exit_code=bindparam("of_exit_code"),
            lease_until_s=None,
            not_before_s=bindparam("of_not_before", type_=Double),
            give_up_at_s=bindparam("of_give_up", type_=Double),
            # What waits again is nowhere and has not started; its attempts keep the history.
            node_id=bindparam("of_node"),
            started_at_s=bindparam("of_started"),
            queued_at_s=func.coalesce(bindparam("of_queued", type_=Double), instance.c.queued_at_s),
        ),
        ends,
    )
    tx.connection.execute(
        update(attempt)
        .where(
            attempt.c.instance_id == bindparam("of_id"),
            attempt.c.attempt == bindparam("of_attempt"),
        )
        .values(
            state=bindparam("of_attempt_state"),
            ended_at_s=tx.now_s,
            reason=bindparam("of_reason"),
            exit_code=bindparam("of_exit_code"),
            detail=bindparam("of_detail"),
        ),
        ends,
    )


def _node_spec(tx: Transaction, node_id: int) -> NodeSpec:
    text = tx.connection.execute(select(node.c.spec).where(node.c.id == node_id)).scalar_one()
    return node_spec_of(json.loads(text))
