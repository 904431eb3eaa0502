"""What an instance goes on from on its next node: the newest checkpoint that an attempt left."""

from sqlalchemy import Connection, delete, insert, select

from domain.files.job_files import ResultFile
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import FINAL_STATES
from store.files.content import ContentKey
from store.files.results import Left
from store.files.stored_files import let_go, revive
from store.tables.files import checkpoint_file
from store.tables.jobs import instance
from store.transaction import Transaction

MOST_JOBS_AT_ONCE = 100
_FINAL = tuple(sorted(state.value for state in FINAL_STATES))


def save(tx: Transaction, left: Left) -> None:
    """Keep these files in the place of the checkpoint before; all of them or none."""
    mine = checkpoint_file.c.instance_id == left.key.instance_id
    before = set(tx.connection.execute(select(checkpoint_file.c.sha256).where(mine)).scalars())
    tx.connection.execute(delete(checkpoint_file).where(mine))
    rows = [
        {
            "instance_id": left.key.instance_id,
            "path": item.path,
            "sha256": item.sha256,
            "size_bytes": item.size_bytes,
            "attempt": left.key.attempt,
            "saved_at_s": tx.now_s,
        }
        for item in left.files
    ]
    if rows:
        tx.connection.execute(insert(checkpoint_file), rows)
    revive(tx, left.tenant_id, left.digests())
    let_go(tx, left.tenant_id, before - left.digests())


def files(connection: Connection, instance_id: int) -> list[ResultFile]:
    """The newest checkpoint of an instance; empty where there is none."""
    statement = (
        select(checkpoint_file.c.path, checkpoint_file.c.sha256, checkpoint_file.c.size_bytes)
        .where(checkpoint_file.c.instance_id == instance_id)
        .order_by(checkpoint_file.c.path)
    )
    return [
        ResultFile(path=row.path, sha256=row.sha256, size_bytes=row.size_bytes)
        for row in connection.execute(statement)
    ]


def content_for(connection: Connection, key: AttemptKey, sha256: str) -> ContentKey | None:
    """Where a file of this instance's checkpoint is kept; None where it is none of its own."""
    statement = (
        select(instance.c.tenant_id)
        .select_from(checkpoint_file.join(instance, checkpoint_file.c.instance_id == instance.c.id))
        .where(checkpoint_file.c.instance_id == key.instance_id, checkpoint_file.c.sha256 == sha256)
    )
    tenant_id = connection.execute(statement).scalars().first()
    return None if tenant_id is None else ContentKey(tenant_id=tenant_id, sha256=sha256)


def let_go_of_ended(tx: Transaction, older_than_s: float) -> bool:
    """Let go of checkpoints of jobs that ended this long ago; whether there may be more."""
    ended = (
        select(instance.c.id, instance.c.tenant_id)
        .where(instance.c.state.in_(_FINAL), instance.c.finished_at_s < tx.now_s - older_than_s)
        .where(
            select(checkpoint_file.c.path)
            .where(checkpoint_file.c.instance_id == instance.c.id)
            .exists()
        )
        .limit(MOST_JOBS_AT_ONCE)
    )
    rows = tx.connection.execute(ended).all()
    for row in rows:
        mine = checkpoint_file.c.instance_id == row.id
        found = select(checkpoint_file.c.sha256).where(mine)
        digests = tx.connection.execute(found).scalars().all()
        tx.connection.execute(delete(checkpoint_file).where(mine))
        let_go(tx, row.tenant_id, digests)
    return len(rows) == MOST_JOBS_AT_ONCE
