"""Uploads that are not complete: what is promised, by whom, and for which tenant.

How much has arrived is not noted here: the content store knows, whatever died meanwhile.
"""

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from domain.billing.quota import Quota
from domain.refusal import Refused
from store.files.content import ContentKey
from store.files.stored_files import used_bytes
from store.quotas import quotas
from store.tables.files import upload
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that is being sent."""

    upload_id: str
    key: ContentKey
    size_bytes: int
    node_id: int | None  #: The node that sends it; None = its tenant does.


def begin(
    tx: Transaction, key: ContentKey, size_bytes: int, node_id: int | None, quota: Quota
) -> Upload | Refused:
    """An upload of this file by this sender: one that was begun before, or a new one.

    What it promises counts as used until it is complete, dropped or forgotten.
    """
    statement = select(upload).where(
        upload.c.tenant_id == key.tenant_id,
        upload.c.sha256 == key.sha256,
        upload.c.size_bytes == size_bytes,
        upload.c.node_id.is_(None) if node_id is None else upload.c.node_id == node_id,
    )
    known = tx.connection.execute(statement).first()
    if known is not None:
        return _upload(dict(known._mapping))
    its = quotas.stored_bytes(tx.connection, key.tenant_id, quota)
    refused = its.refuse(used_bytes(tx, key.tenant_id), size_bytes)
    if refused is not None:
        return refused
    values = {
        "id": secrets.token_hex(16),
        "tenant_id": key.tenant_id,
        "sha256": key.sha256,
        "size_bytes": size_bytes,
        "node_id": node_id,
        "created_at_s": tx.now_s,
    }
    tx.connection.execute(insert(upload), values)
    return _upload(values)


def find(
    connection: Connection, upload_id: str, *, tenant_id: int | None, node_id: int | None
) -> Upload | None:
    """An open upload of this sender: a tenant, or a node."""
    statement = select(upload).where(upload.c.id == upload_id)
    if node_id is not None:
        statement = statement.where(upload.c.node_id == node_id)
    else:
        statement = statement.where(upload.c.tenant_id == tenant_id, upload.c.node_id.is_(None))
    row = connection.execute(statement).one_or_none()
    return None if row is None else _upload(dict(row._mapping))


def end(tx: Transaction, upload_id: str) -> bool:
    """Forget an upload, complete or given up; whether it was still open."""
    return bool(tx.connection.execute(delete(upload).where(upload.c.id == upload_id)).rowcount)


def end_old(tx: Transaction, older_than_s: float, limit: int) -> list[str]:
    """Forget some uploads that were begun this long ago; their numbers."""
    old = select(upload.c.id).where(upload.c.created_at_s < tx.now_s - older_than_s).limit(limit)
    found = tx.connection.execute(old).scalars().all()
    tx.connection.execute(delete(upload).where(upload.c.id.in_(found)))
    return list(found)


def _upload(row: dict[str, object]) -> Upload:
    return Upload(
        upload_id=str(row["id"]),
        key=ContentKey(tenant_id=int(str(row["tenant_id"])), sha256=str(row["sha256"])),
        size_bytes=int(str(row["size_bytes"])),
        node_id=None if row["node_id"] is None else int(str(row["node_id"])),
    )
