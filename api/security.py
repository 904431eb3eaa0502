"""Every route declares its scope through ``requires``; a test fails if one does not."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from api.problems import Problem
from api.services import Services
from domain.access import Principal, Role, Scope
from domain.refusal import Refused
from store.access import sessions

SESSION_COOKIE = "chaufferie_session"
#: What a browser may do with its cookie alone: look. Another site cannot make it do more.
_COOKIE_METHODS = frozenset({"GET", "HEAD"})


def services_of(request: Request) -> Services:
    """The services of this process."""
    found: Services = request.app.state.services
    return found


ServicesOf = Annotated[Services, Depends(services_of)]


def requires(scope: Scope) -> Callable[..., Awaitable[Principal]]:
    """A dependency that admits only keys with this scope."""

    async def check(request: Request) -> Principal:
        found = await _identify(request)
        if found is None:
            found = Refused(
                code="key.missing", sentence="This needs a key: Authorization: Bearer KEY."
            )
        if isinstance(found, Refused):
            raise Problem(401, found, headers={"WWW-Authenticate": "Bearer"})
        if scope is not Scope.OWN and scope not in found.scopes:
            refusal = Refused(
                code="key.scope", sentence=f"This key does not have the scope {scope.value}."
            )
            raise Problem(403, refusal)
        return found

    check.scope = scope  # type: ignore[attr-defined]
    return check


async def is_admitted(request: Request, scope: Scope) -> bool:
    """Whether the key of a request that is answered for long still opens this."""
    found = await _identify(request)
    return isinstance(found, Principal) and scope in found.scopes


def public() -> None:
    """The declared scope of a route that needs no key."""


public.scope = Scope.PUBLIC  # type: ignore[attr-defined]


async def visitor(request: Request) -> Principal | None:
    """Who looks at a page: its signed-in owner, or nobody, who is shown how to sign in."""
    found = await _identify(request)
    return None if isinstance(found, Refused) else found


visitor.scope = Scope.PUBLIC  # type: ignore[attr-defined]


async def _identify(request: Request) -> Principal | Refused | None:
    services = services_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return await services.principal(token.strip())
    cookie = request.cookies.get(SESSION_COOKIE)
    if not cookie or request.method not in _COOKIE_METHODS:
        return None
    database = services.store.database
    return await services.read(
        lambda connection: sessions.find_visitor(connection, cookie, database.now_s(connection))
    )


def tenant_seen_by(principal: Principal) -> int | None:
    """The only tenant whose jobs this key may see; None = every tenant's, for operators."""
    if principal.role is not Role.OPERATOR and principal.tenant_id is None:
        raise Problem(403, Refused(code="key.tenant", sentence="This key belongs to no tenant."))
    return principal.visible_tenant_id


def tenant_id_of(principal: Principal) -> int:
    """The tenant in whose name this key submits."""
    if principal.tenant_id is None:
        raise Problem(403, Refused(code="key.tenant", sentence="This key belongs to no tenant."))
    return principal.tenant_id


def node_id_of(principal: Principal) -> int:
    """The node that this key belongs to."""
    if principal.node_id is None:
        refusal = Refused(code="key.node", sentence="This key does not belong to a node.")
        raise Problem(403, refusal)
    return principal.node_id


async def person_writing(
    principal: Annotated[Principal, Depends(requires(Scope.JOBS_WRITE))],
) -> Principal:
    """A key with the right to write jobs that is not that of a running job."""
    if principal.job_id is not None:
        sentence = "A running job may not do this; use a key of your own."
        raise Problem(403, Refused(code="key.of_job", sentence=sentence))
    return principal


JobsReader = Annotated[Principal, Depends(requires(Scope.JOBS_READ))]
JobsWriter = Annotated[Principal, Depends(requires(Scope.JOBS_WRITE))]
PersonWriter = Annotated[Principal, Depends(person_writing)]
HeatReader = Annotated[Principal, Depends(requires(Scope.HEAT_READ))]
NodesReader = Annotated[Principal, Depends(requires(Scope.NODES_READ))]
NodesAdmin = Annotated[Principal, Depends(requires(Scope.NODES_ADMIN))]
KeysAdmin = Annotated[Principal, Depends(requires(Scope.KEYS_ADMIN))]
StatementsReader = Annotated[Principal, Depends(requires(Scope.STATEMENTS_READ))]
StatementsWriter = Annotated[Principal, Depends(requires(Scope.STATEMENTS_WRITE))]
MetricsReader = Annotated[Principal, Depends(requires(Scope.METRICS_READ))]
NodeItself = Annotated[Principal, Depends(requires(Scope.NODE_WORK))]
AnyKey = Annotated[Principal, Depends(requires(Scope.OWN))]
Visitor = Annotated[Principal | None, Depends(visitor)]
