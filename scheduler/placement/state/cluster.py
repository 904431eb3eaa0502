"""What the engine knows: nodes, the queue, and the heat promised by what runs."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from domain.events import (
    JobArrayQueued,
    JobArrayWithdrawn,
    JobQueued,
    NodeJoined,
    OrderSet,
    PriorityChanged,
    ReadingTaken,
)
from domain.jobs.job import SchedulingType
from domain.units import DAY_S, HOUR_S
from scheduler.forecast.demand import DemandForecast
from scheduler.forecast.duration import DurationForecast, Expectation
from scheduler.forecast.survival import length_index, spread_index
from scheduler.order.ranking import Ranking, account_of
from scheduler.placement.state.allocations import LEAVING_S, Allocations
from scheduler.placement.state.arrays import ArrayBacklog
from scheduler.placement.state.fleet import FleetTable
from scheduler.placement.state.job_shape import Shape, is_brief
from scheduler.placement.state.licences import LicenceBook
from scheduler.placement.state.occupation import Occupation, Share
from scheduler.placement.state.promises import Promises
from scheduler.placement.state.queue import JobQueue
from scheduler.placement.state.quotas import QuotaBook
from scheduler.placement.state.readings import Readings
from scheduler.placement.state.reservations import Reservations

_LN_HOUR = math.log(HOUR_S)
#: Unix time of a Monday's midnight: weeks are counted from it.
_A_MONDAY_S = 4 * DAY_S
#: Of what the whole fleet's urgent jobs bring.
FLEET_ROW = 0
#: What a stopped job has done moves its last moment on, but for what each new start and throttled
#: water may cost it.
GOES_ON_FRAC = 0.75


class ClusterState:
    """Nodes, queue, occupations and what is believed of them; the engine alone changes it."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        self.fleet = FleetTable()
        self.ranking = Ranking()
        self.queue = JobQueue(self.ranking)
        self.arrays = ArrayBacklog()
        self.quotas = QuotaBook()
        self.eased: set[int] = set()  #: Tenants of whom something ended since the last plan.
        self.licences = LicenceBook()
        self.reservations = Reservations()
        self.occupations: dict[int, Occupation] = {}
        self._held: dict[int, dict[int, Occupation]] = {}  # the same by row of their node
        self.promises = Promises()
        self.allocations = Allocations()
        self.durations = DurationForecast()
        self.demand = DemandForecast()
        #: Heat of jobs that cannot wait, over the whole fleet, by hour of the week; one row.
        self.urgent = DemandForecast()
        #: What earlier runs learned of sites that did not join yet, by their number.
        self.known_demand: dict[int, Mapping[str, Any]] = {}
        self.known_floors: dict[int, float] = {}
        self.n_looks = 0  #: How often all water was looked at.
        #: Shapes of jobs that queued since the last plan.
        self.arrived: set[Shape] = set()
        #: Run time behind jobs that keep their progress, by instance [s].
        self.done_s: dict[int, float] = {}

    def join(self, event: NodeJoined) -> None:
        """Take in a node, new or changed."""
        self.fleet.join(event)
        site = self.fleet.site_row_of[event.site_id]
        known = self.known_demand.pop(event.site_id, None)
        if known is not None:
            self.demand.restore(site, known)
        floor_c = self.known_floors.pop(event.site_id, None)
        if floor_c is not None:
            self.fleet.sites.floor_temp_c[site] = floor_c

    def read(self, events: Sequence[ReadingTaken]) -> bool:
        """Take in what nodes said, in order.

        The answer is whether all water is to be looked at anew: some that was unknown or held back
        until now may take work at once, or the plants' time goes at another pace.
        """
        fleet = self.fleet
        readings = Readings.of(events, fleet.row_of, fleet.nodes.site)
        if readings is None:
            return False
        factors = np.append(fleet.time_factor, readings.time_factor)
        is_news = bool((factors[1:] != factors[:-1]).any())
        fleet.time_factor = float(factors[-1])
        for part in readings.rounds():
            is_news |= bool(fleet.read(part).any())
            plant_s = (part.taken_at_s - _A_MONDAY_S) * part.time_factor
            self.demand.learn_each(part.site, plant_s, part.heat_demand_w)
        return is_news

    def plant_time_s(self, unix_s: float) -> float:
        """Time of the plants, from a Monday's midnight on."""
        return (unix_s - _A_MONDAY_S) * self.fleet.time_factor

    def length_of(self, belief: Expectation) -> tuple[int, int]:
        """Where a belief about a run time stands in the tables of lengths and spreads."""
        ln_length_h = belief.ln_s - _LN_HOUR + math.log(self.fleet.time_factor)
        return length_index(ln_length_h), spread_index(belief.spread)

    def expect(self, job: JobQueued) -> Expectation:
        """What is believed of the job's run time."""
        return self.durations.expect(job.tenant_id, job.name, job.time_limit_s)

    def enqueue(self, job: JobQueued, now_s: float) -> None:
        """Let a job wait; in an array it stands in line only when its turn has come."""
        if job.array_id is None or self.arrays.is_in_line(job):
            self._stand(job, now_s)
        else:
            self.arrays.put_back(job)
            self.admit(job.array_id, now_s)

    def enqueue_array(self, event: JobArrayQueued, now_s: float) -> None:
        """Let many instances of an array wait; few of them stand in line at a time."""
        self.admit(self.arrays.add(event), now_s)

    def admit(self, array_id: int | None, now_s: float) -> bool:
        """Let those of an array stand in line whose turn it is; whether there were any."""
        admitted = self.arrays.admit(array_id)
        for job in admitted:
            self._stand(job, now_s)
        return bool(admitted)

    def dequeue(self, instance_id: int) -> JobQueued | None:
        """Take a job out of what waits, wherever it is; None where it does not wait."""
        job = self.queue.remove(instance_id)
        if job is None:
            return self.arrays.take(instance_id)
        self.arrays.left_line(job)
        return job

    def withdraw_array(self, event: JobArrayWithdrawn, now_s: float) -> list[int]:
        """Forget what waits of some instances of an array; those that are offered to a node."""
        for instance_id in self.arrays.withdraw(event):
            self.queue.remove(instance_id)
        self.admit(event.array_id, now_s)
        spans = list(zip(event.first_ids, event.last_ids, strict=True))
        return [
            instance_id
            for instance_id, held in self.occupations.items()
            if held.job.array_id == event.array_id
            and not held.is_running
            and any(first <= instance_id <= last for first, last in spans)
        ]

    def order_by(self, rule: OrderSet) -> None:
        """Order what waits by this rule from now on."""
        before = self.ranking.rule
        self.ranking.set_rule(rule)
        if (before.age, before.priority) != (rule.age, rule.priority):
            self.queue.reorder()

    def prioritise(self, event: PriorityChanged) -> None:
        """Move a waiting job, or all of an array, before others or after them."""
        self.queue.prioritise(event.job_id, event.priority)
        for instance_id in self.arrays.prioritise(event.job_id, event.priority):
            self.queue.prioritise(instance_id, event.priority)

    def rank(self, now_s: float) -> None:
        """Work out, if that is due, whose jobs go before whose."""
        cores = self.fleet.nodes.cores
        if self.ranking.tells_accounts_apart and len(cores):
            self.ranking.renew(now_s, int(cores.sum()), int(cores.max()))

    def _stand(self, job: JobQueued, now_s: float) -> None:
        """Put a job in line; one that goes on later may also start later and end no later."""
        done_s = self.done_s.get(job.instance_id, 0.0)
        if done_s and job.start_before_s is not None:
            job = replace(job, start_before_s=job.start_before_s + GOES_ON_FRAC * done_s)
        self.line_up(job, now_s)

    def line_up(self, job: JobQueued, now_s: float) -> None:
        """Let a job wait in the line of its shape."""
        length, spread = self.length_of(self.expect(job))
        account, limit_s = self.quotas.account_of(job), self.quotas.budgets.limit_of(job)
        shape = self.queue.add(
            job, length=length, spread=spread, now_s=now_s, account=account, time_limit_s=limit_s
        )
        self.arrived.add(shape)

    def occupy(self, job: JobQueued, attempt: int, rows: Sequence[int], now_s: float) -> Occupation:
        """Take cores and memory of nodes of one site, and count the heat as promised."""
        fleet = self.fleet
        shares = tuple(
            Share(
                row, *fleet.take(row, job), self.allocations.add(row, job, fleet.facts[row], now_s)
            )
            for row in rows
        )
        self.licences.take(job)
        core_heat_w = fleet.nodes.core_heat_w
        length, spread = self.length_of(self.expect(job))
        promise = self.promises.add(
            site=int(fleet.nodes.site[rows[0]]),
            heat_w=sum(float(core_heat_w[share.row]) * share.cores for share in shares),
            now_s=now_s,
            done_s=self.done_s.get(job.instance_id, 0.0),
            limit_s=float(job.time_limit_s),
            length=length,
            spread=spread,
            is_brief=is_brief(job),
            is_urgent=job.scheduling_type != SchedulingType.FLEX,
            time_factor=fleet.time_factor,
        )
        occupation = Occupation(
            job=job,
            attempt=attempt,
            shares=shares,
            since_s=now_s,
            promise=promise,
        )
        for waiting_id in self.arrays.placed(job):
            returned = self.queue.remove(waiting_id)
            if returned is not None:
                self.arrays.put_back(returned)
        self.occupations[job.instance_id] = occupation
        self.quotas.take(occupation, fleet)
        for row in rows:
            self._held.setdefault(row, {})[job.instance_id] = occupation
        return occupation

    def begin(self, held: Occupation, now_s: float) -> None:
        """Its program runs, from now on."""
        shares, account = self.ranking.shares, account_of(held.job)
        if held.is_running:
            shares.finish(account, held.cores, held.since_s)
        elif is_brief(held.job):
            self._count_brief(held, 1)
        shares.begin(account, held.cores, now_s)
        held.is_running = True
        held.since_s = now_s
        self.promises.start(held.promise, now_s)
        self.allocations.last_until(held.shares, now_s + held.job.time_limit_s)

    def stop(self, held: Occupation) -> None:
        """It was told to stop; its cores are coming free."""
        held.is_stopping = True
        self.allocations.last_until(held.shares, LEAVING_S)
        if is_brief(held.job):
            self._count_brief(held, -1)
        for share in held.shares:
            self.fleet.nodes.stopping_cores[share.row] += share.cores

    def _count_brief(self, held: Occupation, times: int) -> None:
        """Count its cores among those, or no longer, that come free at little cost."""
        for share in held.shares:
            self.fleet.nodes.brief_cores[share.row] += times * share.cores

    def held_on(self, row: int) -> Collection[Occupation]:
        """The attempts that hold cores of a node."""
        return self._held.get(row, {}).values()

    def vacate(self, instance_id: int, now_s: float) -> Occupation | None:
        """Give back what an attempt held."""
        occupation = self.occupations.pop(instance_id, None)
        if occupation is None:
            return None
        if occupation.is_running:
            account = account_of(occupation.job)
            self.ranking.shares.finish(account, occupation.cores, occupation.since_s)
        if occupation.is_running and not occupation.is_stopping and is_brief(occupation.job):
            self._count_brief(occupation, -1)
        for share in occupation.shares:
            del self._held[share.row][instance_id]
            if occupation.is_stopping:
                self.fleet.nodes.stopping_cores[share.row] -= share.cores
            self.allocations.remove(share.allocation)
            self.fleet.give_back(share.row, occupation.job, share.cores, share.gpus, now_s)
        self.promises.remove(occupation.promise)
        self.quotas.give_back(occupation)
        self.licences.give_back(occupation.job)
        self.eased.add(occupation.job.tenant_id)
        self.arrays.vacated(occupation.job)
        self.admit(occupation.job.array_id, now_s)
        return occupation

    def refresh(self, now_s: float) -> None:
        """Count what runs by the age it has by now, and note how much of it could not wait."""
        self.n_looks += 1
        self.promises.refresh(now_s, self.fleet.time_factor, self.fleet.sites.n_rows)
        self.urgent.learn(FLEET_ROW, self.plant_time_s(now_s), self.promises.urgent_w)
