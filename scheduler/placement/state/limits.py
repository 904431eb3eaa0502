"""Lines of waiting jobs opened and closed by the quotas and licences that their jobs must keep."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from domain.events import JobQueued, QuotaSet
from domain.fleet.licences import counts_of
from domain.jobs.job import SchedulingType
from scheduler.placement.state.cluster import ClusterState

if TYPE_CHECKING:
    from scheduler.placement.state.job_shape import Shape

#: A patient job keeps seats of licences only so long before its last moment [s].
_DUE_S = 3600.0


def set_quota(state: ClusterState, event: QuotaSet, now_s: float) -> None:
    """Take in a limit; waiting jobs stand apart from those that need not keep it."""
    state.eased.add(event.tenant_id)
    if state.quotas.set(event, state.occupations.values(), state.fleet):
        for job in state.queue.of_tenant(event.tenant_id):
            state.queue.remove(job.instance_id)
            state.line_up(job, now_s)


def close_lines(state: ClusterState, now_s: float) -> None:
    """Let the lines wait whose quotas or licences leave no room for one more job of theirs.

    Those that have room again are looked at as if their jobs had just come.
    """
    is_any = len(state.quotas) or len(state.licences)
    limited = state.queue.limited_shapes() if is_any else []
    closed = {shape for shape in limited if _is_over_quota(state, shape)}
    closed |= _without_seats(state, [shape for shape in limited if shape not in closed], now_s)
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


def _without_seats(state: ClusterState, shapes: Iterable["Shape"], now_s: float) -> "set[Shape]":
    """Those of which the first job finds too few seats, in the order of their turns.

    What is free is then kept for that job, so that it is not passed for ever by others that need
    fewer; but for what those before it may still take.
    """
    book = state.licences
    kept: dict[str, int] = {}
    spoken: dict[str, int] = {}  # By those before, who may start at once.
    closed: set[Shape] = set()
    wanting = [shape for shape in shapes if shape.licences]
    for job, shape in _in_turn(state, wanting, now_s):
        counts = counts_of(shape.licences)
        if any(book.free(name) - kept.get(name, 0) < count for name, count in counts.items()):
            closed.add(shape)
            if book.missing(shape.licences) and _may_keep(state, job, now_s):
                for name, count in counts.items():
                    left = book.free(name) - kept.get(name, 0) - spoken.get(name, 0)
                    kept[name] = kept.get(name, 0) + max(min(count, left), 0)
        else:
            for name, count in counts.items():
                spoken[name] = spoken.get(name, 0) + count
    book.kept = kept
    return closed


def _in_turn(
    state: ClusterState, shapes: Sequence["Shape"], now_s: float
) -> "Iterator[tuple[JobQueued, Shape]]":
    """The first job of each shape: those that are due, those that cannot wait, the patient."""
    patient = [shape for shape in shapes if shape.is_patient]
    seen: set[Shape] = set()
    heads = []
    for job, shape in state.queue.in_order(patient, seen):
        seen.add(shape)
        heads.append((job, shape))
    yield from ((job, shape) for job, shape in heads if _is_due(job, now_s))
    for job, shape in state.queue.in_order([s for s in shapes if not s.is_patient], seen):
        seen.add(shape)
        yield job, shape
    yield from ((job, shape) for job, shape in heads if not _is_due(job, now_s))


def _may_keep(state: ClusterState, job: JobQueued, now_s: float) -> bool:
    """Whether it would start with them: not before its heat may be wanted, nor without a node."""
    if job.scheduling_type == SchedulingType.FLEX and not _is_due(job, now_s):
        return False
    if any(state.licences.seats.get(name, 0) < n for name, n in counts_of(job.licences).items()):
        return False
    fleet = state.fleet
    could = fleet.has_size(job) & fleet.nodes.is_open & fleet.nodes.accepts_work
    return bool((could & fleet.tags.meet(job.requires)).any())


def _is_due(job: JobQueued, now_s: float) -> bool:
    return job.start_before_s is not None and job.start_before_s - now_s <= _DUE_S
