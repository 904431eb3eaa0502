"""Prices by date, and the formula by which a price follows published indexes.

A formula has the shape that French contracts use: P = P0 x (a + b I/I0 + c J/J0 ...), with
a + b + c ... = 1. The value of each index, who published it and when are data of the contract:
nothing is ever fetched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any, ClassVar

from domain.calendar.months import month_of_day
from metering.contracts.checks import ONE, ZERO, amount, begins_month, text

_MOST_PERCENT = Decimal(100)
_MOST_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Vat:
    """A rate of value-added tax and why it holds; no contract has one by itself."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    rate_percent: Decimal
    legal_ground: str  #: The text that grants the rate, as the statement quotes it.
    stated_on: date  #: When the operator settled on it.

    def __post_init__(self) -> None:
        amount(self.rate_percent, "rate_percent")
        if self.rate_percent > _MOST_PERCENT:
            raise ValueError("rate_percent is above 100")
        text(self.legal_ground, "legal_ground")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexValue:
    """What a published index was, who said so and when."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    value: Decimal
    source: str
    published_on: date

    def __post_init__(self) -> None:
        amount(self.value, "value")
        if self.value == ZERO:
            raise ValueError("value is 0")
        text(self.source, "source")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTerm:
    """One index of a formula: its weight, and its value at the contract's date."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    index: str
    weight: Decimal
    base: IndexValue

    def __post_init__(self) -> None:
        text(self.index, "index", 40)
        if not self.index.isascii():
            raise ValueError("index is the short name of an index, in plain letters")
        amount(self.weight, "weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The values from which a price is worked out from a month on."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    valid_from: date
    values: Mapping[str, IndexValue]

    def __post_init__(self) -> None:
        begins_month(self.valid_from, "valid_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexation:
    """A formula with its values so far; until the first revision its coefficient is 1."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    fixed_share: Decimal
    terms: tuple[IndexTerm, ...]
    coefficient_decimals: int
    price_decimals: int
    revisions: tuple[Revision, ...] = ()

    def __post_init__(self) -> None:
        amount(self.fixed_share, "fixed_share")
        names = [term.index for term in self.terms]
        if not names or len(set(names)) != len(names):
            raise ValueError("terms must name at least one index, and each only once")
        total = sum((term.weight for term in self.terms), self.fixed_share)
        if total != ONE:
            raise ValueError(f"fixed_share and weights add up to {total}, and must add up to 1")
        for decimals in (self.coefficient_decimals, self.price_decimals):
            if not 0 <= decimals <= _MOST_DECIMALS:
                raise ValueError(f"decimals must be 0 to {_MOST_DECIMALS}")
        _in_order([item.valid_from for item in self.revisions], "revisions")
        for item in self.revisions:
            if sorted(item.values) != sorted(names):
                raise ValueError(
                    f"the revision of {item.valid_from} must give a value for each of "
                    f"{', '.join(names)} and for no other"
                )

    def revision_of(self, month: int) -> Revision | None:
        """The revision that holds in a month; None before the first."""
        begun = [item for item in self.revisions if month_of_day(item.valid_from) <= month]
        return begun[-1] if begun else None

    def coefficient(self, month: int) -> Decimal:
        """What the base price is multiplied by in a month, rounded half up."""
        revision = self.revision_of(month)
        if revision is None:
            return _rounded(ONE, self.coefficient_decimals)
        moved = sum(
            (
                term.weight * revision.values[term.index].value / term.base.value
                for term in self.terms
            ),
            self.fixed_share,
        )
        return _rounded(moved, self.coefficient_decimals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """A price of heat that holds from a month on, until a later one does."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    valid_from: date
    price_per_mwh: Decimal
    standing_charge_per_month: Decimal = ZERO
    indexation: Indexation | None = None

    def __post_init__(self) -> None:
        begins_month(self.valid_from, "valid_from")
        amount(self.price_per_mwh, "price_per_mwh")
        amount(self.standing_charge_per_month, "standing_charge_per_month")

    def price_in(self, month: int) -> Decimal:
        """What a MWh costs in a month, by the formula if there is one."""
        if self.indexation is None:
            return self.price_per_mwh
        moved = self.price_per_mwh * self.indexation.coefficient(month)
        return _rounded(moved, self.indexation.price_decimals)


def check_tariffs(tariffs: tuple[Tariff, ...], starts_on: date) -> None:
    """Raise ``ValueError`` unless every month of a contract has one price."""
    if not tariffs or tariffs[0].valid_from != starts_on:
        raise ValueError(f"tariffs: the first must hold from {starts_on} on, as the contract does")
    _in_order([item.valid_from for item in tariffs], "tariffs")


def _in_order(days: list[date], name: str) -> None:
    if any(second <= first for first, second in pairwise(days)):
        raise ValueError(f"{name}: each begins later than the one before; put them in order")


def _rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
