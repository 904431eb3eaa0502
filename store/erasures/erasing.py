"""Erasing what was asked for, some jobs at a time: a stop at any moment is taken up again."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Select, delete, select, update

from domain import wire
from domain.jobs.job_spec import JobSpec
from store.dependencies.dependency_tables import dependency
from store.erasures.erasure_tables import erased_job, erasure
from store.erasures.node_shares import note_node_shares
from store.erasures.receipts import finish
from store.files.content import ContentKey
from store.files.stored_files import drop, let_go
from store.gangs.member_tables import attempt_member
from store.instances.job_history import MODIFY
from store.licences.licence_tables import job_licence
from store.notices.notice_tables import mail_wish, notice
from store.tables.files import checkpoint_file, job_input, stored_file, upload
from store.tables.installation import audit
from store.tables.jobs import attempt, instance, job, result_file
from store.transaction import Store, Transaction

_JOBS_AT_ONCE = 50
#: What stands in the place of a name that was forgotten.
FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelves:
    """What keeps bytes outside the database."""

    remove_content: Callable[[ContentKey], None]
    remove_output: Callable[[int], None]  #: Of an instance.
    discard_upload: Callable[[str], None]


def unfinished(store: Store) -> list[int]:
    """Erasures that are not done on the server."""
    with store.database.read() as connection:
        statement = select(erasure.c.id).where(erasure.c.done_at_s.is_(None)).order_by(erasure.c.id)
        return list(connection.execute(statement).scalars())


def erase_some(store: Store, erasure_id: int, shelves: Shelves) -> bool:
    """Erase the next few jobs; whether there is more to do. After the last comes the receipt."""
    uploads: list[str] = []
    with store.transaction() as tx, _overwriting(tx):
        job_ids = _next_jobs(tx, erasure_id)
        tenant_id, digests = _strip(tx, erasure_id, job_ids)
        if not job_ids:
            uploads = _end(tx, erasure_id, tenant_id)
            digests = _marked(tx, erasure_id, tenant_id)
        instances = tx.connection.execute(_tried(job_ids)).scalars().all()
    for number in instances:
        shelves.remove_output(number)
    for upload_id in uploads:
        shelves.discard_upload(upload_id)
    with store.transaction() as tx, _overwriting(tx):
        for sha256 in digests:
            drop(tx, ContentKey(tenant_id=tenant_id, sha256=sha256), shelves.remove_content)
        tx.connection.execute(
            update(erased_job).where(erased_job.c.job_id.in_(job_ids)).values(erased_at_s=tx.now_s)
        )
        if not job_ids:
            finish(tx, erasure_id)
    if not job_ids:
        store.database.drop_old_pages()
    return bool(job_ids)


@contextmanager
def _overwriting(tx: Transaction) -> Iterator[None]:
    """Have SQLite write zeros over what is deleted here; PostgreSQL clears it by its vacuum."""
    if tx.locks_rows:
        yield
        return
    tx.connection.exec_driver_sql("PRAGMA secure_delete = ON")
    yield
    tx.connection.exec_driver_sql("PRAGMA secure_delete = OFF")


def _next_jobs(tx: Transaction, erasure_id: int) -> Sequence[int]:
    statement = (
        select(erased_job.c.job_id)
        .where(erased_job.c.erasure_id == erasure_id, erased_job.c.erased_at_s.is_(None))
        .order_by(erased_job.c.job_id)
        .limit(_JOBS_AT_ONCE)
    )
    return tx.connection.execute(statement).scalars().all()


def _tried(job_ids: Sequence[int]) -> Select[int]:
    return (
        select(attempt.c.instance_id)
        .select_from(attempt.join(instance, attempt.c.instance_id == instance.c.id))
        .where(instance.c.job_id.in_(job_ids))
        .distinct()
    )


def _strip(tx: Transaction, erasure_id: int, job_ids: Sequence[int]) -> tuple[int, set[str]]:
    """Take everything personal out of the rows of these jobs; whose files may go."""
    its = select(erasure.c.tenant_id).where(erasure.c.id == erasure_id)
    tenant_id: int = tx.connection.execute(its).scalar_one()
    instances = select(instance.c.id).where(instance.c.job_id.in_(job_ids))
    digests = _unlist(tx, instances, job_ids)
    _let_go(tx, erasure_id, tenant_id, digests)
    _strip_jobs(tx, job_ids)
    for table in (attempt, attempt_member):
        tx.connection.execute(
            update(table).where(table.c.instance_id.in_(instances)).values(detail=None)
        )
    tx.connection.execute(
        update(audit)
        .where(audit.c.action == MODIFY, audit.c.subject.in_([f"job/{one}" for one in job_ids]))
        .values(detail=None)
    )
    for table in (notice, mail_wish, job_licence):
        tx.connection.execute(delete(table).where(table.c.job_id.in_(job_ids)))
    tx.connection.execute(delete(dependency).where(dependency.c.job_id.in_(job_ids)))
    note_node_shares(tx, erasure_id, job_ids)
    for number in job_ids:
        tx.touched(number, number)
    return tenant_id, digests


def _let_go(tx: Transaction, erasure_id: int, tenant_id: int, digests: set[str]) -> None:
    """Take these files from the tenant, save those that another job uses; count both."""
    sizes = _sizes(tx, tenant_id, digests)
    let_go(tx, tenant_id, digests)
    left = _sizes(tx, tenant_id, digests)
    tx.connection.execute(
        update(erasure)
        .where(erasure.c.id == erasure_id)
        .values(
            files=erasure.c.files + len(sizes) - len(left),
            bytes=erasure.c.bytes + sum(sizes.values()) - sum(left.values()),
            shared_files=erasure.c.shared_files + len(left),
        )
    )


def _end(tx: Transaction, erasure_id: int, tenant_id: int) -> list[str]:
    """Where all is to go, take the files that no job uses too; the uploads that end by it."""
    scope = select(erasure.c.scope).where(erasure.c.id == erasure_id)
    if "all" not in json.loads(tx.connection.execute(scope).scalar_one()):
        return []
    files = select(stored_file.c.sha256).where(
        stored_file.c.tenant_id == tenant_id, stored_file.c.removed_at_s.is_(None)
    )
    _let_go(tx, erasure_id, tenant_id, set(tx.connection.execute(files).scalars()))
    mine = (upload.c.tenant_id == tenant_id) & upload.c.node_id.is_(None)
    return list(tx.connection.execute(delete(upload).where(mine).returning(upload.c.id)).scalars())


def _marked(tx: Transaction, erasure_id: int, tenant_id: int) -> set[str]:
    """What was taken from the tenant since it asked: after a stop bytes are left of it."""
    asked = select(erasure.c.asked_at_s).where(erasure.c.id == erasure_id).scalar_subquery()
    files = select(stored_file.c.sha256).where(
        stored_file.c.tenant_id == tenant_id, stored_file.c.removed_at_s >= asked
    )
    return set(tx.connection.execute(files).scalars())


def _unlist(tx: Transaction, instances: Select[int], job_ids: Sequence[int]) -> set[str]:
    """Take files from jobs: their inputs, their results, their checkpoints; which those were."""
    digests: set[str] = set()
    for table, mine in (
        (result_file, result_file.c.instance_id.in_(instances)),
        (checkpoint_file, checkpoint_file.c.instance_id.in_(instances)),
        (job_input, job_input.c.job_id.in_(job_ids)),
    ):
        found = select(table.c.sha256).where(mine).distinct()
        digests |= set(tx.connection.execute(found).scalars())
        tx.connection.execute(delete(table).where(mine))
    return digests


def _sizes(tx: Transaction, tenant_id: int, digests: set[str]) -> dict[str, int]:
    """Of those that the tenant has."""
    ordered = sorted(digests)
    found: dict[str, int] = {}
    for first in range(0, len(ordered), 500):
        statement = select(stored_file.c.sha256, stored_file.c.size_bytes).where(
            stored_file.c.tenant_id == tenant_id,
            stored_file.c.sha256.in_(ordered[first : first + 500]),
            stored_file.c.removed_at_s.is_(None),
        )
        found |= {row.sha256: row.size_bytes for row in tx.connection.execute(statement)}
    return found


def _strip_jobs(tx: Transaction, job_ids: Sequence[int]) -> None:
    rows = tx.connection.execute(select(job.c.id, job.c.spec).where(job.c.id.in_(job_ids))).all()
    for row in rows:
        tx.connection.execute(
            update(job)
            .where(job.c.id == row.id)
            .values(
                name=FORGOTTEN,
                project=None,
                spec=wire.dumps(_stripped(wire.load_spec(json.loads(row.spec)))),
                spec_hash=b"",
                idempotency_key=None,
            )
        )


def _stripped(spec: JobSpec) -> JobSpec:
    """Its size and its kind, which say what was used; nothing that its submitter wrote."""
    return JobSpec(
        name=FORGOTTEN,
        resources=spec.resources,
        scheduling_type=spec.scheduling_type,
        array=spec.array,
        max_attempts=spec.max_attempts,
        requeue=spec.requeue,
        is_held=spec.is_held,
        disconnect_tolerance_s=spec.disconnect_tolerance_s,
    )
