"""The receipt of an erasure: one line for the server, and one for the nodes when all have said so.

Each line is JSON that ends with the sha256 of itself without that field; the second names the
digest of the first. Both digests stand in the audit trail too.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from store.erasures.erasure_tables import erased_job, erasure, erasure_node
from store.rows import AnyRow
from store.tables.access import tenant
from store.tables.fleet import node
from store.transaction import Transaction

ERASED = (
    "names, scripts, commands, arguments, environments, comments and options of the jobs",
    "names of their input, result and checkpoint files, and the files that nothing else uses",
    "what they printed",
    "notices about them, sent or not, with the addresses these were sent to",
    "idempotency keys and digests of their requests",
)
KEPT: tuple[Mapping[str, str], ...] = (
    {
        "what": "of each attempt: node, times, cores, CPU time, memory, energy, project and type",
        "ground": "billing and its proof",
    },
    {
        "what": "of each job: its number, its size, its type, its states and exit codes",
        "ground": "billing and its proof",
    },
    {
        "what": "who steered or erased the jobs and when, by number of key",
        "ground": "the audit trail",
    },
    {
        "what": "in the log of the engine, until it is thinned: a digest of each job's name, and "
        "its project",
        "ground": "decisions that can be replayed",
    },
)


def finish(tx: Transaction, erasure_id: int) -> None:
    """Write the first line; the second too, where no node has anything."""
    statement = select(erasure).where(erasure.c.id == erasure_id, erasure.c.done_at_s.is_(None))
    row = tx.connection.execute(statement).one_or_none()
    if row is None:
        return
    line = _sealed(
        {
            "receipt": erasure_id,
            "tenant": _tenant_name(tx.connection, row),
            "scope": json.loads(row.scope),
            "asked_by": row.asked_by,
            "asked_at_s": row.asked_at_s,
            "erased_at_s": tx.now_s,
            "jobs": row.jobs,
            "instances": row.instances,
            "job_ids": _runs(tx.connection, erasure_id),
            "files": row.files,
            "bytes": row.bytes,
            "files_other_jobs_use": row.shared_files,
            "erased": list(ERASED),
            "kept": [dict(item) for item in KEPT],
        }
    )
    tx.connection.execute(
        update(erasure).where(erasure.c.id == erasure_id).values(done_at_s=tx.now_s, receipt=line)
    )
    _audited(tx, row.asked_by, "erasure.done", erasure_id, line)
    confirm_if_all_have(tx, erasure_id)


def confirm_if_all_have(tx: Transaction, erasure_id: int) -> None:
    """Write the second line, once the first is written and no node is left."""
    statement = select(erasure).where(erasure.c.id == erasure_id)
    if tx.locks_rows:
        statement = statement.with_for_update()
    row = tx.connection.execute(statement).one()
    nodes = nodes_of(tx.connection, erasure_id)
    is_open = any(item["confirmed_at_s"] is None for item in nodes)
    if row.receipt is None or row.confirmation is not None or is_open:
        return
    line = _sealed(
        {
            "receipt": erasure_id,
            "nodes": nodes,
            "confirmed_at_s": tx.now_s,
            "of": json.loads(row.receipt)["sha256"],
        }
    )
    tx.connection.execute(
        update(erasure)
        .where(erasure.c.id == erasure_id)
        .values(confirmed_at_s=tx.now_s, confirmation=line)
    )
    _audited(tx, row.asked_by, "erasure.confirmed", erasure_id, line)


def nodes_of(connection: Connection, erasure_id: int) -> list[dict[str, Any]]:
    """The nodes that ran something of it, and when each said that nothing is left."""
    statement = (
        select(node.c.name, erasure_node.c.confirmed_at_s)
        .select_from(erasure_node.join(node, erasure_node.c.node_id == node.c.id))
        .where(erasure_node.c.erasure_id == erasure_id)
        .order_by(node.c.name)
    )
    rows = connection.execute(statement)
    return [{"node": row.name, "confirmed_at_s": row.confirmed_at_s} for row in rows]


def erasures(
    connection: Connection, tenant_id: int | None, erasure_id: int | None = None
) -> list[dict[str, Any]]:
    """Erasures of a tenant, or of every tenant (None), the newest first, with their receipts."""
    statement = select(erasure).order_by(erasure.c.id.desc()).limit(200)
    if tenant_id is not None:
        statement = statement.where(erasure.c.tenant_id == tenant_id)
    if erasure_id is not None:
        statement = statement.where(erasure.c.id == erasure_id)
    return [
        {
            "erasure_id": row.id,
            "tenant": _tenant_name(connection, row),
            "scope": json.loads(row.scope),
            "asked_at_s": row.asked_at_s,
            "jobs": row.jobs,
            "erased_at_s": row.done_at_s,
            "confirmed_at_s": row.confirmed_at_s,
            "nodes": nodes_of(connection, row.id),
            "receipt": [line for line in (row.receipt, row.confirmation) if line is not None],
        }
        for row in connection.execute(statement).all()
    ]


def _sealed(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps({**document, "sha256": digest}, separators=(",", ":"))


def _audited(tx: Transaction, actor: str, action: str, erasure_id: int, line: str) -> None:
    digest = json.loads(line)["sha256"]
    tx.audited(actor=actor, action=action, subject=f"erasure/{erasure_id}", detail=digest)


def _tenant_name(connection: Connection, row: AnyRow) -> str:
    statement = select(tenant.c.name).where(tenant.c.id == row.tenant_id)
    return str(connection.execute(statement).scalar_one())


def _runs(connection: Connection, erasure_id: int) -> str:
    """The numbers of the jobs, ``12-14,20``."""
    statement = (
        select(erased_job.c.job_id)
        .where(erased_job.c.erasure_id == erasure_id)
        .order_by(erased_job.c.job_id)
    )
    runs: list[list[int]] = []
    for number in connection.execute(statement).scalars():
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
