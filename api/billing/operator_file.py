"""The operator's file: what computing costs, how its emissions are counted, who issues invoices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from domain.billing.prices import ComputePrices, PriceList
from domain.calendar.months import month_of_day
from domain.fleet.licences import LicenceServers
from domain.jobs.job import SchedulingType
from domain.refusal import Refused
from metering.balance import Told
from metering.boiler_factors import DEFAULT_BOILER, BoilerFactor, boiler_factors
from metering.co2 import DEFAULT_SET, FactorSet, factor_sets
from metering.invoices.seller import Seller
from scheduler.operator_file.licences import LicenceServerTables, servers_of
from scheduler.operator_file.order import OrderTable
from scheduler.operator_file.reading import OperatorToml, read_toml

_MOST_DECIMALS = 6
_LARGEST = Decimal(1_000_000)

Price = Annotated[Decimal, Field(ge=0, le=_LARGEST, decimal_places=_MOST_DECIMALS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFile:
    """What the operator's file says; without a file there are no prices."""

    prices: PriceList | None = None
    co2: FactorSet = field(default_factory=lambda: factor_sets()[DEFAULT_SET])
    boiler: BoilerFactor = field(default_factory=lambda: boiler_factors()[DEFAULT_BOILER])
    told: Mapping[str, Told] = field(default_factory=dict)  #: By name of the site.
    licences: LicenceServers = field(default_factory=LicenceServers)
    seller: Seller = field(default_factory=Seller)  #: Who issues invoices for heat.


class _CoreHourIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    flex: Price
    ondemand: Price
    reserved: Price


class _PricesIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    valid_from: date
    core_hour: _CoreHourIn
    kwh: Price = Decimal(0)

    @field_validator("valid_from")
    @classmethod
    def _begins_a_month(cls, value: date) -> date:
        if value.day != 1:
            message = "prices hold from the first day of a month on, so that a month has one price"
            raise ValueError(message)
        return value


class _SiteIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    it_share: Annotated[float, Field(gt=0, le=1)] | None = None
    it_share_source: str = ""
    water_l_per_kwh: Annotated[float, Field(ge=0, le=1000)] | None = None


class _FileIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    large_submit: Price | None = None
    co2_factors: str = DEFAULT_SET
    prices: list[_PricesIn] = Field(default_factory=list)
    boiler_factors: str = DEFAULT_BOILER
    sites: list[_SiteIn] = Field(default_factory=list)
    order: OrderTable | None = None  #: The scheduler reads it; a slip in it is told here too.
    licence_servers: LicenceServerTables = Field(default_factory=list)
    seller: Seller = Field(default_factory=Seller)


def read_operator_file(named: Path | None, data_dir: Path) -> OperatorFile | Refused:
    """The file that was named, or the one in the data directory if there is one."""
    file = read_toml(named, data_dir)
    if isinstance(file, Refused):
        return file
    try:
        return _understood(file, _FileIn.model_validate(file.tables))
    except ValidationError as error:
        return file.slip(error)


def _understood(file: OperatorToml, found: _FileIn) -> OperatorFile | Refused:
    sets = factor_sets()
    if found.co2_factors not in sets:
        return file.refused(
            f"co2_factors: there is no set {found.co2_factors!r}, but {', '.join(sets)}"
        )
    boilers = boiler_factors()
    if found.boiler_factors not in boilers:
        known = ", ".join(boilers)
        return file.refused(
            f"boiler_factors: there is no set {found.boiler_factors!r}, but {known}"
        )
    if any(item.it_share is not None and not item.it_share_source for item in found.sites):
        return file.refused("sites: it_share needs it_share_source: how it was measured")
    months = [item.valid_from for item in found.prices]
    if sorted(set(months)) != months:
        return file.refused("prices: each begins later than the one before; put them in order")
    return OperatorFile(
        prices=_price_list(found),
        co2=sets[found.co2_factors],
        boiler=boilers[found.boiler_factors],
        told={item.name: Told(**item.model_dump(exclude={"name"})) for item in found.sites},
        licences=servers_of(found.licence_servers),
        seller=found.seller,
    )


def _price_list(found: _FileIn) -> PriceList | None:
    if not found.prices:
        return None
    return PriceList(
        currency=found.currency,
        large_submit=found.large_submit,
        versions=tuple(
            ComputePrices(
                from_month=month_of_day(item.valid_from),
                core_hour={
                    SchedulingType.FLEX: item.core_hour.flex,
                    SchedulingType.ON_DEMAND: item.core_hour.ondemand,
                    SchedulingType.RESERVED: item.core_hour.reserved,
                },
                kwh=item.kwh,
            )
            for item in found.prices
        ),
    )
