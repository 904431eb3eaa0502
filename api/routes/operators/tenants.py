"""Tenants, their projects and their users."""

from typing import Any, TypeVar

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.filters import refuse_unknown_names
from api.names import AskedName, Name, Number
from api.problems import Problem, not_found
from api.security import JobsReader, KeysAdmin, ServicesOf, tenant_seen_by
from domain.refusal import Refused
from store.access import tenants
from store.access.known_names import NamesAsked

router = APIRouter(prefix="/v1", tags=["tenants"])
T = TypeVar("T")


class TenantIn(BaseModel):
    """A tenant, by name."""

    model_config = ConfigDict(extra="forbid")

    name: Name


class OfTenantIn(BaseModel):
    """A project or a user of a tenant, by name."""

    model_config = ConfigDict(extra="forbid")

    tenant: Name
    name: Name


def _granted(answer: T | Refused) -> T:
    if isinstance(answer, Refused):
        raise Problem(422, answer)
    return answer


@router.get("/tenants")
async def show_tenants(services: ServicesOf, principal: KeysAdmin) -> dict[str, Any]:  # noqa: ARG001
    """Every tenant, with how many open projects, users and keys it has."""
    return {"tenants": await services.read(tenants.tenants)}


@router.post("/tenants", status_code=201)
async def open_tenant(body: TenantIn, services: ServicesOf, principal: KeysAdmin) -> dict[str, int]:
    """Make a tenant, or open a closed one again."""
    actor = principal.actor
    return {"tenant_id": await services.write(lambda tx: tenants.open_tenant(tx, body.name, actor))}


@router.post("/tenants/{tenant_id}/close")
async def close_tenant(
    tenant_id: Number, services: ServicesOf, principal: KeysAdmin
) -> dict[str, int]:
    """Take no more from a tenant and revoke its keys; its jobs go on."""
    answer = _granted(
        await services.write(lambda tx: tenants.close_tenant(tx, tenant_id, principal.actor))
    )
    if answer is None:
        raise not_found("tenant")
    services.forget_keys()
    return {"tenant_id": tenant_id, "keys_revoked": answer}


@router.get("/projects")
async def show_projects(
    services: ServicesOf, principal: JobsReader, tenant: AskedName = None
) -> dict[str, Any]:
    """Projects: a tenant's own, or everybody's for operators."""
    visible = tenant_seen_by(principal)
    rows = await services.read(
        lambda connection: tenants.projects(connection, tenant_id=visible, tenant_name=tenant)
    )
    await refuse_unknown_names(services, principal, rows, NamesAsked(tenant=tenant))
    return {"projects": rows}


@router.post("/projects", status_code=201)
async def open_project(
    body: OfTenantIn, services: ServicesOf, principal: KeysAdmin
) -> dict[str, int]:
    """Make a project, or open a closed one again."""
    answer = await services.write(
        lambda tx: tenants.open_project(tx, body.tenant, body.name, principal.actor)
    )
    return {"project_id": _granted(answer)}


@router.post("/projects/{project_id}/close")
async def close_project(
    project_id: Number, services: ServicesOf, principal: KeysAdmin
) -> dict[str, int]:
    """Take no more jobs for a project; those it has go on."""
    actor = principal.actor
    if not await services.write(lambda tx: tenants.close_project(tx, project_id, actor)):
        raise not_found("project")
    return {"project_id": project_id}


@router.get("/users")
async def show_users(
    services: ServicesOf,
    principal: KeysAdmin,
    tenant: AskedName = None,
) -> dict[str, Any]:
    """Every user; ``tenant`` leaves those of the others out."""
    rows = await services.read(lambda connection: tenants.persons(connection, tenant))
    await refuse_unknown_names(services, principal, rows, NamesAsked(tenant=tenant))
    return {"users": rows}


@router.post("/users", status_code=201)
async def open_user(body: OfTenantIn, services: ServicesOf, principal: KeysAdmin) -> dict[str, int]:
    """Make a user, or let a removed one have keys again."""
    answer = await services.write(
        lambda tx: tenants.open_person(tx, body.tenant, body.name, principal.actor)
    )
    return {"user_id": _granted(answer)}


@router.delete("/users/{user_id}")
async def remove_user(
    user_id: Number, services: ServicesOf, principal: KeysAdmin
) -> dict[str, int]:
    """Revoke every key in a user's name; what was submitted with them goes on."""
    actor = principal.actor
    revoked = await services.write(lambda tx: tenants.remove_person(tx, user_id, actor))
    if revoked is None:
        raise not_found("user")
    services.forget_keys()
    return {"user_id": user_id, "keys_revoked": revoked}
