"""A contract: heat of some sites, sold for years at a stated price."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from domain.calendar.months import later, month_of_day, months_between, write_month
from domain.refusal import Refused
from metering.contracts.checks import begins_month, text
from metering.contracts.parties import Party, Routing
from metering.contracts.tariffs import Tariff, Vat, check_tariffs
from metering.contracts.volumes import Ceiling, Minimum

#: Contracts on heat run for 5 to 25 years; a longer one is a slip of the keyboard.
LONGEST_YEARS = 30
_LAST_YEAR = 2200
_LARGEST_ID = 2**53 - 1  # that a document can name
_MONTHS = 12
_PREFIX = re.compile(r"[A-Z0-9](?:[A-Z0-9_-]{0,18}[A-Z0-9])?")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A site whose heat is sold, and in which months of the contract."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    site_id: int
    since: date | None = None  #: First day; default: the contract's.
    until: date | None = None  #: First day on which it is no more; default: the contract's end.
    #: Whether the servers' electricity passes the buyer's own meter, and stands on its bill.
    is_behind_buyers_meter: bool | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.site_id <= _LARGEST_ID:
            raise ValueError("site_id is the number of a site")
        for name in ("since", "until"):
            day = getattr(self, name)
            if day is not None:
                begins_month(day, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Everything that a statement needs to know besides the heat itself."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    reference: str
    supplier: Party
    buyer: Party
    routing: Routing
    deliveries: tuple[Delivery, ...]
    starts_on: date
    years: int
    tariffs: tuple[Tariff, ...]
    heat_vat: Vat
    number_prefix: str  #: Statements are numbered PREFIX-YEAR-N.
    standing_charge_vat: Vat | None = None
    minimum: Minimum | None = None
    ceiling: Ceiling | None = None
    currency: str = "EUR"

    def __post_init__(self) -> None:
        if _REFERENCE.fullmatch(self.reference) is None:
            raise ValueError("reference is 1 to 50 letters, digits, . _ -")
        if _PREFIX.fullmatch(self.number_prefix) is None:
            raise ValueError("number_prefix is 1 to 20 capital letters, digits, _ or -")
        text(self.currency, "currency", 3)
        begins_month(self.starts_on, "starts_on")
        if not 1 <= self.years <= LONGEST_YEARS:
            raise ValueError(f"years is 1 to {LONGEST_YEARS}")
        if not 2000 <= self.starts_on.year < _LAST_YEAR:  # noqa: PLR2004 - a slip otherwise
            raise ValueError(f"starts_on is {self.starts_on}")
        self._check_deliveries()
        check_tariffs(self.tariffs, self.starts_on)
        has_charge = any(item.standing_charge_per_month for item in self.tariffs)
        if has_charge != (self.standing_charge_vat is not None):
            raise ValueError("standing_charge_vat goes with a standing charge, and with no other")

    def _check_deliveries(self) -> None:
        site_ids = [item.site_id for item in self.deliveries]
        if not site_ids or len(set(site_ids)) != len(site_ids):
            raise ValueError("deliveries must name at least one site, and each only once")
        for item in self.deliveries:
            first, end = self.months_of(item)
            if not self.first_month <= first < end <= self.end_month:
                raise ValueError(f"the delivery to site {item.site_id} leaves the contract's years")

    @property
    def first_month(self) -> int:
        """The month in which it begins."""
        return month_of_day(self.starts_on)

    @property
    def end_month(self) -> int:
        """The month after its last."""
        return later(self.first_month, self.years * _MONTHS)

    def months_of(self, delivery: Delivery) -> tuple[int, int]:
        """The first month of a delivery, and the month after its last."""
        first = self.first_month if delivery.since is None else month_of_day(delivery.since)
        end = self.end_month if delivery.until is None else month_of_day(delivery.until)
        return first, end

    def covers(self, month: int) -> bool:
        """Whether heat of this month is sold under it."""
        return self.first_month <= month < self.end_month

    def site_ids_in(self, month: int) -> tuple[int, ...]:
        """The sites whose heat of a month is sold."""
        spans = ((item, *self.months_of(item)) for item in self.deliveries)
        return tuple(sorted(item.site_id for item, first, end in spans if first <= month < end))

    def tariff_of(self, month: int) -> Tariff:
        """The tariff that holds in a month of the contract."""
        return [item for item in self.tariffs if month_of_day(item.valid_from) <= month][-1]

    def year_start(self, month: int) -> int:
        """The first month of the contract year in which a month lies."""
        past = months_between(self.first_month, month) // _MONTHS
        return later(self.first_month, past * _MONTHS)

    def ends_year(self, month: int) -> bool:
        """Whether a contract year ends with this month."""
        return months_between(self.year_start(month), month) == _MONTHS - 1


def outside(contract: Contract, month: int) -> Refused | None:
    """A refusal for a month in which the contract does not run."""
    if contract.covers(month):
        return None
    return Refused(
        code="contract.month",
        sentence=(
            f"Contract {contract.reference} runs from {contract.starts_on} for {contract.years} "
            f"years; {write_month(month)} lies outside."
        ),
    )
