"""What attempts leave: listed by path, the newest copy in the place of the one before."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from domain.files.job_files import ResultFile
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import HOLDING_STATES, JobState
from store.files.stored_files import let_go, revive
from store.tables.jobs import instance, result_file
from store.transaction import Transaction

#: Jobs whose results are let go in one step.
MOST_JOBS_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What an attempt left."""

    key: AttemptKey
    tenant_id: int
    files: Sequence[ResultFile]

    def digests(self) -> set[str]:
        """The contents."""
        return {item.sha256 for item in self.files}


def list_results(tx: Transaction, left: Sequence[Left]) -> None:
    """List these files, of attempts of which none were listed before."""
    rows = [
        {
            "instance_id": one.key.instance_id,
            "attempt": one.key.attempt,
            "path": item.path,
            "sha256": item.sha256,
            "size_bytes": item.size_bytes,
        }
        for one in left
        for item in one.files
    ]
    if rows:
        tx.connection.execute(insert(result_file), rows)
    for tenant_id in sorted({one.tenant_id for one in left}):
        digests = set().union(*(one.digests() for one in left if one.tenant_id == tenant_id))
        revive(tx, tenant_id, digests)


def replace_results(tx: Transaction, left: Left) -> None:
    """List these files as the attempt's; what they take the place of is let go."""
    key = left.key
    mine = (result_file.c.instance_id == key.instance_id) & (result_file.c.attempt == key.attempt)
    before = set(tx.connection.execute(select(result_file.c.sha256).where(mine)).scalars())
    tx.connection.execute(delete(result_file).where(mine))
    list_results(tx, [left])
    let_go(tx, left.tenant_id, before - left.digests())


def tenant_of_live(connection: Connection, key: AttemptKey, node_id: int) -> int | None:
    """Whose attempt this is; None unless it has its job and runs on this node."""
    live = [state.value for state in HOLDING_STATES - {JobState.ASSIGNED}]
    statement = select(instance.c.tenant_id).where(
        instance.c.id == key.instance_id,
        instance.c.attempt == key.attempt,
        instance.c.node_id == node_id,
        instance.c.state.in_(live),
    )
    return connection.execute(statement).scalar()


def let_go_of_old_results(tx: Transaction, older_than_s: float) -> bool:
    """Let go of what some jobs left that ended this long ago; whether there may be more."""
    old = (
        select(instance.c.id, instance.c.tenant_id)
        .where(instance.c.finished_at_s < tx.now_s - older_than_s)
        .where(
            select(result_file.c.path).where(result_file.c.instance_id == instance.c.id).exists()
        )
        .limit(MOST_JOBS_AT_ONCE)
    )
    rows = tx.connection.execute(old).all()
    for row in rows:
        mine = result_file.c.instance_id == row.id
        digests = tx.connection.execute(select(result_file.c.sha256).where(mine)).scalars().all()
        tx.connection.execute(delete(result_file).where(mine))
        let_go(tx, row.tenant_id, digests)
    return len(rows) == MOST_JOBS_AT_ONCE
