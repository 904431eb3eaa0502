"""Lines of waiting jobs opened and closed by the quotas that their jobs must keep."""

from typing import TYPE_CHECKING

from domain.events import QuotaSet
from scheduler.placement.cluster import ClusterState

if TYPE_CHECKING:
    from scheduler.placement.shape import Shape


def set_quota(state: ClusterState, event: QuotaSet, now_s: float) -> None:
    """Take in a limit; waiting jobs stand apart from those that need not keep it."""
    state.eased.add(event.tenant_id)
    if state.quotas.set(event):
        for job in state.queue.of_tenant(event.tenant_id):
            state.queue.remove(job.instance_id)
            state.line_up(job, now_s)


def close_lines(state: ClusterState) -> None:
    """Let the lines wait whose quotas leave no room for one more job of theirs.

    Those that have room again are looked at as if their jobs had just come.
    """
    closed: list[Shape] = []
    for shape in state.queue.limited_shapes() if len(state.quotas) else ():
        account = shape.account or (0, "")
        least = shape.nodes * (1 if shape.whole_node else shape.cores)
        if state.quotas.room_cores(account, {}) < least:
            closed.append(shape)
        elif account[0] in state.eased:
            state.arrived.add(shape)
    state.eased.clear()
    state.queue.close(closed)
