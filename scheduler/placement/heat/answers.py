"""When a heat-aware policy looks at a waiting job, and why it does not start it."""

import math

import numpy as np

from domain.events import JobQueued
from scheduler.placement.heat.rule import HeatRule
from scheduler.placement.heat.scores import Scores
from scheduler.placement.plan.draft import Draft, best_first
from scheduler.placement.plan.policy import Keeps, Turn, View, WhyNot
from scheduler.placement.plan.turns import (
    OLDEST_FIRST,
    by_age,
    by_last_moment,
    by_rank,
    is_patient,
)
from scheduler.placement.state.job_shape import Shape

HEAT_NOT_YET_WANTED = "waiting_for_heat"
#: Of gains: by so much less than it asks for, a job is served.
ROUNDING = 1e-9
#: Stages of a plan.
_PRESSING, _URGENT, _DUE, _PATIENT = range(4)


def turn_of(rule: HeatRule, view: View, job: JobQueued) -> Turn:
    """What presses, what somebody waits for, what is due, and the rest as heat is wanted."""
    if not is_patient(job):
        words = f"those whose last moment presses go first, then {OLDEST_FIRST}"
        place = by_age(view, job, stage=_URGENT)
        return Turn(place=place, words=words, is_due=True, keeps=Keeps.EACH_KIND)
    latest_s = rule.last_start_s(job)
    words = "those that must start first go first"
    is_due = rule.is_due(job, view.now_s)
    if rule.is_pressing(job, view.now_s):
        place = by_last_moment(job, stage=_PRESSING)
    else:
        words = f"those that cannot wait go first, then {words}"
        place = by_last_moment(job, stage=_DUE) if is_due else by_rank(view, job, _PATIENT)
    return Turn(
        place=place,
        words=words,
        is_due=is_due,
        keeps=Keeps.EACH_KIND if is_due else Keeps.NOBODY,
        is_by_age=False,
        latest_s=None if math.isinf(latest_s) else latest_s,
    )


def why_it_waits(rule: HeatRule, view: View, job: JobQueued) -> WhyNot | None:
    """Its heat is not wanted enough at any node that it fits; None where it is, or it is due."""
    if not is_patient(job) or rule.is_due(job, view.now_s):
        return None
    draft = Draft(view)
    length, spread = view.state.length_of(view.state.expect(job))
    shape = Shape.of(job, length=length, spread=spread)
    scores = Scores(view.state, rule)
    scores.refresh(view.now_s)
    gain = np.where(draft.fitting(job), scores.gain(shape), -1.0)

    def asked(row: int) -> float:
        return rule.gain_asked(job, view.now_s, scores.heat_wh(shape, row))

    rows = best_first(gain, gain >= 0.0, len(gain)).tolist()
    if any(gain[row] >= asked(row) - ROUNDING for row in rows):
        return None
    row = int(np.argmax(gain))
    heat_wh = scores.heat_wh(shape, row)
    return WhyNot(
        code=HEAT_NOT_YET_WANTED, row=row, has=float(gain[row]), asks=asked(row), heat_wh=heat_wh
    )
