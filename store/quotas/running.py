"""What running attempts have used so far: each counts as if it ended at this moment.

The rule is that of a bill: cores held times time, whether busy or not. What energy they took is not
known before they end, since no node tells the CPU time of what runs; until then every core counts
as busy, which is the most that it can take. What is only offered to a node has used nothing.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, FromClause, Select, bindparam, func, select

from domain.billing.spending import UsageLine
from domain.calendar.months import month_of
from domain.fleet.node import NodeSpec, node_spec_of
from domain.jobs.job import JobState, SchedulingType
from store.gangs.member_tables import attempt_member
from store.gangs.members import IS_CURRENT
from store.rows import AnyRow
from store.tables.fleet import node
from store.tables.jobs import instance, job

_ON_A_NODE = tuple(
    sorted(item.value for item in (JobState.RUNNING, JobState.PREEMPTED, JobState.CANCELLING))
)


def running_lines(
    connection: Connection, now_s: float, tenant_ids: Collection[int]
) -> Mapping[int, list[UsageLine]]:
    """What runs, by tenant, as lines of this month: it counts in the month in which it ends."""
    found: dict[int, list[UsageLine]] = {tenant_id: [] for tenant_id in tenant_ids}
    if not found:
        return found
    values = {"of_tenants": sorted(found), "now_s": now_s}
    sums = _Sums(month_of(now_s))
    for statement in (_ALONE, _MEMBERS):
        for row in connection.execute(statement, values):
            sums.add(row)
    for (tenant_id, _, _), line in sums.lines():
        found[tenant_id].append(line)
    return found


class _Sums:
    """Sums by tenant, project and kind of job; each job and each node is read once."""

    def __init__(self, month: int) -> None:
        self._month = month
        self._kinds: dict[int, SchedulingType] = {}
        self._nodes: dict[int, NodeSpec] = {}
        self._found: dict[tuple[int, str, SchedulingType], tuple[float, float]] = {}

    def add(self, row: AnyRow) -> None:
        """Count what instances of one job hold of one node."""
        kind = self._kinds.get(row.job_id)
        if kind is None:
            kind = SchedulingType(json.loads(row.spec)["scheduling_type"])
            self._kinds[row.job_id] = kind
        spec = self._nodes.get(row.node_id)
        if spec is None:
            spec = self._nodes[row.node_id] = node_spec_of(json.loads(row.node_spec))
        key = (row.tenant_id, row.project or "", kind)
        core_s, energy_wh = self._found.get(key, (0.0, 0.0))
        more_s = (row.cores or spec.cores) * row.held_s
        self._found[key] = (core_s + more_s, energy_wh + spec.job_energy_wh(more_s))

    def lines(self) -> list[tuple[tuple[int, str, SchedulingType], UsageLine]]:
        """The sums so far, in the order of their keys."""
        return [
            (
                key,
                UsageLine(
                    month=self._month, project=key[1], core_s={key[2]: core_s}, energy_wh=energy_wh
                ),
            )
            for key, (core_s, energy_wh) in sorted(self._found.items())
        ]


def _statement(*, of_members: bool) -> Select[tuple[Any, ...]]:
    """Seconds for which instances of one job have held as many cores of one node."""
    tables: FromClause = instance
    place = instance.c.node_id
    if of_members:
        tables, place = instance.join(attempt_member, IS_CURRENT), attempt_member.c.node_id
    held = (
        select(
            instance.c.job_id,
            place.label("node_id"),
            instance.c.cores,
            func.sum(bindparam("now_s") - instance.c.started_at_s).label("held_s"),
        )
        .select_from(tables)
        # Not along the index of tenants, in which all stand that have ended.
        .where((instance.c.tenant_id + 0).in_(bindparam("of_tenants", expanding=True)))
        .where(instance.c.state.in_(_ON_A_NODE), instance.c.started_at_s < bindparam("now_s"))
        .group_by(instance.c.job_id, place, instance.c.cores)
        .subquery()
    )
    return (
        select(held, job.c.tenant_id, job.c.project, job.c.spec, node.c.spec.label("node_spec"))
        .select_from(
            held.join(job, job.c.id == held.c.job_id).join(node, node.c.id == held.c.node_id)
        )
        .order_by(held.c.job_id, held.c.node_id, held.c.cores)
    )


_ALONE, _MEMBERS = _statement(of_members=False), _statement(of_members=True)
