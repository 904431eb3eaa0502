"""How nodes leave an attempt that runs on several: told to, by accident, or lost.

One that leaves before its time ends the attempt for all. The attempt itself is over only when no
node can still run a part of it: the last report, or the last lease, decides that.
"""

from collections.abc import Sequence

from sqlalchemy import select, update

from domain.jobs.delivery import AttemptKey, Completion, CompletionResult
from domain.jobs.job import EndReason, JobState
from store.attempts.losses import lose_attempts
from store.gangs.breaks import OWN_ENDS
from store.gangs.member_tables import attempt_member
from store.gangs.members import IS_CURRENT, IS_OPEN, of_attempt
from store.rows import AnyRow
from store.tables.jobs import instance
from store.transaction import Transaction


def end(tx: Transaction, node_id: int, reports: Sequence[Completion]) -> list[CompletionResult]:
    """Take in how a node's shares ended; the answers stand in the order of the reports."""
    return [_end(tx, node_id, report) for report in reports]


def _end(tx: Transaction, node_id: int, report: Completion) -> CompletionResult:
    _lock(tx, [report.key.instance_id])
    its = of_attempt(report.key) & (attempt_member.c.node_id == node_id)
    row = tx.connection.execute(select(attempt_member).where(its)).one_or_none()
    if row is None:
        return CompletionResult.UNKNOWN
    if row.ended_at_s is not None:
        return CompletionResult.REPEATED
    if row.boot_id != report.boot_id:
        return CompletionResult.FENCED
    _leave(tx, row, report)
    return CompletionResult.ACCEPTED


def lose_of_older_boots(tx: Transaction, node_id: int, boot_id: str) -> None:
    """What a node held before it restarted is gone."""
    rows = tx.connection.execute(
        select(attempt_member).where(
            attempt_member.c.node_id == node_id, attempt_member.c.boot_id != boot_id, IS_OPEN
        )
    ).all()
    _lock(tx, [row.instance_id for row in rows])
    for row in rows:
        _leave(tx, row, _lost(row, EndReason.NODE_RESTARTED))


def lose_expired(tx: Transaction, margin_s: float, drift_frac: float, limit: int) -> None:
    """Lose members whose lease, with its margin, has ended."""
    statement = (
        select(attempt_member, instance.c.lease_ttl_s)
        .select_from(attempt_member.join(instance, IS_CURRENT))
        .where(IS_OPEN, attempt_member.c.boot_id.is_not(None))
        .where(instance.c.state != JobState.ASSIGNED.value)
        .where(attempt_member.c.lease_until_s < tx.now_s - margin_s)
        .limit(limit)
    )
    rows = [
        row
        for row in tx.connection.execute(statement)
        if row.lease_until_s + margin_s + drift_frac * row.lease_ttl_s < tx.now_s
    ]
    _lock(tx, [row.instance_id for row in rows])
    for row in rows:
        _leave(tx, row, _lost(row, EndReason.LEASE_ENDED))


def _lost(row: AnyRow, reason: EndReason) -> Completion:
    key = AttemptKey(instance_id=row.instance_id, attempt=row.attempt)
    return Completion(key=key, boot_id=row.boot_id, reason=reason, exit_code=None)


def _leave(tx: Transaction, row: AnyRow, report: Completion) -> None:
    """Note that a node has nothing of the attempt any more, and draw the conclusion."""
    key = report.key
    its = of_attempt(key) & (attempt_member.c.node_id == row.node_id) & IS_OPEN
    noted = tx.connection.execute(
        update(attempt_member)
        .where(its)
        .values(
            ended_at_s=tx.now_s,
            reason=report.reason.value,
            detail=report.detail,
            cpu_s=report.cpu_s,
            max_rss_bytes=report.max_rss_bytes,
        )
    )
    whole = tx.connection.execute(
        select(instance.c.state, instance.c.node_id)
        .select_from(attempt_member.join(instance, IS_CURRENT))
        .where(of_attempt(key))
        .limit(1)
    ).one_or_none()
    if whole is None or not noted.rowcount:
        return
    if whole.state == JobState.ASSIGNED:
        lose_attempts(tx, [key], EndReason.MEMBER_LOST, avoid_node_id=row.node_id)
        return
    is_as_told = row.must_stop and report.reason is EndReason.CANCELLED
    if whole.state == JobState.RUNNING and not is_as_told:
        is_own = report.reason in OWN_ENDS
        reason = report.reason if is_own else EndReason.MEMBER_LOST
        tx.connection.execute(
            update(instance)
            .where(instance.c.id == key.instance_id, instance.c.reason.is_(None))
            .values(reason=reason.value)
        )
    # It is told to stop, or to report once more the end that waited for this one.
    tx.changed_nodes.append(whole.node_id)


def _lock(tx: Transaction, instance_ids: Sequence[int]) -> None:
    """Take the instances: what follows depends on how far each is."""
    if tx.locks_rows and instance_ids:
        tx.connection.execute(
            select(instance.c.id)
            .where(instance.c.id.in_(instance_ids))
            .order_by(instance.c.id)
            .with_for_update()
        )
