"""In which order waiting jobs go: what the operator may choose, and what a person may say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.units import DAY_S

#: By so many points, at the most, a person moves a job before others or after them.
MOST_POINTS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChoice:
    """The terms of a job's priority, in points, as the operator's file says them.

    The defaults: a hundred points for each hour of waiting; a tenant that took nothing of late goes
    before one that took everything by as much as a day, a project of its tenant by six hours.
    """

    age: float = 100.0
    priority: float = 1.0
    tenant_share: float = 2400.0
    project_share: float = 600.0
    size: float = 0.0
    half_life_s: float = 7 * DAY_S
    shares: Mapping[str, float] = field(default_factory=dict)  #: By the tenant's name; default 1.
    #: By the names of tenant and project; default 1.
    project_shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
