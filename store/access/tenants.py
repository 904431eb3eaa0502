"""Tenants, and what belongs to them: projects and persons."""

from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from domain.refusal import Refused
from store.access.keys import revoke_key
from store.rows import AnyRow
from store.tables.access import api_key, person, project, tenant
from store.transaction import Transaction

OPERATOR_TENANT = "operator"


def open_tenant(tx: Transaction, name: str, actor: str) -> int:
    """The tenant of this name: made if it is new, opened again if it was closed."""
    row = tx.connection.execute(select(tenant).where(tenant.c.name == name)).one_or_none()
    if row is None:
        values = {"name": name, "created_at_s": tx.now_s}
        return _add(tx, tenant, values, actor, detail=name)
    _open_again(tx, tenant, row, actor)
    return int(row.id)


def close_tenant(tx: Transaction, tenant_id: int, actor: str) -> int | Refused | None:
    """Take no more from a tenant and end its keys; how many. None where there is none.

    What it submitted goes on, and what it used stays on record.
    """
    row = tx.connection.execute(select(tenant).where(tenant.c.id == tenant_id)).one_or_none()
    if row is None:
        return None
    if row.name == OPERATOR_TENANT:
        return Refused(
            code="tenant.operator",
            sentence="The operator's own tenant is not closed: nobody could open it again.",
        )
    if row.closed_at_s is None:
        tx.connection.execute(
            update(tenant).where(tenant.c.id == tenant_id).values(closed_at_s=tx.now_s)
        )
        tx.audited(actor=actor, action="tenant.close", subject=f"tenant/{tenant_id}")
    return _revoke(tx, api_key.c.tenant_id == tenant_id, actor)


def tenant_name(connection: Connection, tenant_id: int) -> str | None:
    """Its name; None where there is none."""
    found: str | None = connection.execute(
        select(tenant.c.name).where(tenant.c.id == tenant_id)
    ).scalar()
    return found


def tenants(connection: Connection) -> list[dict[str, Any]]:
    """Every tenant by name, with how much belongs to it."""

    def count(table: Table, *which: Any) -> Any:  # noqa: ANN401 - clauses and what they make
        of_it = select(func.count()).select_from(table).where(table.c.tenant_id == tenant.c.id)
        return of_it.where(*which).scalar_subquery()

    statement = select(
        tenant.c.id.label("tenant_id"),
        tenant.c.name,
        tenant.c.created_at_s,
        tenant.c.closed_at_s,
        count(project, project.c.closed_at_s.is_(None)).label("projects"),
        count(person, person.c.removed_at_s.is_(None)).label("users"),
        count(api_key, api_key.c.revoked_at_s.is_(None)).label("keys"),
    ).order_by(tenant.c.name)
    return [dict(row._mapping) for row in connection.execute(statement)]


def open_project(tx: Transaction, tenant_name: str, name: str, actor: str) -> int | Refused:
    """The tenant's project of this name: made if it is new, opened again if it was closed."""
    return _open(tx, project, tenant_name, name, actor)


def close_project(tx: Transaction, project_id: int, actor: str) -> bool:
    """Take no more jobs for a project; False where there is no such project."""
    return _end(tx, project, project_id, actor, "close")


def projects(
    connection: Connection, *, tenant_id: int | None = None, tenant_name: str | None = None
) -> list[dict[str, Any]]:
    """Projects by tenant and name; those of one tenant, or everybody's."""
    return _of_tenants(connection, project, "closed_at_s", tenant_id, tenant_name)


def project_ends(connection: Connection, tenant_id: int) -> dict[str, float | None]:
    """When each project of a tenant was closed, by its name; None = it is open."""
    statement = select(project.c.name, project.c.closed_at_s).where(
        project.c.tenant_id == tenant_id
    )
    return {row.name: row.closed_at_s for row in connection.execute(statement)}


def open_person(tx: Transaction, tenant_name: str, name: str, actor: str) -> int | Refused:
    """The tenant's user of this name: made if new; a removed one may have keys again."""
    return _open(tx, person, tenant_name, name, actor)


def remove_person(tx: Transaction, person_id: int, actor: str) -> int | None:
    """End a user and all keys in his name; how many, or None where there is no such user."""
    if not _end(tx, person, person_id, actor, "remove"):
        return None
    return _revoke(tx, api_key.c.person_id == person_id, actor)


def persons(connection: Connection, tenant_name: str | None = None) -> list[dict[str, Any]]:
    """Users by tenant and name; those of one tenant, or everybody's."""
    return _of_tenants(connection, person, "removed_at_s", None, tenant_name)


def key_place(
    tx: Transaction, tenant_name: str, person_name: str | None, actor: str
) -> tuple[int, int | None] | Refused:
    """The tenant and the user that a new key is for; each is made where it is new."""
    row = tx.connection.execute(select(tenant).where(tenant.c.name == tenant_name)).one_or_none()
    if row is not None and row.closed_at_s is not None:
        return _closed(tenant_name)
    tenant_id = open_tenant(tx, tenant_name, actor)
    if person_name is None:
        return tenant_id, None
    found = _find(tx, person, tenant_id, person_name)
    if found is not None and found.removed_at_s is not None:
        return Refused(
            code="user.removed",
            sentence=f"{person_name!r} was removed from {tenant_name!r}; to let them in again: "
            "chaufferie users add",
        )
    person_id = _open(tx, person, tenant_name, person_name, actor)
    return person_id if isinstance(person_id, Refused) else (tenant_id, person_id)


_NAMED = {"tenant": "tenant", "project": "project", "person": "user"}
_ENDS = {"tenant": "closed_at_s", "project": "closed_at_s", "person": "removed_at_s"}


def _open(tx: Transaction, table: Table, tenant_name: str, name: str, actor: str) -> int | Refused:
    row = tx.connection.execute(select(tenant).where(tenant.c.name == tenant_name)).one_or_none()
    if row is None:
        return Refused(
            code="tenant.unknown",
            sentence=f"There is no tenant {tenant_name!r}; make it with "
            "chaufferie tenants add NAME.",
        )
    if row.closed_at_s is not None:
        return _closed(tenant_name)
    found = _find(tx, table, row.id, name)
    if found is None:
        values = {"tenant_id": row.id, "name": name, "created_at_s": tx.now_s}
        return _add(tx, table, values, actor, detail=f"{name} of tenant/{row.id}")
    _open_again(tx, table, found, actor)
    return int(found.id)


def _closed(tenant_name: str) -> Refused:
    return Refused(
        code="tenant.closed",
        sentence=f"The tenant {tenant_name!r} was closed; open it again with "
        "chaufferie tenants add NAME.",
    )


def _find(tx: Transaction, table: Table, tenant_id: int, name: str) -> AnyRow | None:
    statement = select(table).where(table.c.tenant_id == tenant_id, table.c.name == name)
    return tx.connection.execute(statement).one_or_none()


def _add(
    tx: Transaction, table: Table, values: dict[str, object], actor: str, *, detail: str
) -> int:
    new_id = int(
        tx.connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
    )
    kind = _NAMED[table.name]
    tx.audited(actor=actor, action=f"{kind}.add", subject=f"{kind}/{new_id}", detail=detail)
    return new_id


def _open_again(tx: Transaction, table: Table, row: AnyRow, actor: str) -> None:
    end = _ENDS[table.name]
    if row._mapping[end] is None:
        return
    tx.connection.execute(update(table).where(table.c.id == row.id).values({end: None}))
    kind = _NAMED[table.name]
    tx.audited(actor=actor, action=f"{kind}.open_again", subject=f"{kind}/{row.id}")


def _end(tx: Transaction, table: Table, its_id: int, actor: str, action: str) -> bool:
    """Note the end of a project or user, once; False where there is none."""
    end = table.c[_ENDS[table.name]]
    row = tx.connection.execute(select(end).where(table.c.id == its_id)).one_or_none()
    if row is None:
        return False
    if row[0] is None:
        statement = update(table).where(table.c.id == its_id).values({end.name: tx.now_s})
        tx.connection.execute(statement)
        kind = _NAMED[table.name]
        tx.audited(actor=actor, action=f"{kind}.{action}", subject=f"{kind}/{its_id}")
    return True


def _revoke(tx: Transaction, which: Any, actor: str) -> int:  # noqa: ANN401 - a clause
    """End every key of these; how many."""
    ids = tx.connection.execute(
        select(api_key.c.id).where(which, api_key.c.revoked_at_s.is_(None))
    ).scalars()
    return sum(revoke_key(tx, key_id, actor) for key_id in ids.all())


def _of_tenants(
    connection: Connection, table: Table, end: str, tenant_id: int | None, name: str | None
) -> list[dict[str, Any]]:
    statement = (
        select(
            table.c.id.label(f"{_NAMED[table.name]}_id"),
            tenant.c.name.label("tenant"),
            table.c.name,
            table.c.created_at_s,
            table.c[end],
        )
        .select_from(table.join(tenant, table.c.tenant_id == tenant.c.id))
        .order_by(tenant.c.name, table.c.name)
    )
    if tenant_id is not None:
        statement = statement.where(table.c.tenant_id == tenant_id)
    if name is not None:
        statement = statement.where(tenant.c.name == name)
    return [dict(row._mapping) for row in connection.execute(statement)]
