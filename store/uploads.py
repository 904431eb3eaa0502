"""Whose inputs are whose: a tenant may use a file by its sha256 only after it sent the bytes.

The content is stored once, but to know a digest is not to have the file: without this, a tenant
could ask for another's file by its digest, or learn that somebody has it.
"""

import json
from collections.abc import Collection

from sqlalchemy import Connection, insert, select

from domain.job import HOLDING_STATES
from store.tables import instance, job, uploaded_file
from store.transaction import Transaction


def owned(connection: Connection, tenant_id: int, digests: Collection[str]) -> set[str]:
    """Those of these files that the tenant has sent."""
    statement = select(uploaded_file.c.sha256).where(
        uploaded_file.c.tenant_id == tenant_id, uploaded_file.c.sha256.in_(digests)
    )
    return set(connection.execute(statement).scalars())


def note_upload(tx: Transaction, tenant_id: int, sha256: str, size_bytes: int) -> None:
    """The tenant has sent this file."""
    if not owned(tx.connection, tenant_id, [sha256]):
        tx.connection.execute(
            insert(uploaded_file),
            {
                "tenant_id": tenant_id,
                "sha256": sha256,
                "size_bytes": size_bytes,
                "uploaded_at_s": tx.now_s,
            },
        )


def is_input_on(connection: Connection, node_id: int, sha256: str) -> bool:
    """Whether a job that is placed on this node needs this file."""
    statement = (
        select(job.c.spec)
        .select_from(instance.join(job, instance.c.job_id == job.c.id))
        .where(
            instance.c.node_id == node_id,
            instance.c.state.in_([state.value for state in HOLDING_STATES]),
            job.c.spec.contains(sha256, autoescape=True),
        )
    )
    return any(
        item["sha256"] == sha256
        for text in connection.execute(statement).scalars()
        for item in json.loads(text)["inputs"]
    )
