"""The pure engine: facts in, orders out. Time is an argument; the same log gives the same orders.

Production feeds it from the event log, simulation from a plant; neither can tell which.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, ClassVar

from domain.commands import AssignAttempt, Command, LimitPower, PreemptAttempt
from domain.events import (
    AttemptClaimed,
    AttemptEnded,
    EngineStarted,
    Event,
    JobArrayQueued,
    JobArrayWithdrawn,
    JobQueued,
    JobWithdrawn,
    KnowledgeRestored,
    LicencesSet,
    NodeJoined,
    NodeLeft,
    OrderSet,
    PriorityChanged,
    QuotaSet,
    ReadingTaken,
    ReservationMade,
    ReservationRemoved,
    TimePassed,
    UsageRecalled,
    WeatherForecast,
)
from domain.jobs.job import EndReason
from scheduler import knowledge
from scheduler.order.ranking import account_of
from scheduler.placement.plan.limits import close_lines, set_quota
from scheduler.placement.plan.policy import Placement, Policy, PowerCap, Step, Stop, View
from scheduler.placement.state.cluster import ClusterState
from scheduler.placement.state.occupation import Occupation

ENGINE_VERSION = "10"
#: Water and forecasts are looked at anew this often, in the plants' own time [s].
REFRESH_S = 600.0
#: And not more often than this by the clock [s].
_LEAST_REFRESH_S = 1.0
#: A power limit is given for so many refreshes: one that is not renewed runs out.
_LIMIT_REFRESHES = 2.5


class Engine:
    """Owns what is believed of the cluster; the only place that changes it."""

    def __init__(self, policy: Policy) -> None:
        """Start knowing nothing, deciding by this policy."""
        self.policy = policy
        self._begin()

    def _begin(self) -> None:
        self.policy = self.policy.fresh()
        self.state = ClusterState()
        self._has_news = False
        self._has_more = False  # Of an array, some came into line only by what was just placed.
        self._refreshed_s = float("-inf")
        self._seen_s = float("-inf")  # Up to here it was noted what begins and ends by the clock.

    def handle(self, events: Sequence[Event], now_s: float) -> list[Command]:
        """Take in what happened, in order, and answer with what should be done about it."""
        for kind, alike in groupby(events, key=type):
            if kind is ReadingTaken:
                self._on_readings_taken(alike)
                continue
            handler = self._HANDLERS[kind]
            for event in alike:
                handler(self, event, now_s)
        state = self.state
        self._has_more = False
        if state.queue.wake(now_s):
            self._has_news = True
        if state.reservations.change_between(self._seen_s, now_s):
            self._look_anew()
        self._seen_s = now_s
        is_refresh = now_s >= self._refreshed_s + self.refresh_every_s
        if is_refresh:
            self._refreshed_s = now_s
            state.refresh(now_s)
        if not (is_refresh or self._has_news):
            return []
        self._has_news = False
        if not len(state.queue) and not (is_refresh and state.occupations):
            return []
        state.rank(now_s)
        view = View(state=state, now_s=now_s, is_refresh=is_refresh)
        close_lines(view, self.policy)
        commands = (self._do(step, now_s) for step in self.policy.plan(view))
        return [command for command in commands if command is not None]

    @property
    def refresh_every_s(self) -> float:
        """Time between two looks at all water, by the clock [s]."""
        return max(REFRESH_S / self.state.fleet.time_factor, _LEAST_REFRESH_S)

    def wants_time(self, now_s: float) -> bool:
        """Whether something waits that time alone may start, or stop."""
        is_busy = bool(len(self.state.queue) or self.state.occupations)
        is_due = now_s >= self._refreshed_s + self.refresh_every_s
        is_due |= self.state.queue.wakes_at_s() <= now_s
        is_due |= self.state.reservations.change_between(self._seen_s, now_s)
        return self._has_more or (is_busy and is_due)

    def learned(self) -> dict[str, Any]:
        """What was learned of demand, durations and use, as JSON values."""
        return knowledge.learned(self.state)

    def _on_engine_started(self, _: EngineStarted, __: float) -> None:
        self._begin()

    def _on_job_queued(self, event: JobQueued, now_s: float) -> None:
        self.state.enqueue(event, now_s)
        self._has_news = True

    def _on_job_array_queued(self, event: JobArrayQueued, now_s: float) -> None:
        self.state.enqueue_array(event, now_s)
        self._has_news = True

    def _on_job_withdrawn(self, event: JobWithdrawn, now_s: float) -> None:
        job = self.state.dequeue(event.instance_id)
        if job is not None and self.state.admit(job.array_id, now_s):
            self._has_news = True
        self._release(event.instance_id, now_s)
        self.state.done_s.pop(event.instance_id, None)

    def _on_job_array_withdrawn(self, event: JobArrayWithdrawn, now_s: float) -> None:
        for instance_id in self.state.withdraw_array(event, now_s):
            self._release(instance_id, now_s)
            self.state.done_s.pop(instance_id, None)
        self._has_news = True  # Others of it may have come into line.

    def _on_quota_set(self, event: QuotaSet, now_s: float) -> None:
        set_quota(self.state, event, now_s)
        self._has_news = True

    def _on_licences_set(self, event: LicencesSet, _: float) -> None:
        self.state.licences.set(event)
        self._has_news = True

    def _on_node_joined(self, event: NodeJoined, _: float) -> None:
        self.state.join(event)
        self._look_anew()

    def _look_anew(self) -> None:
        """Look at all water with the next decision."""
        self._refreshed_s = float("-inf")

    def _on_node_left(self, event: NodeLeft, _: float) -> None:
        self.state.fleet.leave(event.node_id)

    def _on_time_passed(self, _: TimePassed, __: float) -> None:
        self._has_news = True

    def _on_readings_taken(self, events: Iterable[Event]) -> None:
        """All that were told in a row, taken in at once."""
        taken = [event for event in events if isinstance(event, ReadingTaken)]
        if self.state.read(taken):
            self._look_anew()

    def _on_attempt_claimed(self, event: AttemptClaimed, now_s: float) -> None:
        """The start; an attempt not held here was offered by an engine before this one."""
        occupation = self.state.occupations.get(event.instance_id)
        if occupation is None or occupation.attempt != event.attempt:
            occupation = self._adopt(event, now_s)
        if occupation is not None:
            started_at_s = event.started_at_s
            self.state.begin(occupation, now_s if started_at_s is None else started_at_s)

    def _adopt(self, event: AttemptClaimed, now_s: float) -> Occupation | None:
        job = self.state.dequeue(event.instance_id)
        row_of = self.state.fleet.row_of
        rows = [row_of.get(node_id) for node_id in (event.node_id, *event.member_ids)]
        known = [row for row in rows if row is not None]
        if job is None or len(known) < len(rows):
            return None
        return self.state.occupy(job, event.attempt, known, now_s)

    def _on_attempt_ended(self, event: AttemptEnded, now_s: float) -> None:
        held = self.state.occupations.get(event.instance_id)
        if held is None or held.attempt != event.attempt:
            return
        self._release(event.instance_id, now_s)
        job, ranking = held.job, self.state.ranking
        core_s = held.cores * event.wall_s
        ranking.shares.add(account_of(job), core_s, now_s, ranking.rule.half_life_s)
        done_s = self.state.done_s.pop(event.instance_id, 0.0)
        if event.reason == EndReason.COMPLETED:
            wall_s = event.wall_s + done_s
            self.state.durations.learn(job.tenant_id, job.name, job.time_limit_s, wall_s)
        elif event.reason == EndReason.PREEMPTED and job.can_resume:
            self.state.done_s[event.instance_id] = event.wall_s + done_s

    def _release(self, instance_id: int, now_s: float) -> None:
        if self.state.vacate(instance_id, now_s) is not None:
            self._has_news = True

    def _on_weather_forecast(self, event: WeatherForecast, _: float) -> None:
        rows_of = self.state.fleet.site_row_of
        wanted = event.site_ids or tuple(rows_of)
        rows = [rows_of[site_id] for site_id in wanted if site_id in rows_of]
        first_s = self.state.plant_time_s(event.first_hour_s)
        self.state.demand.hear(rows, first_s, event.outdoor_temp_c)

    def _on_knowledge_restored(self, event: KnowledgeRestored, _: float) -> None:
        knowledge.restore(self.state, event.knowledge)

    def _on_order_set(self, event: OrderSet, _: float) -> None:
        self.state.order_by(event)
        self._has_news = True

    def _on_priority_changed(self, event: PriorityChanged, _: float) -> None:
        self.state.prioritise(event)
        self._has_news = True

    def _on_reservation_made(self, event: ReservationMade, _: float) -> None:
        self.state.reservations.add(event)
        self._look_anew()

    def _on_reservation_removed(self, event: ReservationRemoved, _: float) -> None:
        if self.state.reservations.remove(event.reservation_id):
            self._look_anew()

    def _on_usage_recalled(self, event: UsageRecalled, _: float) -> None:
        ranking = self.state.ranking
        account = event.tenant_id, event.project
        ranking.shares.add(account, event.core_s, event.ended_at_s, ranking.rule.half_life_s)

    # Orders.

    def _do(self, step: Step, now_s: float) -> Command | None:
        match step:
            case Placement():
                return self._place(step, now_s)
            case Stop():
                return self._stop(step)
            case PowerCap():
                return LimitPower(
                    node_id=self.state.fleet.facts[step.row].node_id,
                    power_cap_frac=step.power_cap_frac,
                    valid_for_s=_LIMIT_REFRESHES * self.refresh_every_s,
                    why=step.why,
                )

    def _place(self, placement: Placement, now_s: float) -> Command:
        job = placement.job
        self.state.dequeue(job.instance_id)
        attempt = job.last_attempt + 1
        self.state.occupy(job, attempt, placement.rows, now_s)
        self._has_more |= self.state.admit(job.array_id, now_s)
        return AssignAttempt(
            instance_id=job.instance_id,
            attempt=attempt,
            node_id=self.state.fleet.facts[placement.row].node_id,
            member_ids=tuple(self.state.fleet.facts[row].node_id for row in placement.members),
            why=placement.why,
        )

    def _stop(self, stop: Stop) -> Command | None:
        held = self.state.occupations.get(stop.instance_id)
        if held is None or not held.is_running or held.is_stopping:
            return None
        self.state.stop(held)
        return PreemptAttempt(
            instance_id=stop.instance_id,
            attempt=held.attempt,
            node_id=self.state.fleet.facts[held.row].node_id,
            why=stop.why,
        )

    _HANDLERS: ClassVar[Mapping[type[Event], Callable[["Engine", Any, float], None]]] = {
        AttemptClaimed: _on_attempt_claimed,
        AttemptEnded: _on_attempt_ended,
        EngineStarted: _on_engine_started,
        JobArrayQueued: _on_job_array_queued,
        JobArrayWithdrawn: _on_job_array_withdrawn,
        JobQueued: _on_job_queued,
        JobWithdrawn: _on_job_withdrawn,
        KnowledgeRestored: _on_knowledge_restored,
        LicencesSet: _on_licences_set,
        NodeJoined: _on_node_joined,
        NodeLeft: _on_node_left,
        QuotaSet: _on_quota_set,
        OrderSet: _on_order_set,
        PriorityChanged: _on_priority_changed,
        ReservationMade: _on_reservation_made,
        ReservationRemoved: _on_reservation_removed,
        TimePassed: _on_time_passed,
        UsageRecalled: _on_usage_recalled,
        WeatherForecast: _on_weather_forecast,
    }
