"""Safe budgets: a job starts only where what is left covers it up to its time limit.

What is on nodes counts as if each ran to its limit with every core busy, so that nothing that was
started can use more than there is.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.events import BudgetLeft, JobQueued, QuotaSet
from domain.jobs.sizing import core_need
from domain.units import HOUR_S
from scheduler.placement.state.accounts import Account, accounts_of
from scheduler.placement.state.fleet import FleetTable
from scheduler.placement.state.job_shape import Shape
from scheduler.placement.state.occupation import Occupation

Flags = NDArray[np.bool_]

#: What is left is a decimal number, and the rates by which it is used are not.
ROUNDING = 1e-6
_MILLI = 1000.0


class Most(NamedTuple):
    """The most that jobs of one type may take; whole numbers, so that sums lose nothing."""

    scheduling_type: str
    core_s: int
    energy_mwh: int

    def of(self, budget: BudgetLeft) -> float:
        """The same in what a budget counts."""
        by_time = budget.per_core_s.get(self.scheduling_type, 0.0) * self.core_s
        return by_time + budget.per_wh * self.energy_mwh / _MILLI

    def plus(self, other: "Most", times: int = 1) -> "Most":
        """With what another of the type takes, or without it."""
        return Most(
            self.scheduling_type,
            self.core_s + times * other.core_s,
            self.energy_mwh + times * other.energy_mwh,
        )


def most_on(job: JobQueued, rows: Iterable[int], fleet: FleetTable) -> Most:
    """The most that a job may take on these nodes."""
    core_s, energy_ws = 0, 0.0
    for row in rows:
        its_s = core_need(job, fleet.facts[row]) * job.time_limit_s
        core_s += its_s
        energy_ws += its_s * float(fleet.nodes.core_power_w[row]) * fleet.time_factor
    return Most(job.scheduling_type, core_s, round(energy_ws * _MILLI / HOUR_S))


class _Sums:
    """What jobs take together, by their types."""

    def __init__(self) -> None:
        self.by_type: dict[str, Most] = {}

    def count(self, most: Most, times: int) -> None:
        before = self.by_type.get(most.scheduling_type, Most(most.scheduling_type, 0, 0))
        self.by_type[most.scheduling_type] = before.plus(most, times)

    def of(self, budget: BudgetLeft) -> float:
        return sum(most.of(budget) for most in self.by_type.values())


class _Account:
    """What is left of an account's budgets, and what its jobs on nodes may take of it."""

    def __init__(self) -> None:
        self.left: tuple[BudgetLeft, ...] = ()
        self.most: dict[int, Most] = {}  # by instance
        self.sums = _Sums()

    def take(self, instance_id: int, most: Most) -> None:
        self.most[instance_id] = most
        self.sums.count(most, 1)

    def give_back(self, instance_id: int) -> None:
        most = self.most.pop(instance_id, None)
        if most is not None:
            self.sums.count(most, -1)


class BudgetBook:
    """The safe budgets there are, by account."""

    def __init__(self) -> None:
        """Start with none."""
        self._accounts: dict[Account, _Account] = {}

    def __len__(self) -> int:
        """Accounts with a safe budget."""
        return len(self._accounts)

    def set(self, event: QuotaSet, held: Iterable[Occupation], fleet: FleetTable) -> bool:
        """Take in what is left; whether an account has such a budget that had none, or none now."""
        key = (event.tenant_id, event.project)
        known = self._accounts.get(key)
        if not event.budgets:
            return self._accounts.pop(key, None) is not None
        account = known or self._accounts.setdefault(key, _Account())
        account.left = event.budgets
        if known is None:
            for one in held:
                if key in accounts_of(one.job):
                    account.take(one.job.instance_id, _held(one, fleet))
        return known is None

    def limit_of(self, job: JobQueued) -> int | None:
        """The time limit of a job that must keep within such a budget; None = it need not."""
        return job.time_limit_s if self._accounts and any(self._of(job)) else None

    def take(self, held: Occupation, fleet: FleetTable) -> None:
        """A job is on nodes from now on."""
        if self._accounts:
            for account in self._of(held.job):
                account.take(held.job.instance_id, _held(held, fleet))

    def give_back(self, job: JobQueued) -> None:
        """It is there no more: what it took has ended, or counts as nothing."""
        if self._accounts:
            for account in self._of(job):
                account.give_back(job.instance_id)

    def rooms(self, *keys: Account) -> Iterator[tuple[Account, BudgetLeft, float]]:
        """How much each budget of these accounts has for further jobs."""
        for key in dict.fromkeys(keys):
            account = self._accounts.get(key)
            if account is not None:
                for budget in account.left:
                    yield key, budget, budget.left - account.sums.of(budget)

    def is_short(self, shape: Shape, fleet: FleetTable) -> bool:
        """Whether no job of a shape can start on any node, for one of its budgets."""
        if shape.time_limit_s is None or shape.account is None or not fleet.facts:
            return False
        core_s = shape.nodes * (1 if shape.whole_node else shape.cores) * shape.time_limit_s
        least_w = float(fleet.nodes.core_power_w.min())
        energy_mwh = round(core_s * least_w * fleet.time_factor * _MILLI / HOUR_S)
        most = Most(shape.scheduling_type, core_s, energy_mwh)
        return any(
            most.of(budget) > room + ROUNDING
            for _, budget, room in self.rooms((shape.account[0], ""), shape.account)
        )

    def check(self, held: Iterable[Occupation]) -> None:
        """Raise where what is counted is not what is on nodes."""
        jobs = [occupation.job for occupation in held]
        for key, account in self._accounts.items():
            on_nodes = {job.instance_id for job in jobs if key in accounts_of(job)}
            counted = _Sums()
            for most in account.most.values():
                counted.count(most, 1)
            known = {kind: most for kind, most in account.sums.by_type.items() if any(most[1:])}
            if account.most.keys() != on_nodes or counted.by_type != known:
                raise AssertionError("budgets count other jobs on nodes than there are")

    def _of(self, job: JobQueued) -> Iterator[_Account]:
        for key in accounts_of(job):
            if key in self._accounts:
                yield self._accounts[key]


class BudgetDraft:
    """The same while a plan is being made."""

    def __init__(self, book: BudgetBook, fleet: FleetTable) -> None:
        """Begin with what is on nodes now."""
        self._book, self._fleet = book, fleet
        self._taken: dict[Account, _Sums] = {}

    def keep(self, job: JobQueued, rows: Flags) -> None:
        """Take the nodes out on which the job might use more than there is.

        Of one for several nodes, each is taken to be like the others.
        """
        if not len(self._book):
            return
        nodes, fleet = self._fleet.nodes, self._fleet
        for budget, room in self._rooms(job):
            per_core_s = budget.per_core_s.get(job.scheduling_type, 0.0) + (
                budget.per_wh * nodes.core_power_w * fleet.time_factor / HOUR_S
            )
            core_s = fleet.need_cores(job) * job.nodes * job.time_limit_s
            rows &= core_s * per_core_s <= room + ROUNDING

    def has_room(self, job: JobQueued, row: int) -> bool:
        """Whether the job may start on this node, and on others like it where it wants several."""
        if not len(self._book):
            return True
        most = most_on(job, [row] * job.nodes, self._fleet)
        return all(most.of(budget) <= room + ROUNDING for budget, room in self._rooms(job))

    def take(self, job: JobQueued, rows: Sequence[int]) -> None:
        """The plan starts the job on these nodes."""
        if len(self._book):
            most = most_on(job, rows, self._fleet)
            for key in accounts_of(job):
                self._taken.setdefault(key, _Sums()).count(most, 1)

    def _rooms(self, job: JobQueued) -> Iterator[tuple[BudgetLeft, float]]:
        for key, budget, room in self._book.rooms(*accounts_of(job)):
            taken = self._taken.get(key)
            yield budget, room if taken is None else room - taken.of(budget)


def _held(held: Occupation, fleet: FleetTable) -> Most:
    return most_on(held.job, (share.row for share in held.shares), fleet)
