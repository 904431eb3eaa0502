"""Why a job waits, in words: pure, from what the policies see."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from domain.events import JobQueued
from domain.fleet import gpus
from domain.jobs.requirements import in_words as requirement_in_words
from scheduler.explaining.backfill import Keeping
from scheduler.explaining.licences import why_no_licence
from scheduler.explaining.patience import why_policy_waits
from scheduler.explaining.quotas import why_over_quota
from scheduler.explaining.reserved import why_not_in_its_own, why_reserved
from scheduler.explaining.wording import cores, in_words, percent
from scheduler.placement.plan.draft import Draft
from scheduler.placement.plan.policy import Policy, View

NOT_BEFORE = "not_before"
NO_NODE_OPEN = "no_node_open"
NO_LARGE_NODE_OPEN = "no_large_node_open"
LOCAL_CONTROL_LIMITS = "local_control_limits"
NO_FRESH_READING = "no_fresh_reading"
WAITING_FOR_CORES = "waiting_for_cores"
WAITING_FOR_MEMORY = "waiting_for_memory"
WAITING_FOR_GPUS = "waiting_for_gpus"
NO_NODE_WITH_FEATURES = "no_node_with_features"
RESERVED_FOR_WIDER_JOB = "reserved_for_wider_job"
BEHIND_OTHERS = "behind_others"
ABOUT_TO_START = "about_to_start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Nodes where others start only if they do not delay a job that is too wide for any now."""

    nodes: tuple[str, ...]
    from_s: float  #: When they have room if all there run to their limits.


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A reason: its stable code, one sentence, and a line for each node that was considered."""

    code: str
    sentence: str
    lines: tuple[str, ...] = ()
    kept: Kept | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Who waits before a job: how many, and the first of them."""

    n_ahead: int
    is_counted_out: bool = True  #: False where there are at least so many.
    first: Sequence[JobQueued] = ()
    rule: str = ""  #: Who goes before whom, see `scheduler.placement.plan.policy.Turn`.
    starts_now: bool | None = None  #: Whether the next plan starts it; None = that is not known.

    @property
    def in_words(self) -> str:
        """The number as a clause, with the rule by which they are ahead."""
        if self.n_ahead == 0:
            return "no job is ahead of it"
        rule = f": {self.rule}" if self.rule else ""
        if self.n_ahead == 1:
            return f"1 job is ahead of it{rule}"
        number = f"{self.n_ahead}" if self.is_counted_out else f"{self.n_ahead} or more"
        return f"{number} jobs are ahead of it{rule}"


def explain_waiting(view: View, job: JobQueued, line: Line, policy: Policy) -> Explanation:
    """Why a waiting job has not started at ``view.now_s``, by the policy that decides."""
    draft = Draft(view)
    kept = found = None
    if not line.starts_now:
        found = _not_yet_or_nowhere(draft, job, line, policy)
        if found is None:
            found = _no_room(draft, job, line)
            kept = None if found is None else _kept_for_it(view, job, line, policy)
        found = (
            found
            or why_policy_waits(view, job, policy)
            or _kept_for_wider(view, job, line, policy)
            or _behind_others(line)
        )
    code, sentence = found or (
        ABOUT_TO_START,
        "It fits now and is offered to a node at the next decision.",
    )
    lines = tuple(_node_line(draft, row) for row in range(draft.fleet.nodes.n_rows))
    if kept is not None:
        sentence = f"{sentence} {_kept_in_words(kept, view.now_s)}"
    return Explanation(code=code, sentence=sentence, lines=lines, kept=kept)


def _not_yet_or_nowhere(
    draft: Draft, job: JobQueued, line: Line, policy: Policy
) -> tuple[str, str] | None:
    """What keeps it from starting on any node, however much room there is."""
    view = draft.view

    def is_due(other: JobQueued) -> bool:
        return policy.turn(view, other).is_due

    return (
        _too_early(view, job)
        or why_over_quota(draft, job)
        or why_no_licence(view.state.licences, job, line.first, is_due)
        or why_not_in_its_own(view, job)
        or _no_place_at_all(draft, job)
        or why_reserved(draft, job)
    )


def _too_early(view: View, job: JobQueued) -> tuple[str, str] | None:
    if job.not_before_s is None or job.not_before_s <= view.now_s:
        return None
    wait = in_words(job.not_before_s - view.now_s)
    return NOT_BEFORE, f"It was asked not to begin yet; it may start in {wait}."


def _no_place_at_all(draft: Draft, job: JobQueued) -> tuple[str, str] | None:
    fleet, nodes = draft.fleet, draft.fleet.nodes
    if not nodes.n_rows:
        return NO_NODE_OPEN, "No node is enrolled yet."
    if not nodes.is_open.any():
        return NO_NODE_OPEN, "No node takes work: all are down or drained."
    is_large = fleet.has_size(job)
    if not (is_large & nodes.is_open).any():
        return (
            NO_LARGE_NODE_OPEN,
            f"It needs {_size(job)}, and the nodes that have it are down or drained.",
        )
    is_large &= fleet.tags.meet(job.requires)
    if not (is_large & nodes.is_open).any():
        return NO_NODE_WITH_FEATURES, _features_missing(job, is_anywhere=bool(is_large.any()))
    if draft.able(replace(job, nodes=1), but_for_reservations=True).any():
        is_enough = draft.able(job, but_for_reservations=True).any()
        return None if is_enough else _too_few_beside(job)
    if job.excluded and draft.able(replace(job, excluded=()), but_for_reservations=True).any():
        return NO_NODE_OPEN, "Every open node that could take it is named in its --exclude."
    if (is_large & nodes.is_open & fleet.is_heard() & ~nodes.accepts_work).any():
        return (
            LOCAL_CONTROL_LIMITS,
            "The boilers hold themselves back to keep their water below its limit.",
        )
    return (
        NO_FRESH_READING,
        (
            "No node that fits was heard of lately, and how much heat their water can still take "
            "is not known."
        ),
    )


def _too_few_beside(job: JobQueued) -> tuple[str, str]:
    sentence = f"It needs {_size(job)}, and no site has so many that take work now."
    return NO_LARGE_NODE_OPEN, sentence


def _features_missing(job: JobQueued, *, is_anywhere: bool) -> str:
    wanted = requirement_in_words(job.requires)
    if is_anywhere:
        return f"It needs {wanted}, and the nodes that have it are down or drained."
    return f"It needs {wanted}, and no node that is large enough for it has that now."


def _no_room(draft: Draft, job: JobQueued, line: Line) -> tuple[str, str] | None:
    if draft.fitting(job).any():
        return None
    if job.nodes > 1:
        return _no_room_beside(draft, job, line)
    able = draft.able(job)
    need = draft.fleet.need_cores(job)
    row = int(np.argmax(np.where(able, draft.free_cores, -1)))
    if job.gpus and not (able & (draft.free_gpus(job.gpu_kind) >= job.gpus)).any():
        most = max(int(draft.free_gpus(job.gpu_kind)[able].max()), 0)
        wanted = gpus.in_words(job.gpus, job.gpu_kind)
        sentence = f"It needs {wanted}; at most {most} are free on one node, and {line.in_words}."
        return WAITING_FOR_GPUS, sentence
    if (able & (draft.free_cores >= need)).any():
        free_mib = max(int(draft.free_mem_mib[able].max()), 0)
        need_mib = int(draft.fleet.need_mem_mib(job)[row])
        return (
            WAITING_FOR_MEMORY,
            (
                f"It needs {need_mib} MiB of memory; the most that is free on one node is "
                f"{free_mib} MiB, and {line.in_words}."
            ),
        )
    if draft.free_cores[row] <= 0:
        return WAITING_FOR_CORES, f"It needs {_size(job)}; none is free, and {line.in_words}."
    return (
        WAITING_FOR_CORES,
        (
            f"It needs {_size(job)}; the most that is free on one node is "
            f"{cores(int(draft.free_cores[row]))} ({draft.fleet.facts[row].name}), and "
            f"{line.in_words}."
        ),
    )


def _no_room_beside(draft: Draft, job: JobQueued, line: Line) -> tuple[str, str]:
    """Of a job of several nodes: how many of a site have room for their share of it."""
    fitting = draft.fitting(replace(job, nodes=1)) & draft.able(job)
    most = int(np.bincount(draft.fleet.nodes.site[fitting]).max()) if fitting.any() else 0
    return (
        WAITING_FOR_CORES,
        (
            f"It needs {_size(job)}; the most that have room at one site are {most}, and "
            f"{line.in_words}."
        ),
    )


def _behind_others(line: Line) -> tuple[str, str] | None:
    """Where others take the room that it would fit."""
    if line.starts_now is None or not line.n_ahead:
        return None
    return BEHIND_OTHERS, (
        f"It fits now, but others that start with the next decision take the room; {line.in_words}."
    )


def _kept_for_it(view: View, job: JobQueued, line: Line, policy: Policy) -> Kept | None:
    if len(line.first) < line.n_ahead:
        return None  # Not all are known who may keep it before.
    keeping = Keeping(Draft(view), policy, line.first)
    rows = keeping.keep_for(job)
    if not rows:
        return None
    names = tuple(view.state.fleet.facts[row].name for row in rows)
    return Kept(nodes=names, from_s=keeping.room_from_s(rows))


def _kept_in_words(kept: Kept, now_s: float) -> str:
    which = " and ".join(kept.nodes) + (" is" if len(kept.nodes) == 1 else " are")
    return (
        f"{which} kept for it and should have room within "
        f"{in_words(max(kept.from_s - now_s, 0.0))}, when what runs there has reached its limit; "
        "others start there only if they do not delay it."
    )


def _kept_for_wider(
    view: View, job: JobQueued, line: Line, policy: Policy
) -> tuple[str, str] | None:
    keeping = Keeping(Draft(view), policy, line.first)
    if keeping.fits(job):
        return None
    free = np.flatnonzero(Draft(view).fitting(job)).tolist()
    found = ((row, keeping.kept_for(row)) for row in free)
    row, other = next(((row, other) for row, other in found if other is not None), (None, None))
    if row is None or other is None:
        return None
    within = in_words(max(keeping.room_from_s([row]) - view.now_s, 0.0))
    return (
        RESERVED_FOR_WIDER_JOB,
        (
            f"{view.state.fleet.facts[row].name} has room, and is kept for job "
            f"{other.instance_id}, which waits for {_size(other)} and would otherwise "
            f"never start; that starts within {within}, and this one may run for "
            f"{in_words(job.time_limit_s)}: with a --time that ends before, it could start sooner."
        ),
    )


def _node_line(draft: Draft, row: int) -> str:
    fleet, nodes = draft.fleet, draft.fleet.nodes
    facts = fleet.facts[row]
    place = f"{facts.name} ({facts.site_name})"
    if not nodes.is_open[row]:
        return f"{place}: takes no new work (down or drained)"
    if not draft.is_fresh[row]:
        return f"{place}: no fresh reading"
    site = int(nodes.site[row])
    free = max(int(nodes.free_cores[row]), 0)
    held = "" if nodes.accepts_work[row] else ", held back by its own control"
    n_gpus = len(facts.gpus)
    free_gpus = max(int(draft.free_gpus(gpus.ANY_KIND)[row]), 0)
    devices = f" and {free_gpus} of {n_gpus} GPUs" if n_gpus else ""
    return (
        f"{place}: {fleet.sites.water_temp_c[site]:.1f} °C of at most {facts.limit_temp_c:.0f} °C, "
        f"{percent(float(fleet.sites.charge_frac()[site]))} full, "
        f"{fleet.sites.demand_w[site] / 1000:.1f} kW wanted now, "
        f"{free} of {cores(facts.cores)}{devices} free{held}"
    )


def _size(job: JobQueued) -> str:
    devices = f" with {gpus.in_words(job.gpus, job.gpu_kind)}" if job.gpus else ""
    memory = "" if job.mem_mib is None else f" and {job.mem_mib} MiB of memory"
    if job.nodes > 1:
        each = "" if job.whole_node else f" with {cores(job.cores)}{memory} each"
        return f"{job.nodes}{' whole' * job.whole_node} nodes of one site{each}{devices}"
    if job.whole_node:
        return f"a whole node{devices}"
    return f"{cores(job.cores)}{memory}{devices}"
