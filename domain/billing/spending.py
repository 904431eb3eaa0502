"""What of a budget is used: the quantities of usage lines, as ``usage`` shows and prices them.

What runs counts beside what has ended, as if it ended now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.billing.prices import PriceList, core_hours, cost, kilowatt_hours
from domain.billing.quota import WHOLE_TENANT, Measure, Period, Quota, Used
from domain.jobs.job import SchedulingType

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
