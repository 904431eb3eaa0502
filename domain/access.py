"""Who may do what: scopes, and the roles that bundle them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """One right; every route asks for exactly one."""

    PUBLIC = "public"  #: No key at all: liveness, sign-in.
    OWN = "own"  #: Any valid key: what concerns the key itself.
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    HEAT_READ = "heat:read"
    NODES_READ = "nodes:read"
    NODES_ADMIN = "nodes:admin"
    KEYS_ADMIN = "keys:admin"
    STATEMENTS_READ = "statements:read"  #: Contracts on heat and what was issued under them.
    STATEMENTS_WRITE = "statements:write"
    METRICS_READ = "metrics:read"
    NODE_WORK = "node:work"  #: A node's own calls: claim, heartbeat, readings, results.


class Role(StrEnum):
    """Who a key belongs to."""

    TENANT = "tenant"  #: Submits jobs; sees its own.
    BUYER = "buyer"  #: Buys heat; sees the heat of its sites.
    OPERATOR = "operator"  #: Runs the fleet.
    NODE = "node"  #: One node agent.


ROLE_SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.TENANT: frozenset({Scope.JOBS_READ, Scope.JOBS_WRITE, Scope.NODES_READ}),
    Role.BUYER: frozenset({Scope.HEAT_READ, Scope.STATEMENTS_READ}),
    Role.OPERATOR: frozenset(
        {
            Scope.JOBS_READ,
            Scope.JOBS_WRITE,
            Scope.HEAT_READ,
            Scope.NODES_READ,
            Scope.NODES_ADMIN,
            Scope.KEYS_ADMIN,
            Scope.STATEMENTS_READ,
            Scope.STATEMENTS_WRITE,
            Scope.METRICS_READ,
        }
    ),
    Role.NODE: frozenset({Scope.NODE_WORK}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whoever presented a valid key."""

    key_id: int
    name: str
    role: Role
    scopes: frozenset[Scope]
    tenant_id: int | None = None  #: The tenant whose jobs it submits; an operator has one too.
    node_id: int | None = None
    site_ids: tuple[int, ...] | None = None  #: None = every site.
    job_id: int | None = None  #: The running job that acts for its submitter.

    @property
    def actor(self) -> str:
        """How the audit trail names it."""
        return f"key/{self.key_id}" if self.job_id is None else f"job/{self.job_id}"

    @property
    def visible_tenant_id(self) -> int | None:
        """The only tenant whose jobs it may see; None = all of them (operators)."""
        return None if self.role is Role.OPERATOR else self.tenant_id
