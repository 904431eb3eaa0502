"""Money: exact decimals, and rounding that a reader can repeat."""

from decimal import Decimal

import pytest

from domain.billing.prices import ComputePrices, PriceList, core_hours, cost, kilowatt_hours
from domain.jobs.job import SchedulingType

FLEX, ON_DEMAND, RESERVED = SchedulingType


def prices(
    from_month: int = 202601, flex: str = "0.01", ondemand: str = "0.025", kwh: str = "0.1"
) -> ComputePrices:
    return ComputePrices(
        from_month=from_month,
        core_hour={
            FLEX: Decimal(flex),
            ON_DEMAND: Decimal(ondemand),
            RESERVED: Decimal("0.04"),
        },
        kwh=Decimal(kwh),
    )


@pytest.mark.parametrize(
    ("core_s", "shown"), [(0.0, "0.000"), (1.8, "0.001"), (1.79, "0.000"), (3600.0, "1.000")]
)
def test_core_hours_are_rounded_half_up_to_the_thousandth(core_s: float, shown: str) -> None:
    assert str(core_hours(core_s)) == shown


def test_each_part_is_rounded_half_up_to_the_cent_and_then_added() -> None:
    hours = {FLEX: Decimal("0.500"), ON_DEMAND: Decimal("0.200"), RESERVED: Decimal("0.000")}

    # 0.005 and 0.005 and 0.0149: rounding the sum, 0.0249, would say 0.02.
    assert cost(prices(), hours, Decimal("0.149")) == Decimal("0.03")


def test_what_has_binary_fractions_costs_what_was_written() -> None:
    hours = {FLEX: Decimal(0), ON_DEMAND: core_hours(3600.0 * 3), RESERVED: Decimal(0)}

    assert str(cost(prices(ondemand="0.1"), hours, kilowatt_hours(0.0))) == "0.30"


def test_a_month_has_the_prices_that_began_last() -> None:
    listed = PriceList(currency="EUR", versions=(prices(202601), prices(202607, flex="0.02")))

    found = [listed.of(month) for month in (202512, 202601, 202606, 202607, 203001)]

    assert [item and item.from_month for item in found] == [None, 202601, 202601, 202607, 202607]
