"""Keys: who may do what; and sign-in of browsers with them."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.filters import refuse_unknown_names
from api.names import AskedName, Id, Name, Number
from api.problems import Problem, not_found
from api.security import AnyKey, KeysAdmin, ServicesOf
from domain.access import Role, Scope
from domain.refusal import Refused
from store.access import sessions
from store.access.keys import (
    LONGEST_KEY_LIFE_S,
    KeyRequest,
    NewKey,
    add_key,
    list_keys,
    owner_names,
    revoke_key,
)
from store.access.known_names import NamesAsked
from store.access.tenants import key_place
from store.fleet.site_queries import nodes as node_rows
from store.fleet.site_queries import sites as site_rows
from store.transaction import Transaction

router = APIRouter(prefix="/v1", tags=["access"])

_MOST_SITES = 10_000


class KeyIn(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    role: Role
    tenant: Name | None = None
    user: Name | None = None
    node_id: Id | None = None
    site_ids: list[Id] | None = Field(default=None, max_length=_MOST_SITES)
    scopes: list[Scope] | None = None
    life_s: float | None = Field(default=None, gt=0, le=LONGEST_KEY_LIFE_S, allow_inf_nan=False)


@router.get("/whoami")
async def whoami(services: ServicesOf, principal: AnyKey) -> dict[str, Any]:
    """Whose key this is and what it may do."""
    tenant, user = await services.read(lambda connection: owner_names(connection, principal.key_id))
    return {
        "name": principal.name,
        "role": principal.role.value,
        "scopes": sorted(principal.scopes),
        "tenant_id": principal.tenant_id,
        "tenant": tenant,
        "user": user,
    }


@router.post("/sessions", status_code=201)
async def start_session(services: ServicesOf, principal: AnyKey) -> dict[str, str]:
    """Make a link that signs a browser in, once, with the rights of this key."""
    code = await services.write(lambda tx: sessions.add_code(tx, principal.key_id))
    return {"path": f"/enter?code={code}"}


@router.post("/keys", status_code=201)
async def make_key(body: KeyIn, services: ServicesOf, principal: KeysAdmin) -> dict[str, Any]:
    """Make a key; its token is shown only in this answer."""

    def operation(tx: Transaction) -> NewKey | Refused:
        refused = _check_places(tx, body)
        if refused is not None:
            return refused
        place: tuple[int | None, int | None] | Refused = (None, None)
        if body.tenant is not None:
            place = key_place(tx, body.tenant, body.user, principal.actor)
        if isinstance(place, Refused):
            return place
        return add_key(tx, _key_request(body, *place), principal.actor)

    key = await services.write(operation)
    if isinstance(key, Refused):
        raise Problem(422, key)
    return {"key_id": key.key_id, "token": key.token, "expires_at_s": key.expires_at_s}


def _check_places(tx: Transaction, body: KeyIn) -> Refused | None:
    if (body.role is Role.NODE) != (body.node_id is not None):
        return Refused(code="key.node", sentence="A node key, and no other, names its node_id.")
    if body.node_id is not None:
        known = {row.node_id for row in node_rows(tx.connection, None)}
        if body.node_id not in known:
            return Refused(code="node.unknown", sentence=f"There is no node {body.node_id}.")
    if body.site_ids is not None:
        known = {row.site_id for row in site_rows(tx.connection, None)}
        missing = next((item for item in body.site_ids if item not in known), None)
        if missing is not None:
            return Refused(code="site.unknown", sentence=f"There is no site {missing}.")
    if body.role is Role.BUYER and body.site_ids is None:
        return Refused(code="key.site", sentence="A buyer key names the site_ids it may see.")
    if body.user is not None and body.tenant is None:
        return Refused(code="key.user", sentence="A user belongs to a tenant; name the tenant too.")
    return None


def _key_request(body: KeyIn, tenant_id: int | None, person_id: int | None) -> KeyRequest:
    """The request; only keys of operators and nodes live without end."""
    endless = body.role in {Role.OPERATOR, Role.NODE}
    return KeyRequest(
        name=body.name,
        role=body.role,
        tenant_id=tenant_id,
        person_id=person_id,
        node_id=body.node_id,
        site_ids=None if body.site_ids is None else tuple(body.site_ids),
        scopes=None if body.scopes is None else frozenset(body.scopes),
        life_s=body.life_s if body.life_s is not None or endless else LONGEST_KEY_LIFE_S,
    )


@router.get("/keys")
async def show_keys(
    services: ServicesOf,
    principal: KeysAdmin,
    tenant: AskedName = None,
) -> dict[str, Any]:
    """Every key, without its secret; ``tenant`` leaves those of the others out."""
    rows = await services.read(lambda connection: list_keys(connection, tenant))
    await refuse_unknown_names(services, principal, rows, NamesAsked(tenant=tenant))
    return {"keys": [{**row, "scopes": row["scopes"].split()} for row in rows]}


@router.delete("/keys/{key_id}")
async def end_key(key_id: Number, services: ServicesOf, principal: KeysAdmin) -> dict[str, int]:
    """Revoke a key now, and every session that was started with it."""
    if not await services.write(lambda tx: revoke_key(tx, key_id, principal.actor)):
        raise not_found("key")
    services.forget_keys()
    return {"key_id": key_id}
