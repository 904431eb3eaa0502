"""From heat to jobs: what a site's meters counted, shared to the watt-hour.

The rule. Heat of a site is shared among its nodes by their electricity. The electricity of a node
is its idle power for that time, and the rest: of the idle part each job bears the share of the
cores that it held, for as long as it held them, and what nobody held is nobody's; the rest is
borne by the jobs alone, by cores times time. Heat follows electricity. Whatever does not divide is
given by the largest remainder, so that the shares add up to what the meters counted. What no job
used stands on a line of its own.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from domain.units import HOUR_S

T = TypeVar("T", bound=Hashable)
#: Times are shared in milliseconds: whole numbers divide the same everywhere.
_MS_PER_S = 1000
#: The line of what no job used.
NOBODY = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Cores that an attempt held on a node within an interval."""

    instance_id: int
    attempt: int
    cores: int
    begin_s: float
    end_s: float

    @property
    def key(self) -> tuple[int, int]:
        return self.instance_id, self.attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeUse:
    """What a node took in an interval, and who held its cores."""

    node_id: int
    electricity_wh: int
    idle_power_w: float
    cores: int
    held: Sequence[Held]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one attempt bears of an interval, or nobody does (instance and attempt are 0)."""

    node_id: int
    instance_id: int
    attempt: int
    heat_wh: int
    electricity_wh: int


def apportion(total: int, weights: Mapping[T, int]) -> dict[T, int]:
    """Whole parts that add up to a whole, by weights: the largest remainder.

    Of equal remainders the first in order gets more. Without any weight there are no parts.
    """
    whole = sum(weights.values())
    if whole == 0:
        return {}
    parts = {key: total * weight // whole for key, weight in weights.items()}
    left = total - sum(parts.values())
    by_remainder = sorted(weights, key=lambda key: -(total * weights[key] % whole))
    for key in by_remainder[:left]:
        parts[key] += 1
    return parts


def share_interval(
    heat_wh: int,
    nodes: Sequence[NodeUse],
    begin_s: float,
    end_s: float,
    *,
    time_factor: float = 1.0,
) -> list[Share]:
    """Who bears what of a site's heat and electricity of an interval.

    Heat of a time without any electricity is nobody's, of the first node.
    """
    if not nodes:
        return []
    ordered = sorted(nodes, key=lambda item: item.node_id)
    electric = {item.node_id: item.electricity_wh for item in ordered}
    heat = apportion(heat_wh, electric) or {ordered[0].node_id: heat_wh}
    found = []
    for item in ordered:
        idle_wh = int(item.idle_power_w * (end_s - begin_s) * time_factor / HOUR_S)
        borne = _electricity(item, min(idle_wh, item.electricity_wh), begin_s, end_s)
        node_heat_wh = heat.get(item.node_id, 0)
        heats = apportion(node_heat_wh, borne) or {NOBODY: node_heat_wh}
        found += [
            Share(
                node_id=item.node_id,
                instance_id=key[0],
                attempt=key[1],
                heat_wh=heats.get(key, 0),
                electricity_wh=borne.get(key, 0),
            )
            for key in sorted({*borne, *heats})
        ]
    return [item for item in found if item.heat_wh or item.electricity_wh]


def _electricity(
    node: NodeUse, idle_wh: int, begin_s: float, end_s: float
) -> dict[tuple[int, int], int]:
    """Electricity of a node by who bears it."""
    used: dict[tuple[int, int], int] = {}
    for item in sorted(node.held, key=lambda held: held.key):
        held_s = min(item.end_s, end_s) - max(item.begin_s, begin_s)
        held_ms = max(int(held_s * _MS_PER_S), 0) * min(item.cores, node.cores)
        used[item.key] = used.get(item.key, 0) + held_ms
    all_ms = int((end_s - begin_s) * _MS_PER_S) * node.cores
    free_ms = max(all_ms - sum(used.values()), 0)
    idle = apportion(idle_wh, {**used, NOBODY: free_ms}) or {NOBODY: idle_wh}
    busy_wh = node.electricity_wh - idle_wh
    busy = apportion(busy_wh, used) or {NOBODY: busy_wh}
    return {key: idle.get(key, 0) + busy.get(key, 0) for key in sorted({*idle, *busy})}
