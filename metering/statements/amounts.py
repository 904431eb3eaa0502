"""From kWh to money: every amount is rounded once, half up, to the cent, and sums are of these."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum

from domain.units import WH_PER_MWH
from metering.contracts.tariffs import Vat
from metering.contracts.volumes import MinimumEffect
from metering.statements.inputs import StatementInputs

CENT = Decimal("0.01")
_NOTHING = Decimal("0.00")
_PERCENT = Decimal(100)
_DIGITS = 60  # more than a product of any quantity and any price has


class ChargeKind(StrEnum):
    """What is charged, or given back, besides the heat of the lines."""

    STANDING_CHARGE = "standing-charge"
    ABOVE_CEILING = "above-ceiling"
    BELOW_MINIMUM = "below-minimum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """An amount that belongs to no meter."""

    kind: ChargeKind
    quantity_wh: int | None  #: None for a charge by the month.
    unit_price: Decimal  #: For a MWh, or for the month.
    amount: Decimal
    vat: Vat


@dataclass(frozen=True, slots=True, kw_only=True)
class VatSum:
    """What is owed at one rate."""

    vat: Vat
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class YearSoFar:
    """Where the contract year stands with this month in it [Wh]."""

    first_month: int
    before_wh: int
    with_this_wh: int
    above_ceiling_wh: int | None  #: Of this month; None without a ceiling.
    below_minimum_wh: int | None  #: None without a minimum, or before the year's last month.


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Every sum of a statement, before a credit note turns its sign."""

    prices: tuple[Decimal, ...]  #: Of a MWh, line by line.
    of_lines: tuple[Decimal, ...]
    charges: tuple[Charge, ...]
    vat_sums: tuple[VatSum, ...]
    year: YearSoFar

    @property
    def excl_vat(self) -> Decimal:
        """What is owed without tax."""
        return sum((item.base for item in self.vat_sums), _NOTHING)

    @property
    def incl_vat(self) -> Decimal:
        """What is owed."""
        return sum((item.amount for item in self.vat_sums), self.excl_vat)


def amounts_of(inputs: StatementInputs) -> Amounts:
    """Work out every sum; lines are taken in the order of the statement."""
    contract = inputs.contract
    lines = [item.line for item in sorted(inputs.lines, key=lambda item: item.order)]
    prices = [_price(inputs, line.about_month) for line in lines]
    of_lines = [cost(line.energy_wh, price) for line, price in zip(lines, prices, strict=True)]
    year = _year(inputs, sum(line.energy_wh for line in lines))
    charges = tuple(_charges(inputs, year))
    taxed = [(contract.heat_vat, amount) for amount in of_lines]
    taxed += [(charge.vat, charge.amount) for charge in charges]
    return Amounts(
        prices=tuple(prices),
        of_lines=tuple(of_lines),
        charges=charges,
        vat_sums=_vat_sums(contract.heat_vat, taxed),
        year=year,
    )


def cost(energy_wh: int, price_per_mwh: Decimal) -> Decimal:
    """What this heat costs, rounded half up to the cent; below nothing, the same mirrored."""
    with localcontext(prec=_DIGITS):
        return (energy_wh * price_per_mwh / WH_PER_MWH).quantize(CENT, ROUND_HALF_UP)


def _price(inputs: StatementInputs, about_month: int) -> Decimal:
    """The price of the month whose heat it is; heat of before the contract has its first price."""
    month = max(about_month, inputs.contract.first_month)
    return inputs.contract.tariff_of(month).price_in(month)


def _year(inputs: StatementInputs, this_wh: int) -> YearSoFar:
    contract, month = inputs.contract, inputs.month
    before_wh = sum(item.energy_wh for item in inputs.earlier)
    with_this_wh = before_wh + this_wh
    above_wh = None
    if contract.ceiling is not None:
        limit_wh = contract.ceiling.year_wh
        above_wh = max(0, with_this_wh - limit_wh) - max(0, before_wh - limit_wh)
    below_wh = None
    if contract.minimum is not None and contract.ends_year(month):
        below_wh = max(0, contract.minimum.year_wh - with_this_wh)
    return YearSoFar(
        first_month=contract.year_start(month),
        before_wh=before_wh,
        with_this_wh=with_this_wh,
        above_ceiling_wh=above_wh,
        below_minimum_wh=below_wh,
    )


def _charges(inputs: StatementInputs, year: YearSoFar) -> Iterable[Charge]:
    contract, month = inputs.contract, inputs.month
    standing = contract.tariff_of(month).standing_charge_per_month
    if standing and contract.standing_charge_vat is not None:
        yield Charge(
            kind=ChargeKind.STANDING_CHARGE,
            quantity_wh=None,
            unit_price=standing,
            amount=standing.quantize(CENT, ROUND_HALF_UP),
            vat=contract.standing_charge_vat,
        )
    ceiling, minimum = contract.ceiling, contract.minimum
    if ceiling is not None and ceiling.price_per_mwh is not None and year.above_ceiling_wh:
        # The lines have charged it at the common price; this is the difference.
        moved = ceiling.price_per_mwh - _price(inputs, month)
        yield _volume_charge(
            ChargeKind.ABOVE_CEILING, year.above_ceiling_wh, moved, contract.heat_vat
        )
    if minimum is not None and minimum.price_per_mwh is not None and year.below_minimum_wh:
        assert minimum.vat is not None  # noqa: S101 - as above
        is_owed = minimum.effect is MinimumEffect.BUYER_PAYS
        price = minimum.price_per_mwh if is_owed else -minimum.price_per_mwh
        yield _volume_charge(ChargeKind.BELOW_MINIMUM, year.below_minimum_wh, price, minimum.vat)


def _volume_charge(kind: ChargeKind, quantity_wh: int, unit_price: Decimal, vat: Vat) -> Charge:
    return Charge(
        kind=kind,
        quantity_wh=quantity_wh,
        unit_price=unit_price,
        amount=cost(quantity_wh, unit_price),
        vat=vat,
    )


def _vat_sums(first: Vat, taxed: Iterable[tuple[Vat, Decimal]]) -> tuple[VatSum, ...]:
    """The tax of each rate, on the sum of its amounts; that of heat comes first."""
    bases: dict[Vat, Decimal] = {first: _NOTHING}
    for vat, amount in taxed:
        bases[vat] = bases.get(vat, _NOTHING) + amount
    return tuple(
        VatSum(
            vat=vat,
            base=base,
            amount=(base * vat.rate_percent / _PERCENT).quantize(CENT, ROUND_HALF_UP),
        )
        for vat, base in bases.items()
    )
