"""Jobs on nodes that may last into a reservation made after they began."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, select

from domain import wire
from domain.jobs.job import HOLDING_STATES
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S
from store.gangs.member_tables import attempt_member
from store.tables.jobs import instance, job


def lasting_into(
    connection: Connection,
    node_ids: Sequence[int],
    starts_at_s: float,
    ends_at_s: float,
    now_s: float,
) -> tuple[int, ...]:
    """Numbers of the instances there that may still run when it starts, by their limits."""
    if ends_at_s <= now_s:
        return ()
    beside = select(attempt_member.c.instance_id).where(
        attempt_member.c.instance_id == instance.c.id,
        attempt_member.c.attempt == instance.c.attempt,
        attempt_member.c.node_id.in_(node_ids),
    )
    statement = (
        select(instance.c.id, instance.c.started_at_s, job.c.spec)
        .select_from(instance.join(job, instance.c.job_id == job.c.id))
        .where(
            instance.c.state.in_([state.value for state in HOLDING_STATES]),
            instance.c.node_id.in_(node_ids) | beside.exists(),
        )
        .order_by(instance.c.id)
    )
    found = []
    for row in connection.execute(statement):
        spec = wire.load_spec(json.loads(row.spec))
        began_s = now_s if row.started_at_s is None else row.started_at_s
        if began_s + (spec.resources.time_limit_s or DEFAULT_TIME_LIMIT_S) > starts_at_s:
            found.append(int(row.id))
    return tuple(found)
