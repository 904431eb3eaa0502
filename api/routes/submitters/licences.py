"""Licences: how many seats there are, how many are in use, and who waits for them."""

from typing import Any

from fastapi import APIRouter

from api.jobs.licences import servers_for
from api.security import JobsReader, ServicesOf, tenant_seen_by
from store.licences.licences import NO_USE, licence_use

router = APIRouter(prefix="/v1/licences", tags=["licences"])


@router.get("")
async def show_licences(services: ServicesOf, principal: JobsReader) -> dict[str, Any]:
    """The licences that a tenant may use, an operator all, with what of them is in use."""
    tenant_id = tenant_seen_by(principal)
    servers = services.operator_file.licences
    if tenant_id is not None:
        servers = await servers_for(services, tenant_id)
    use = await services.read(licence_use)
    server_of = {name: one for one in servers.servers for name in one.seats}
    return {
        "licences": [
            {
                "name": name,
                "server": server_of[name].name,
                "total": total,
                "used": use.get(name, NO_USE).used,
                "free": max(total - use.get(name, NO_USE).used, 0),
                "waiting": use.get(name, NO_USE).waiting,
                "waiting_jobs": use.get(name, NO_USE).waiting_jobs,
            }
            for name, total in servers.seats().items()
        ]
    }
