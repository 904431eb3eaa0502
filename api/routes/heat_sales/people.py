"""People of collectivities, whom the operator invites."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.names import Name, Number
from api.problems import Problem, not_found
from api.security import KeysAdmin, ServicesOf
from domain.refusal import Refused
from domain.towns.accounts import TownRole, check_email
from store.collectivities import accounts
from store.collectivities.accounts import Invited

router = APIRouter(prefix="/v1/collectivities/{collectivity_id}/people", tags=["collectivities"])

_MOST_SITES = 10_000


class InvitedIn(BaseModel):
    """Somebody who shall join a collectivity."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=300)
    name: Name
    role: TownRole
    site_ids: list[int] | None = Field(default=None, max_length=_MOST_SITES)


@router.get("")
async def show_people(
    collectivity_id: Number,
    services: ServicesOf,
    principal: KeysAdmin,  # noqa: ARG001 - the declared scope
) -> dict[str, Any]:
    """The people of a collectivity, with their roles and without anything secret."""
    rows = await services.read(lambda connection: accounts.accounts_of(connection, collectivity_id))
    return {"people": rows}


@router.post("", status_code=201)
async def invite(
    collectivity_id: Number, body: InvitedIn, services: ServicesOf, principal: KeysAdmin
) -> dict[str, Any]:
    """Invite somebody by a link that works once; it replaces their older ones."""
    email = check_email(body.email)
    if isinstance(email, Refused):
        raise Problem(422, email)
    asked = Invited(
        collectivity_id=collectivity_id,
        email=email,
        name=body.name,
        role=body.role,
        site_ids=None if body.site_ids is None else tuple(body.site_ids),
    )
    made = await services.write(lambda tx: accounts.invite(tx, asked, principal.actor))
    if isinstance(made, Refused):
        if made.code == "collectivity.unknown":
            raise not_found("collectivity")
        raise Problem(422, made)
    return {
        "account_id": made.account_id,
        "path": f"/town/join?code={made.code}",
        "expires_at_s": made.expires_at_s,
    }


@router.delete("/{account_id}")
async def remove(
    collectivity_id: Number, account_id: Number, services: ServicesOf, principal: KeysAdmin
) -> dict[str, int]:
    """End what somebody is to a collectivity; without any left, the account is closed."""
    removed = await services.write(
        lambda tx: accounts.leave_collectivity(tx, collectivity_id, account_id, principal.actor)
    )
    if not removed:
        raise not_found("person of this collectivity")
    return {"collectivity_id": collectivity_id, "account_id": account_id}
