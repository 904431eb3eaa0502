"""What reservations keep a job from starting, in words."""

import numpy as np

from domain.events import JobQueued
from scheduler.explaining.wording import in_words
from scheduler.placement.plan.draft import Draft
from scheduler.placement.plan.policy import View

RESERVATION_TO_BEGIN = "reservation_to_begin"
RESERVATION_TOO_SHORT = "reservation_too_short"
RUNS_INTO_RESERVATION = "runs_into_reservation"


def why_not_in_its_own(view: View, job: JobQueued) -> tuple[str, str] | None:
    """Where the reservation that it names has not begun, or has too little time left."""
    own = view.state.reservations.of(job, view.now_s)
    if own is None:
        return None
    if own.starts_at_s > view.now_s:
        wait = in_words(own.starts_at_s - view.now_s)
        return RESERVATION_TO_BEGIN, f"Its reservation begins in {wait}; it starts in that."
    if view.now_s + job.time_limit_s <= own.ends_at_s:
        return None
    left = in_words(own.ends_at_s - view.now_s)
    return RESERVATION_TOO_SHORT, (
        f"Its reservation lasts for {left} more, and it may run for {in_words(job.time_limit_s)}; "
        "it waits as any other job once that is over."
    )


def why_reserved(draft: Draft, job: JobQueued) -> tuple[str, str] | None:
    """Where only what is reserved keeps it from every node that could take it."""
    if draft.able(job).any():
        return None
    now_s, reservations = draft.view.now_s, draft.state.reservations
    rows = np.flatnonzero(draft.able(job, but_for_reservations=True)).tolist()
    facts = [draft.fleet.facts[row] for row in rows]
    own = reservations.of(job, now_s)
    if own is not None:
        sentence = "No node of its reservation is open and large enough for it."
        return RUNS_INTO_RESERVATION, sentence
    found = [(reservations.next_on(one.node_id, now_s), one.name) for one in facts]
    ends = [(made.starts_at_s, made.ends_at_s, name) for made, name in found if made is not None]
    if not ends:
        return None
    starts_s, ends_s, name = max(ends)
    if len(facts) == 1:
        which = f"the only node that could take it, {name},"
    else:
        which = f"every node that could take it, {name} as the last of them,"
    if starts_s <= now_s:
        return RUNS_INTO_RESERVATION, (
            f"{which[0].upper()}{which[1:]} is reserved for others for {in_words(ends_s - now_s)} "
            "more."
        )
    return RUNS_INTO_RESERVATION, (
        f"It may run for {in_words(job.time_limit_s)}, and {which} is reserved for others in "
        f"{in_words(starts_s - now_s)}, for {in_words(ends_s - starts_s)}; with a --time that ends "
        "before, it could start sooner."
    )
