"""Lines of waiting jobs opened and closed by the quotas and licences that their jobs must keep."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from domain.events import JobQueued, QuotaSet
from domain.fleet.licences import counts_of
from scheduler.placement.plan.policy import Policy, Turn, View
from scheduler.placement.state.cluster import ClusterState

if TYPE_CHECKING:
    from scheduler.placement.state.job_shape import Shape


def set_quota(state: ClusterState, event: QuotaSet, now_s: float) -> None:
    """Take in a limit; waiting jobs stand apart from those that need not keep it."""
    state.eased.add(event.tenant_id)
    if state.quotas.set(event, state.occupations.values(), state.fleet):
        for job in state.queue.of_tenant(event.tenant_id):
            state.queue.remove(job.instance_id)
            state.line_up(job, now_s)


def close_lines(view: View, policy: Policy) -> None:
    """Let the lines wait whose quotas or licences leave no room for one more job of theirs.

    Those that have room again are looked at as if their jobs had just come.
    """
    state = view.state
    is_any = len(state.quotas) or len(state.licences)
    limited = state.queue.limited_shapes() if is_any else []
    closed = {shape for shape in limited if _is_over_quota(state, shape)}
    closed |= _without_seats(view, policy, [shape for shape in limited if shape not in closed])
    state.arrived.update(
        shape for shape in limited if shape not in closed and _is_eased(state, shape)
    )
    state.eased.clear()
    state.licences.eased.clear()
    state.queue.close(closed)


def _is_over_quota(state: ClusterState, shape: "Shape") -> bool:
    if shape.account is None:
        return False
    least = shape.nodes * (1 if shape.whole_node else shape.cores)
    has_cores = state.quotas.room_cores(shape.account, {}) >= least
    return not has_cores or state.quotas.budgets.is_short(shape, state.fleet)


def _is_eased(state: ClusterState, shape: "Shape") -> bool:
    if shape.account is not None and shape.account[0] in state.eased:
        return True
    return not state.licences.eased.isdisjoint(counts_of(shape.licences))


def _without_seats(view: View, policy: Policy, shapes: Iterable["Shape"]) -> "set[Shape]":
    """Those of which the first job finds too few seats, in the order of their turns.

    What is free is then kept for that job, so that it is not passed for ever by others that need
    fewer; but for what those before it may still take. Not before its heat may be wanted.
    """
    book = view.state.licences
    kept: dict[str, int] = {}
    spoken: dict[str, int] = {}  # By those before, who may start at once.
    closed: set[Shape] = set()
    for turn, job, shape in _in_turn(view, policy, [shape for shape in shapes if shape.licences]):
        counts = counts_of(shape.licences)
        if any(book.free(name) - kept.get(name, 0) < count for name, count in counts.items()):
            closed.add(shape)
            if book.missing(shape.licences) and turn.is_due and _could_start(view.state, job):
                for name, count in counts.items():
                    left = book.free(name) - kept.get(name, 0) - spoken.get(name, 0)
                    kept[name] = kept.get(name, 0) + max(min(count, left), 0)
        else:
            for name, count in counts.items():
                spoken[name] = spoken.get(name, 0) + count
    book.kept = kept
    return closed


def _in_turn(
    view: View, policy: Policy, shapes: Sequence["Shape"]
) -> "list[tuple[Turn, JobQueued, Shape]]":
    """The job of each shape that the policy looks at first, in the order in which it does."""
    queue = view.state.queue
    found = []
    for shape in shapes:
        job, _ = next(queue.in_order([shape]))
        turn = policy.turn(view, job)
        if shape.is_patient:
            other = next(queue.in_order([shape], by_age=True))[0] if turn.is_by_age else None
            other = other or queue.first(shape) or job
            turn, job = min(
                ((policy.turn(view, one), one) for one in (job, other)),
                key=lambda item: item[0].place,
            )
        found.append((turn, job, shape))
    return sorted(found, key=lambda item: item[0].place)


def _could_start(state: ClusterState, job: JobQueued) -> bool:
    """Whether there are enough seats and a node for it, once others have given theirs back."""
    if any(state.licences.seats.get(name, 0) < n for name, n in counts_of(job.licences).items()):
        return False
    fleet = state.fleet
    could = fleet.has_size(job) & fleet.nodes.is_open & fleet.nodes.accepts_work
    return bool((could & fleet.tags.meet(job.requires)).any())
