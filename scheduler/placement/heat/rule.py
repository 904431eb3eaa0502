"""The settings of the heat-aware policies."""

import math
from dataclasses import dataclass

from domain.events import JobQueued
from domain.units import HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRule:
    """Numbers of one heat-aware policy; what each is worth is in docs/explanation/placement.md."""

    #: Share of a store that patient jobs may fill: the rest is kept for those that cannot wait.
    fill_frac: float = 0.2
    #: The same of a preheat tank, which gives the more the warmer it is.
    preheat_fill_frac: float = 0.9
    #: Share of the demand that urgent jobs usually take which is kept for those still to come.
    kept_frac: float = 0.0
    #: Share of the demand forecast that patient jobs may count on: heat that comes together by
    #: chance is lost, and heat that stays away by chance is not made up for.
    counted_frac: float = 1.0
    #: The same for urgent ones, which start anyway: it makes them prefer sites with room to spare.
    counted_urgent_frac: float = 1.0
    #: A patient job starts where its gain is at least this, less as its last moment comes near.
    bar: float = 1.0
    bar_exponent: float = 0.05
    #: Heat that may be given up to spare a job an hour of waiting [Wh]; 0 = none at all.
    hour_worth_wh: float = 0.0
    #: Among sites of equal gain the emptier store is taken, by so much of its charge.
    coldness_weight: float = 0.05
    #: Brief jobs give way where so much of the coming hours' heat would be lost [Wh]; 0 = never.
    stop_lost_wh: float = 0.0
    #: Whether nodes on which nobody waits are slowed instead of making heat that is lost.
    shapes_power: bool = False
    #: Patient jobs start this long before their last moment, whatever the water says [s], in the
    #: room that those leave whom somebody waits for.
    margin_s: float = 3600.0
    #: They go before those, too, when it is as near as this [s].
    pressing_s: float = 3600.0
    #: Share of what urgent jobs leave free that due work may fill; more of it starts before its
    #: last moment, and nothing is stopped for heat meanwhile. 0 = everything waits for its own.
    crowd_frac: float = 0.0

    def last_start_s(self, job: JobQueued) -> float:
        """When a patient job starts whatever the water says [Unix time]."""
        return math.inf if job.start_before_s is None else job.start_before_s - self.margin_s

    def gain_asked(self, job: JobQueued, now_s: float, heat_wh: float) -> float:
        """The gain that a patient job asks for now, which brings this much heat in a day.

        It falls as the last moment comes near, and the less heat there is at stake for each hour
        that the job may still have to wait: an hour of waiting is worth so many watt-hours.
        """
        last_s = self.last_start_s(job)
        given_s = last_s - job.queued_at_s
        if given_s <= 0 or last_s <= now_s:
            return 0.0
        if math.isinf(self.hour_worth_wh):
            return 0.0
        if math.isinf(last_s):
            return self.bar
        bar = self.bar * ((last_s - now_s) / given_s) ** self.bar_exponent
        # Nobody knows when heat will be wanted: half of what is left, in the mean.
        likely_wait_h = 0.5 * (last_s - now_s) / HOUR_S
        return float(bar - self.hour_worth_wh * likely_wait_h / max(heat_wh, 1.0))

    def is_due(self, job: JobQueued, now_s: float) -> bool:
        """Whether that is now, or was."""
        return must_start_by(job, now_s + self.margin_s)

    def is_pressing(self, job: JobQueued, now_s: float) -> bool:
        """Whether a patient job goes before those that somebody waits for."""
        return must_start_by(job, now_s + self.pressing_s)


def must_start_by(job: JobQueued, until_s: float) -> bool:
    """Whether its last moment is this, or before."""
    return job.start_before_s is not None and job.start_before_s <= until_s


#: Just-in-time starts under a coarse forecast: the measured prototype, and no more.
RECIPE = HeatRule()
#: Ours: it keeps room for who is still to come, counts on less than the forecast, stops what can go
#: on elsewhere, and weighs the heat against the waiting.
CHAUFFERIE = HeatRule(
    kept_frac=1.3,
    counted_frac=0.65,
    counted_urgent_frac=0.75,
    bar=0.97,
    stop_lost_wh=500.0,
    shapes_power=True,
    pressing_s=900.0,
    crowd_frac=0.5,
)
