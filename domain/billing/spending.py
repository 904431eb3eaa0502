"""What of a budget is used: the quantities of usage lines, as ``usage`` shows and prices them.

What runs counts beside what has ended, as if it ended now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.billing.prices import PriceList, core_hours, cost, kilowatt_hours
from domain.billing.quota import WHOLE_TENANT, Measure, Period, Quota, Used
from domain.events import BudgetLeft
from domain.jobs.job import SchedulingType
from domain.units import HOUR_S, WH_PER_KWH

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLine:
    """What ended in a month for one project on boilers of one kind, or runs now."""

    month: int
    project: str  #: '' = none.
    core_s: Mapping[SchedulingType, float]
    energy_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """All that counts against the budgets of a tenant at one moment."""

    ended: Sequence[UsageLine]
    running: Sequence[UsageLine]  #: As if it ended now.
    month: int
    prices: PriceList | None

    def of(self, quota: Quota) -> Used:
        """What of this budget is used in this month; simulated boilers count as others do.

        A month without a price costs nothing.
        """
        return Used(ended=self._sum(quota, self.ended), running=self._sum(quota, self.running))

    def left(self, quota: Quota) -> BudgetLeft:
        """What a safe budget has for what runs and starts, and how that uses it."""
        per_core_s = dict.fromkeys((kind.value for kind in SchedulingType), 0.0)
        per_wh = 0.0
        prices = None if self.prices is None else self.prices.of(self.month)
        if quota.measure is Measure.CORE_HOURS:
            per_core_s = dict.fromkeys(per_core_s, 1.0 / HOUR_S)
        elif quota.measure is Measure.KWH:
            per_wh = 1.0 / WH_PER_KWH
        elif prices is not None:
            per_core_s = {
                kind.value: float(price) / HOUR_S for kind, price in prices.core_hour.items()
            }
            per_wh = float(prices.kwh) / WH_PER_KWH
        return BudgetLeft(
            measure=quota.measure.value,
            left=float(quota.limit - self._sum(quota, self.ended)),
            per_core_s=per_core_s,
            per_wh=per_wh,
            currency=quota.currency,
        )

    def least(self, quota: Quota, kind: SchedulingType, core_s: float) -> Decimal:
        """The least that so many core-seconds may take of a budget, with no energy counted."""
        line = UsageLine(month=self.month, project="", core_s={kind: core_s}, energy_wh=0.0)
        return _of_line(quota.measure, line, self.prices)

    def _sum(self, quota: Quota, lines: Iterable[UsageLine]) -> Decimal:
        meant = _meant(quota, lines, self.month)
        return sum((_of_line(quota.measure, line, self.prices) for line in meant), _NOTHING)


def _meant(quota: Quota, lines: Iterable[UsageLine], month: int) -> Iterable[UsageLine]:
    return (
        line
        for line in lines
        if quota.project in {WHOLE_TENANT, line.project}
        and (quota.period is Period.TOTAL or line.month == month)
    )


def _of_line(measure: Measure, line: UsageLine, prices: PriceList | None) -> Decimal:
    hours = {kind: core_hours(seconds) for kind, seconds in line.core_s.items()}
    energy_kwh = kilowatt_hours(line.energy_wh)
    if measure is Measure.CORE_HOURS:
        return sum(hours.values(), _NOTHING)
    if measure is Measure.KWH:
        return energy_kwh
    there = None if prices is None else prices.of(line.month)
    return _NOTHING if there is None else cost(there, hours, energy_kwh)
