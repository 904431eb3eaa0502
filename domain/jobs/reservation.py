"""A reservation: nodes set aside for a time, for a tenant, one of its projects, or for nobody."""

import re
from dataclasses import dataclass

_LONGEST_NAME = 64
#: What a reservation may be called.
NAME_PATTERN = rf"^[A-Za-z0-9][A-Za-z0-9_.+-]{{0,{_LONGEST_NAME - 1}}}$"
#: Nodes of one reservation, at the most.
MOST_NODES = 10_000


def is_reservation_name(text: str) -> bool:
    """Whether a reservation may be called so."""
    return re.fullmatch(NAME_PATTERN, text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationWish:
    """What the operator asks for."""

    name: str
    starts_at_s: float
    ends_at_s: float
    nodes: tuple[str, ...] = ()  #: Names of nodes.
    site: str | None = None  #: All nodes that this site has now.
    tenant: str | None = None  #: None = for maintenance: nobody runs there.
    project: str | None = None  #: Only jobs of this project; None = all of the tenant's.
