"""Every route declares its scope through ``requires``; a test fails if one does not."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from api.problems import Problem
from api.services import Services
from domain.access import Principal, Scope
from domain.refusal import Refused

SESSION_COOKIE = "chaufferie_session"


def services_of(request: Request) -> Services:
    """The services of this process."""
    found: Services = request.app.state.services
    return found


ServicesOf = Annotated[Services, Depends(services_of)]


def requires(scope: Scope) -> Callable[..., Awaitable[Principal]]:
    """A dependency that admits only keys with this scope."""

    async def check(request: Request) -> Principal:
        token = _bearer(request) or request.cookies.get(SESSION_COOKIE)
        if not token:
            refusal = Refused(
                code="key.missing", sentence="This needs a key: Authorization: Bearer KEY."
            )
            raise Problem(401, refusal, headers={"WWW-Authenticate": "Bearer"})
        found = await services_of(request).principal(token)
        if isinstance(found, Refused):
            raise Problem(401, found, headers={"WWW-Authenticate": "Bearer"})
        if scope not in found.scopes:
            refusal = Refused(
                code="key.scope", sentence=f"This key does not have the scope {scope.value}."
            )
            raise Problem(403, refusal)
        return found

    check.scope = scope  # type: ignore[attr-defined]
    return check


def public() -> None:
    """The declared scope of a route that needs no key."""


public.scope = Scope.PUBLIC  # type: ignore[attr-defined]


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


JobsReader = Annotated[Principal, Depends(requires(Scope.JOBS_READ))]
JobsWriter = Annotated[Principal, Depends(requires(Scope.JOBS_WRITE))]
HeatReader = Annotated[Principal, Depends(requires(Scope.HEAT_READ))]
NodesReader = Annotated[Principal, Depends(requires(Scope.NODES_READ))]
NodesAdmin = Annotated[Principal, Depends(requires(Scope.NODES_ADMIN))]
KeysAdmin = Annotated[Principal, Depends(requires(Scope.KEYS_ADMIN))]
MetricsReader = Annotated[Principal, Depends(requires(Scope.METRICS_READ))]
NodeItself = Annotated[Principal, Depends(requires(Scope.NODE_WORK))]
