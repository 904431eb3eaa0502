"""What one node is given, and told to stop, of attempts that run on several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from domain.jobs.delivery import AttemptKey, Completion, Kill
from domain.jobs.job import HOLDING_STATES, EndReason, JobState
from store.attempts import gang_partings as partings
from store.gangs.member_tables import attempt_member
from store.gangs.members import IS_OPEN, are_ready, nodes_of
from store.rows import AnyRow
from store.tables.access import tenant
from store.tables.jobs import instance, job
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """A node's part of attempts that run on several."""

    claimed: tuple[AnyRow, ...]  #: To be started, or handed out again; with ``place``.
    kill: tuple[Kill, ...]
    cores: int  #: That are taken by what is claimed now.


NONE = Shares(claimed=(), kill=(), cores=0)

_MINE = (
    select(
        attempt_member.c.place,
        attempt_member.c.attempt,
        attempt_member.c.boot_id,
        attempt_member.c.address,
        attempt_member.c.must_stop,
        instance.c.id,
        instance.c.job_id,
        instance.c.array_index,
        instance.c.state,
        instance.c.attempt.label("current_attempt"),
        instance.c.node_id.label("lead_id"),
        instance.c.cores,
        instance.c.lease_ttl_s,
        job.c.spec,
        tenant.c.name,
    )
    .select_from(
        attempt_member.join(instance, attempt_member.c.instance_id == instance.c.id)
        .join(job, instance.c.job_id == job.c.id)
        .join(tenant, instance.c.tenant_id == tenant.c.id)
    )
    .where(attempt_member.c.node_id == bindparam("of_node"), IS_OPEN)
    .order_by(instance.c.id)
)


def claim(
    tx: Transaction,
    *,
    node_id: int,
    boot_id: str,
    holding: Mapping[AttemptKey, str | None],
    free_cores: int,
    total_cores: int,
) -> Shares:
    """Take the shares that are offered to this node and fit; hear where those it holds listen.

    ``holding`` are the shares it has, each with its address once it listens.
    """
    statement = _MINE.with_for_update(of=instance) if tx.locks_rows else _MINE
    fresh: list[AnyRow] = []
    again: list[AnyRow] = []
    stop: list[AttemptKey] = []
    gone: list[AttemptKey] = []
    taken = 0
    rows = {
        AttemptKey(instance_id=row.id, attempt=row.attempt): row
        for row in tx.connection.execute(statement, {"of_node": node_id})
    }
    for key, row in rows.items():
        is_mine = row.boot_id == boot_id
        if not _is_wanted(row):
            (stop if key in holding else gone).append(key)
        elif row.boot_id is None and row.state == JobState.ASSIGNED:
            need = row.cores or total_cores
            if need <= free_cores - taken:
                taken += need
                fresh.append(row)
        elif is_mine and key not in holding:
            again.append(row)
    _note_claims(tx, fresh, node_id, boot_id)
    _note_addresses(tx, rows, node_id, boot_id, holding)
    for key in gone:
        # Claimed into a lost connection, or ended unheard: the node has nothing of it.
        if rows[key].boot_id == boot_id:
            nothing = Completion(
                key=key, boot_id=boot_id, reason=EndReason.CANCELLED, exit_code=None
            )
            partings.end(tx, node_id, [nothing])
    stop += [key for key in holding if key not in rows]
    return Shares(
        claimed=(*fresh, *again),
        kill=tuple(Kill(key=key, reason=EndReason.CANCELLED) for key in stop),
        cores=taken,
    )


def _is_wanted(row: AnyRow) -> bool:
    is_current = row.attempt == row.current_attempt and JobState(row.state) in HOLDING_STATES
    return is_current and not row.must_stop


def _note_claims(tx: Transaction, rows: Sequence[AnyRow], node_id: int, boot_id: str) -> None:
    if rows:
        tx.connection.execute(
            update(attempt_member)
            .where(
                attempt_member.c.instance_id == bindparam("of_id"),
                attempt_member.c.attempt == bindparam("of_attempt"),
                attempt_member.c.node_id == node_id,
            )
            .values(boot_id=boot_id),
            [{"of_id": row.id, "of_attempt": row.attempt} for row in rows],
        )


def _note_addresses(
    tx: Transaction,
    rows: Mapping[AttemptKey, AnyRow],
    node_id: int,
    boot_id: str,
    holding: Mapping[AttemptKey, str | None],
) -> None:
    """Where a share listens; the node that runs the script is woken when all of them do."""
    news = [
        (key, address)
        for key, address in holding.items()
        if address is not None and key in rows
        if rows[key].address is None and rows[key].boot_id == boot_id
    ]
    if not news:
        return
    tx.connection.execute(
        update(attempt_member)
        .where(
            attempt_member.c.instance_id == bindparam("of_id"),
            attempt_member.c.attempt == bindparam("of_attempt"),
            attempt_member.c.node_id == node_id,
        )
        .values(address=bindparam("of_address")),
        [
            {"of_id": key.instance_id, "of_attempt": key.attempt, "of_address": address}
            for key, address in news
        ],
    )
    gangs = nodes_of(tx.connection, [key for key, _ in news])
    tx.changed_nodes.extend(rows[key].lead_id for key, _ in news if are_ready(gangs[key]))
