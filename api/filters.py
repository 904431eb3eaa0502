"""Lists narrowed by a name that nobody bears: refused, for an empty list would be an answer."""

from collections.abc import Sized

from api.problems import Problem
from api.security import tenant_seen_by
from api.services import Services
from domain.access import Principal
from store.access.known_names import NamesAsked, unknown_name


async def refuse_unknown_names(
    services: Services, principal: Principal, found: Sized, asked: NamesAsked
) -> None:
    """End the request with 404 where nothing was found and a name that was asked for is unknown."""
    if found:
        return
    visible = tenant_seen_by(principal)
    refused = await services.read(lambda connection: unknown_name(connection, asked, visible))
    if refused is not None:
        raise Problem(404, refused)
