"""The calendar year of a contract, meter by meter: what a town declares of a building.

Raw kWh, as meters counted them: no weather correction and no conversion, which the town's own
register works out. Heat and the electricity of the servers stand apart, since the servers may hang
behind the building's own meter and be on its bill already.
"""

from dataclasses import dataclass

from domain.calendar.months import first_day, later, months_through
from domain.refusal import Refused
from domain.registers.register import Mark, MeterKind, PeriodLine
from metering.books.contracting import contract_of
from metering.contracts.contract import Contract, Delivery
from store.contracts import contracts
from store.contracts.contracts import ContractRow
from store.ledger import closed_months, meters
from store.ledger.meters import KnownMeter
from store.rows import Connection

_ESTIMATES = frozenset({Mark.FROM_ESTIMATED, Mark.TO_ESTIMATED, Mark.SILENT_AT_END})


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterYear:
    """What one meter counted in the months of a year in which its site's heat was sold."""

    site: str
    kind: MeterKind
    meter: str
    energy_wh: int | None  #: None where no line says anything of it: its index is not confirmed.
    first: PeriodLine | None  #: Its earliest and latest lines; None where there is none yet.
    last: PeriodLine | None
    months_closed: int
    months_sold: int
    is_estimated: bool
    is_on_buyers_bill: bool | None  #: Of servers' electricity; None = nobody said.


def year_of(connection: Connection, row: ContractRow, year: int) -> list[MeterYear] | Refused:
    """The meters of a contract's sites in a calendar year; simulated ones are left out."""
    contract = contract_of(row)
    if isinstance(contract, Refused):
        return contract
    found: list[MeterYear] = []
    for delivery in contract.deliveries:
        months = _months_sold(contract, delivery, year)
        if not months:
            continue
        closed = {
            item.month for item in closed_months.closed_months(connection, [delivery.site_id])
        }
        name = contracts.site_name(connection, delivery.site_id)
        found += [
            _meter_year(connection, known, delivery, name, (months, len(closed & set(months))))
            for known in meters.known_meters(connection, [delivery.site_id])
            if not known.facts.is_simulated
        ]
    if found:
        return found
    return Refused(
        code="contract.year",
        sentence=f"Contract {row.reference} sells no metered heat in {year}.",
    )


def _months_sold(contract: Contract, delivery: Delivery, year: int) -> list[int]:
    first, end = contract.months_of(delivery)
    return [
        month for month in months_through(first, later(end, -1)) if first_day(month).year == year
    ]


def _meter_year(
    connection: Connection,
    known: KnownMeter,
    delivery: Delivery,
    site: str,
    months: tuple[list[int], int],
) -> MeterYear:
    sold, closed = months
    lines = closed_months.lines_about(connection, known.facts.meter_id, sold)
    own = sorted(
        (line for line in lines if Mark.ADJUSTMENT not in line.marks),
        key=lambda line: (line.about_month, line.epoch),
    )
    is_electricity = known.facts.kind is MeterKind.ELECTRICITY
    return MeterYear(
        site=site,
        kind=known.facts.kind,
        meter=known.facts.serial,
        energy_wh=sum(line.energy_wh for line in lines) if lines else None,
        first=own[0] if own else None,
        last=own[-1] if own else None,
        months_closed=closed,
        months_sold=len(sold),
        is_estimated=_is_estimated(own),
        is_on_buyers_bill=delivery.is_behind_buyers_meter if is_electricity else None,
    )


def _is_estimated(lines: list[PeriodLine]) -> bool:
    """Whether an edge of the year is interpolated; edges between its months cancel out."""
    if not lines:
        return False
    outer = {Mark.FROM_ESTIMATED} & set(lines[0].marks)
    return bool(outer | ((_ESTIMATES - {Mark.FROM_ESTIMATED}) & set(lines[-1].marks)))
