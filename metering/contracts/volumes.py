"""What a contract promises of the heat of a year, and what follows where it is not kept."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from domain.units import WH_PER_MWH
from metering.contracts.checks import amount
from metering.contracts.tariffs import Vat


class MinimumEffect(StrEnum):
    """Who pays for a MWh that is missing at the end of a contract year."""

    BUYER_PAYS = "buyer-pays"  #: The buyer has promised to take them.
    SUPPLIER_PAYS = "supplier-pays"  #: The supplier has promised to deliver them.
    SHOWN = "shown"  #: Nobody; the statement says how many are missing.


class CeilingEffect(StrEnum):
    """What a MWh costs above the ceiling of a contract year."""

    OTHER_PRICE = "other-price"  #: The price of the clause, which may be 0.
    SHOWN = "shown"  #: The same as any other; the statement says how many there are.


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """The least heat of a contract year."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    mwh_per_year: Decimal
    effect: MinimumEffect
    price_per_mwh: Decimal | None = None  #: For each that is missing.
    vat: Vat | None = None  #: A penalty may be taxed in another way than heat.

    def __post_init__(self) -> None:
        amount(self.mwh_per_year, "mwh_per_year")
        is_paid = self.effect is not MinimumEffect.SHOWN
        for name in ("price_per_mwh", "vat"):
            if (getattr(self, name) is not None) != is_paid:
                raise ValueError(f"{name} goes with an effect that is paid, and with no other")
        if self.price_per_mwh is not None:
            amount(self.price_per_mwh, "price_per_mwh")

    @property
    def year_wh(self) -> int:
        """The least heat of a year [Wh]."""
        return int(self.mwh_per_year * WH_PER_MWH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """The heat of a contract year above which a MWh has another price."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    mwh_per_year: Decimal
    effect: CeilingEffect
    price_per_mwh: Decimal | None = None  #: For each above it.

    def __post_init__(self) -> None:
        amount(self.mwh_per_year, "mwh_per_year")
        is_priced = self.effect is CeilingEffect.OTHER_PRICE
        if (self.price_per_mwh is not None) != is_priced:
            raise ValueError("price_per_mwh goes with the effect other-price, and with no other")
        if self.price_per_mwh is not None:
            amount(self.price_per_mwh, "price_per_mwh")

    @property
    def year_wh(self) -> int:
        """The ceiling of a year [Wh]."""
        return int(self.mwh_per_year * WH_PER_MWH)
