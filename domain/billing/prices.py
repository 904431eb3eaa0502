"""What computing costs: prices by month, and how a sum of money is rounded.

Quantities are rounded to the thousandth of a core-hour or kilowatt-hour, which is how they are
shown; each of them times its price is rounded to the cent; both half up. So whoever has the bill
can work it out again. No tax is in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from domain.jobs.job import SchedulingType
from domain.units import HOUR_S, WH_PER_KWH

_THOUSANDTH, _CENT = Decimal("0.001"), Decimal("0.01")
_NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputePrices:
    """Prices that hold from the first day of a month on, until later ones do."""

    from_month: int
    core_hour: Mapping[SchedulingType, Decimal]
    kwh: Decimal  #: Of the energy estimate.


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Every price there was and will be, oldest first."""

    currency: str
    versions: tuple[ComputePrices, ...]
    large_submit: Decimal | None = None  #: A submission of this cost or more is announced.

    def of(self, month: int) -> ComputePrices | None:
        """The prices of a month; None before the first ones."""
        return next((item for item in reversed(self.versions) if item.from_month <= month), None)


def core_hours(core_s: float) -> Decimal:
    """Core-seconds as core-hours, to the thousandth."""
    return (Decimal(repr(core_s)) / HOUR_S).quantize(_THOUSANDTH, ROUND_HALF_UP)


def kilowatt_hours(energy_wh: float) -> Decimal:
    """Watt-hours as kilowatt-hours, to the thousandth."""
    return (Decimal(repr(energy_wh)) / WH_PER_KWH).quantize(_THOUSANDTH, ROUND_HALF_UP)


def cost(
    prices: ComputePrices, hours: Mapping[SchedulingType, Decimal], energy_kwh: Decimal
) -> Decimal:
    """What these core-hours and this energy cost, to the cent."""
    amounts = [prices.core_hour[kind] * amount for kind, amount in hours.items()]
    amounts.append(prices.kwh * energy_kwh)
    return sum((item.quantize(_CENT, ROUND_HALF_UP) for item in amounts), _NOTHING)
