"""API keys: shown once, stored as a hash, scoped, expiring, revocable."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Join, insert, select, update

from domain.access import ROLE_SCOPES, Principal, Role, Scope
from domain.refusal import Refused
from domain.units import DAY_S
from store.access.tokens import new_secret, token_hash
from store.rows import AnyRow
from store.tables.access import api_key, person, tenant
from store.transaction import Transaction

KEY_PREFIX = "chf"
#: Keys live a year at the most (reliability reference, section 7.1).
LONGEST_KEY_LIFE_S = 366 * DAY_S
#: The time of last use is written at most this often [s].
USE_NOTED_EVERY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key as it is shown, once."""

    key_id: int
    token: str
    expires_at_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRequest:
    """What a new key shall be allowed to do, and for how long."""

    name: str
    role: Role
    tenant_id: int | None = None
    person_id: int | None = None  #: In whose name it is; None = of no person in particular.
    node_id: int | None = None
    site_ids: tuple[int, ...] | None = None
    scopes: frozenset[Scope] | None = None  #: None = all of the role's.
    life_s: float | None = None  #: None = without end; only for operators and nodes.


def add_tenant(tx: Transaction, name: str, actor: str) -> int:
    """The tenant of this name, made if it is new."""
    found = tx.connection.execute(select(tenant.c.id).where(tenant.c.name == name)).scalar()
    if found is not None:
        return int(found)
    statement = insert(tenant).values(name=name, created_at_s=tx.now_s).returning(tenant.c.id)
    tenant_id = int(tx.connection.execute(statement).scalar_one())
    tx.audited(actor=actor, action="tenant.add", subject=f"tenant/{tenant_id}", detail=name)
    return tenant_id


def add_key(tx: Transaction, request: KeyRequest, actor: str) -> NewKey | Refused:
    """Make a key and show it this one time."""
    scopes = request.scopes if request.scopes is not None else ROLE_SCOPES[request.role]
    if not scopes <= ROLE_SCOPES[request.role]:
        beyond = ", ".join(sorted(scopes - ROLE_SCOPES[request.role]))
        return Refused(
            code="key.scope",
            sentence=f"A {request.role.value} key cannot have the scope {beyond}.",
        )
    if request.role is Role.TENANT and request.tenant_id is None:
        return Refused(code="key.tenant", sentence="A tenant key needs the name of its tenant.")
    public_id = secrets.token_hex(6)
    token = f"{KEY_PREFIX}_{public_id}.{new_secret()}"
    life_s = None if request.life_s is None else min(request.life_s, LONGEST_KEY_LIFE_S)
    expires_at_s = None if life_s is None else tx.now_s + life_s
    statement = (
        insert(api_key)
        .values(
            public_id=public_id,
            secret_hash=token_hash(token),
            name=request.name,
            role=request.role.value,
            scopes=" ".join(sorted(scopes)),
            tenant_id=request.tenant_id,
            person_id=request.person_id,
            node_id=request.node_id,
            site_ids=None if request.site_ids is None else json.dumps(request.site_ids),
            created_at_s=tx.now_s,
            expires_at_s=expires_at_s,
        )
        .returning(api_key.c.id)
    )
    key_id = int(tx.connection.execute(statement).scalar_one())
    tx.audited(actor=actor, action="key.add", subject=f"key/{key_id}", detail=request.role.value)
    return NewKey(key_id=key_id, token=token, expires_at_s=expires_at_s)


def revoke_key(tx: Transaction, key_id: int, actor: str) -> bool:
    """End a key now; False where there is no such key."""
    changed = tx.connection.execute(
        update(api_key)
        .where(api_key.c.id == key_id, api_key.c.revoked_at_s.is_(None))
        .values(revoked_at_s=tx.now_s)
    ).rowcount
    if changed:
        tx.audited(actor=actor, action="key.revoke", subject=f"key/{key_id}")
    return bool(changed)


def find_principal(connection: Connection, token: str, now_s: float) -> Principal | Refused:
    """Whose key this is; wrong, expired and revoked keys are told apart for their owner."""
    unknown = Refused(code="key.unknown", sentence="This key is not known; check CHAUFFERIE_TOKEN.")
    public_id, dot, _ = token.removeprefix(f"{KEY_PREFIX}_").partition(".")
    if not token.startswith(f"{KEY_PREFIX}_") or not dot:
        return unknown
    row = connection.execute(select(api_key).where(api_key.c.public_id == public_id)).one_or_none()
    if row is None or not secrets.compare_digest(bytes(row.secret_hash), token_hash(token)):
        return unknown
    return admit(row, now_s)


def admit(row: AnyRow, now_s: float) -> Principal | Refused:
    """Whoever owns this row of ``api_key``, unless the key was revoked or has expired."""
    if row.revoked_at_s is not None:
        return Refused(code="key.revoked", sentence="This key was revoked; ask for a new one.")
    if row.expires_at_s is not None and row.expires_at_s < now_s:
        return Refused(code="key.expired", sentence="This key has expired; ask for a new one.")
    return Principal(
        key_id=row.id,
        name=row.name,
        role=Role(row.role),
        scopes=frozenset(_known_scopes(row.scopes.split())),
        tenant_id=row.tenant_id,
        node_id=row.node_id,
        site_ids=None if row.site_ids is None else tuple(json.loads(row.site_ids)),
    )


def _known_scopes(names: Iterable[str]) -> Iterable[Scope]:
    known = {scope.value for scope in Scope}
    return (Scope(name) for name in names if name in known)


def owner_names(connection: Connection, key_id: int) -> tuple[str | None, str | None]:
    """The tenant and the user of a key, by name."""
    row = connection.execute(
        select(tenant.c.name, person.c.name.label("user"))
        .select_from(_with_owner())
        .where(api_key.c.id == key_id)
    ).one()
    return row.name, row.user


def _with_owner() -> Join:
    return api_key.outerjoin(tenant, api_key.c.tenant_id == tenant.c.id).outerjoin(
        person, api_key.c.person_id == person.c.id
    )


def list_keys(connection: Connection, tenant_name: str | None = None) -> list[dict[str, Any]]:
    """Every key without its secret, newest first; those of one tenant, or everybody's."""
    statement = (
        select(
            api_key.c.id.label("key_id"),
            api_key.c.name,
            api_key.c.role,
            api_key.c.scopes,
            tenant.c.name.label("tenant"),
            person.c.name.label("user"),
            api_key.c.node_id,
            api_key.c.site_ids,
            api_key.c.created_at_s,
            api_key.c.expires_at_s,
            api_key.c.revoked_at_s,
            api_key.c.last_used_at_s,
        )
        .select_from(_with_owner())
        .order_by(api_key.c.id.desc())
    )
    if tenant_name is not None:
        statement = statement.where(tenant.c.name == tenant_name)
    return [dict(row._mapping) for row in connection.execute(statement)]


def note_use(tx: Transaction, key_id: int) -> None:
    """Remember when the key was last used."""
    tx.connection.execute(
        update(api_key).where(api_key.c.id == key_id).values(last_used_at_s=tx.now_s)
    )
