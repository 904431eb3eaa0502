"""Which files a tenant has: content counted once, whatever uses it, and let go when nothing does.

To know a digest is not to have the file: a tenant may use one only after it sent the bytes, or
after a job of its own left them.

A file goes in two steps. First its row is marked, in the transaction that finds it unused: from
then on nobody has it, and the quota has its room back. A while later its bytes are dropped and its
row with them, in a transaction that holds the row. Whoever sends the same bytes meanwhile, or lists
them as a result, takes the mark away. So bytes are never dropped under a row that counts.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    delete,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from domain.billing.quota import Quota
from domain.refusal import Refused
from store.files.content import ContentKey
from store.quotas import quotas
from store.quotas.use import promised_bytes
from store.tables.access import tenant
from store.tables.files import checkpoint_file, job_input, stored_file
from store.tables.jobs import instance, result_file
from store.transaction import Transaction

#: How many digests one statement names: SQLite bounds the variables of a statement.
_SLICE = 500
MOST_AT_ONCE = 200
#: Between mark and drop [s]: a node may just have been told that a result need not be sent.
DROPPED_AFTER_S = 3600.0


def owned(connection: Connection, tenant_id: int, digests: Collection[str]) -> set[str]:
    """Those of these files that the tenant has."""
    found: set[str] = set()
    for some in _slices(digests):
        found |= set(connection.execute(_of(tenant_id, some)).scalars())
    return found


def touch(tx: Transaction, tenant_id: int, digests: Collection[str]) -> set[str]:
    """Those of these files that the tenant has, kept as if they had been sent now."""
    found: set[str] = set()
    for some in _slices(digests):
        mine = _of(tenant_id, some).order_by(stored_file.c.sha256)
        if tx.locks_rows:
            mine = mine.with_for_update()  # In one order, so that no two wait for each other.
        here = tx.connection.execute(mine).scalars().all()
        tx.connection.execute(
            update(stored_file)
            .where(stored_file.c.tenant_id == tenant_id, stored_file.c.sha256.in_(here))
            .values(stored_at_s=tx.now_s)
        )
        found.update(here)
    return found


def keep(tx: Transaction, key: ContentKey, size_bytes: int, quota: Quota) -> Refused | None:
    """The tenant has this file from now on, unless its quota has no room for one more.

    ``quota`` is the usual one, for a tenant that has none of its own.

    The row is held until the end of the transaction: put the bytes in their place inside it.
    """
    if touch(tx, key.tenant_id, [key.sha256]):
        return None
    its = quotas.stored_bytes(tx.connection, key.tenant_id, quota)
    refused = its.refuse(used_bytes(tx, key.tenant_id), size_bytes)
    if refused is not None:
        return refused
    values = {
        "tenant_id": key.tenant_id,
        "sha256": key.sha256,
        "size_bytes": size_bytes,
        "stored_at_s": tx.now_s,
        "removed_at_s": None,
    }
    dialect = sqlite if tx.connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(stored_file).values(values)
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=[stored_file.c.tenant_id, stored_file.c.sha256], set_=values
        )
    )
    _count(tx, key.tenant_id, size_bytes)
    return None


def used_bytes(tx: Transaction, tenant_id: int) -> int:
    """What the tenant's files take, with what is promised to uploads that are not complete.

    The tenant is held until the end of the transaction, so that two uploads at once cannot both
    take the last room.
    """
    statement = select(tenant.c.stored_bytes).where(tenant.c.id == tenant_id)
    if tx.locks_rows:
        statement = statement.with_for_update()
    stored = tx.connection.execute(statement).scalar_one()
    return int(stored) + promised_bytes(tx.connection, tenant_id)


def let_go(tx: Transaction, tenant_id: int, digests: Collection[str]) -> int:
    """Take these files from the tenant, save those that a job or its results use; how many."""
    return sum(
        _mark(
            tx,
            (stored_file.c.tenant_id == tenant_id) & stored_file.c.sha256.in_(some),
            ~_is_result() & ~_is_input(),
            limit=len(some),
        )
        for some in _slices(digests)
    )


def let_go_of_old(tx: Transaction, older_than_s: float) -> bool:
    """Take away some files of this age that nothing used since; whether there may be more.

    An input is used until its last job has ended this long ago; a result, as long as it is listed.
    """
    before_s = tx.now_s - older_than_s
    gone = _mark(
        tx,
        stored_file.c.stored_at_s < before_s,
        ~_is_input(unless_ended_before_s=before_s) & ~_is_result(),
        limit=MOST_AT_ONCE,
    )
    return gone == MOST_AT_ONCE


def revive(tx: Transaction, tenant_id: int, digests: Collection[str]) -> None:
    """Take marks away: these files are listed as results."""
    for some in _slices(digests):
        sizes = tx.connection.execute(
            update(stored_file)
            .where(
                stored_file.c.tenant_id == tenant_id,
                stored_file.c.sha256.in_(some),
                stored_file.c.removed_at_s.is_not(None),
            )
            .values(removed_at_s=None, stored_at_s=tx.now_s)
            .returning(stored_file.c.size_bytes)
        ).scalars()
        _count(tx, tenant_id, sum(sizes))


def to_drop(tx: Transaction, older_than_s: float) -> list[ContentKey]:
    """Some files that were marked this long ago."""
    statement = (
        select(stored_file.c.tenant_id, stored_file.c.sha256)
        .where(stored_file.c.removed_at_s < tx.now_s - older_than_s)
        .limit(MOST_AT_ONCE)
    )
    return [
        ContentKey(tenant_id=row.tenant_id, sha256=row.sha256)
        for row in tx.connection.execute(statement)
    ]


def drop(tx: Transaction, key: ContentKey, remove: Callable[[ContentKey], None]) -> None:
    """Drop the bytes of a marked file by ``remove``, and forget it; not if it is wanted again."""
    mine = (stored_file.c.tenant_id == key.tenant_id) & (stored_file.c.sha256 == key.sha256)
    is_marked = stored_file.c.removed_at_s.is_not(None)
    if tx.connection.execute(delete(stored_file).where(mine, is_marked)).rowcount:
        remove(key)


def _of(tenant_id: int, digests: Sequence[str]) -> Select[str]:
    return select(stored_file.c.sha256).where(
        stored_file.c.tenant_id == tenant_id,
        stored_file.c.sha256.in_(digests),
        stored_file.c.removed_at_s.is_(None),
    )


def _mark(
    tx: Transaction, which: ColumnElement[bool], is_unused: ColumnElement[bool], *, limit: int
) -> int:
    """Mark unused files among these; how many.

    Their rows are held first. Whether they are unused is then asked once more, so that a job that
    was submitted meanwhile is seen.
    """
    found = which & stored_file.c.removed_at_s.is_(None) & is_unused
    key = tuple_(stored_file.c.tenant_id, stored_file.c.sha256)
    candidates = (
        select(stored_file.c.tenant_id, stored_file.c.sha256)
        .where(found)
        .order_by(stored_file.c.tenant_id, stored_file.c.sha256)
        .limit(limit)
    )
    if tx.locks_rows:
        candidates = candidates.with_for_update(of=stored_file)
    keys = [tuple(row) for row in tx.connection.execute(candidates)]
    gone = tx.connection.execute(
        update(stored_file)
        .where(key.in_(keys), found)
        .values(removed_at_s=tx.now_s)
        .returning(stored_file.c.tenant_id, stored_file.c.sha256, stored_file.c.size_bytes)
    ).all()
    for row in gone:
        _count(tx, row.tenant_id, -row.size_bytes)
        tx.connection.execute(
            delete(job_input).where(
                job_input.c.tenant_id == row.tenant_id, job_input.c.sha256 == row.sha256
            )
        )
    return len(gone)


def _is_result() -> ColumnElement[bool]:
    """Whether a job of the tenant lists the file among its results, or goes on from it."""
    return or_(*(_is_listed_in(table) for table in (result_file, checkpoint_file)))


def _is_listed_in(table: Table) -> ColumnElement[bool]:
    return (
        select(table.c.instance_id)
        .select_from(table.join(instance, table.c.instance_id == instance.c.id))
        .where(
            table.c.sha256 == stored_file.c.sha256,
            instance.c.tenant_id == stored_file.c.tenant_id,
        )
        .exists()
    )


def _is_input(unless_ended_before_s: float | None = None) -> ColumnElement[bool]:
    """Whether a job of the tenant was given the file, and did not end before this instant."""
    using = (
        select(job_input.c.job_id)
        .select_from(job_input.join(instance, instance.c.job_id == job_input.c.job_id))
        .where(
            job_input.c.tenant_id == stored_file.c.tenant_id,
            job_input.c.sha256 == stored_file.c.sha256,
        )
    )
    if unless_ended_before_s is not None:
        is_late = instance.c.finished_at_s > unless_ended_before_s
        using = using.where(instance.c.finished_at_s.is_(None) | is_late)
    return using.exists()


def _count(tx: Transaction, tenant_id: int, more_bytes: int) -> None:
    if more_bytes == 0:
        return
    tx.connection.execute(
        update(tenant)
        .where(tenant.c.id == tenant_id)
        .values(stored_bytes=tenant.c.stored_bytes + more_bytes)
    )


def _slices(digests: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(set(digests))
    for first in range(0, len(ordered), _SLICE):
        yield ordered[first : first + _SLICE]
