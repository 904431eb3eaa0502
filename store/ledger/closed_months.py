"""Months that are closed: their lines, as a statement takes them, and the segments behind them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from domain.calendar.months import write_month
from domain.refusal import Refused
from domain.registers.register import Mark, MeterKind, PeriodLine, Segment
from store.ledger.ledger_tables import (
    meter,
    register_closing,
    register_line,
    register_segment,
)
from store.rows import AnyRow
from store.tables.fleet import node
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedMonth:
    """A month of a site that nobody can change any more."""

    site_id: int
    month: int
    digest: str  #: Over the segments of all meters of the site.
    actor: str
    closed_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line to be kept for good."""

    meter_id: int
    node_id: int
    epoch: int
    about_month: int
    from_index_wh: int
    from_at_s: float
    to_index_wh: int
    to_at_s: float
    energy_wh: int
    marks: tuple[Mark, ...]
    adjusts_line_id: int | None = None


def statement_lines(
    connection: Connection, site_id: int, month: int, kind: MeterKind = MeterKind.HEAT
) -> tuple[PeriodLine, ...] | Refused:
    """The lines of a site that stand in the statement of a closed month.

    Own lines of the month first, then adjustments of earlier ones; each by meter and epoch.
    Meters that are marked as simulated are never among them. Refused while the month is open.
    """
    if closed_month(connection, site_id, month) is None:
        return Refused(
            code="ledger.month_open",
            sentence=f"{write_month(month)} is not closed for site {site_id}; "
            "`chaufferie ledger close` closes it once it is over.",
        )
    return lines_of(connection, site_id, month, kind, is_simulated=False)


def lines_of(
    connection: Connection, site_id: int, month: int, kind: MeterKind, *, is_simulated: bool
) -> tuple[PeriodLine, ...]:
    """Lines of real meters, or of simulated ones: to look at, never to bill."""
    statement = (
        _lines()
        .where(register_line.c.site_id == site_id, register_line.c.month == month)
        .where(meter.c.kind == kind.value, meter.c.is_simulated.is_(is_simulated))
        .order_by(
            register_line.c.about_month.desc(),
            meter.c.serial,
            register_line.c.epoch,
            register_line.c.id,
        )
    )
    return tuple(_line(row) for row in connection.execute(statement))


def lines_about(
    connection: Connection, meter_id: int, months: Collection[int]
) -> tuple[PeriodLine, ...]:
    """All that closed months ever said of these months of a meter, in that order."""
    statement = (
        _lines()
        .where(register_line.c.meter_id == meter_id, register_line.c.about_month.in_(months))
        .order_by(register_line.c.id)
    )
    return tuple(_line(row) for row in connection.execute(statement))


def lines_in(connection: Connection, serial: str, month: int) -> tuple[PeriodLine, ...]:
    """All lines of a meter that stand in a closed month."""
    statement = _lines().where(meter.c.serial == serial, register_line.c.month == month)
    return tuple(_line(row) for row in connection.execute(statement))


def sealed_form(item: NewLine | PeriodLine) -> dict[str, Any]:
    """A line as it is sealed: by what it says, without numbers of this database."""
    return {
        "epoch": item.epoch,
        "about_month": item.about_month,
        "from_index_wh": item.from_index_wh,
        "from_at_s": item.from_at_s,
        "to_index_wh": item.to_index_wh,
        "to_at_s": item.to_at_s,
        "energy_wh": item.energy_wh,
        "marks": [mark.value for mark in item.marks],
    }


def segment_digests(connection: Connection, site_id: int, month: int) -> dict[str, str]:
    """The digest of each meter's segment in a month of a site, by serial."""
    statement = (
        select(meter.c.serial, register_segment.c.digest)
        .select_from(register_segment.join(meter))
        .where(register_segment.c.site_id == site_id, register_segment.c.month == month)
    )
    return {row.serial: row.digest for row in connection.execute(statement)}


def sealed_facts(connection: Connection, site_id: int, month: int) -> list[dict[str, Any]]:
    """By what each meter of a site was sealed in a month, and what came of it; by serial."""
    statement = (
        select(register_segment.c.facts)
        .select_from(register_segment.join(meter))
        .where(register_segment.c.site_id == site_id, register_segment.c.month == month)
        .order_by(meter.c.serial)
    )
    return [json.loads(facts) for facts in connection.execute(statement).scalars()]


def _lines() -> Select[Any]:
    return select(
        register_line,
        meter.c.serial,
        meter.c.kind,
        meter.c.tolerance_frac,
        node.c.name.label("node_name"),
    ).select_from(
        register_line.join(meter, register_line.c.meter_id == meter.c.id).join(
            node, register_line.c.node_id == node.c.id
        )
    )


def _line(row: AnyRow) -> PeriodLine:
    return PeriodLine(
        line_id=row.id,
        meter_serial=row.serial,
        kind=MeterKind(row.kind),
        epoch=row.epoch,
        month=row.month,
        about_month=row.about_month,
        from_index_wh=row.from_index_wh,
        from_at_s=row.from_at_s,
        to_index_wh=row.to_index_wh,
        to_at_s=row.to_at_s,
        energy_wh=row.energy_wh,
        marks=tuple(Mark(item) for item in json.loads(row.marks)),
        adjusts_line_id=row.adjusts_line_id,
        node_id=row.node_id,
        node_name=row.node_name,
        tolerance_frac=row.tolerance_frac,
    )


def closed_month(connection: Connection, site_id: int, month: int) -> ClosedMonth | None:
    """When and by whom a month was closed; None while it is open."""
    found = [item for item in closed_months(connection, [site_id]) if item.month == month]
    return found[0] if found else None


def closed_months(connection: Connection, only: Collection[int] | None) -> list[ClosedMonth]:
    """The closed months of these sites (None = all), of each in order and without a hole."""
    statement = select(register_closing).order_by(
        register_closing.c.site_id, register_closing.c.month
    )
    if only is not None:
        statement = statement.where(register_closing.c.site_id.in_(only))
    return [ClosedMonth(**row._mapping) for row in connection.execute(statement)]


def segments(connection: Connection, meter_id: int) -> list[Segment]:
    """The chain of a meter, from its first sealed month on."""
    columns = (
        meter.c.serial.label("meter_serial"),
        register_segment.c.month,
        register_segment.c.row_count,
        register_segment.c.rows_digest,
        register_segment.c.facts,
        register_segment.c.previous,
        register_segment.c.digest,
    )
    statement = (
        select(*columns)
        .select_from(register_segment.join(meter))
        .where(register_segment.c.meter_id == meter_id)
        .order_by(register_segment.c.month)
    )
    return [Segment(**row._mapping) for row in connection.execute(statement)]


def add_lines(tx: Transaction, site_id: int, month: int, lines: Sequence[NewLine]) -> list[int]:
    """Keep lines for good; their numbers, in the same order."""
    numbers = []
    for item in lines:
        sealed = sealed_form(item)
        values = {
            **sealed,
            "marks": json.dumps(sealed["marks"]),
            "site_id": site_id,
            "month": month,
            "meter_id": item.meter_id,
            "node_id": item.node_id,
            "adjusts_line_id": item.adjusts_line_id,
        }
        made = insert(register_line).values(**values).returning(register_line.c.id)
        numbers.append(int(tx.connection.execute(made).scalar_one()))
    return numbers


def add_segment(tx: Transaction, site_id: int, meter_id: int, item: Segment) -> None:
    """Seal a month of one meter."""
    values = {
        "meter_id": meter_id,
        "month": item.month,
        "site_id": site_id,
        "row_count": item.row_count,
        "rows_digest": item.rows_digest,
        "facts": item.facts,
        "previous": item.previous,
        "digest": item.digest,
        "sealed_at_s": tx.now_s,
    }
    tx.connection.execute(insert(register_segment), values)


def add_closing(tx: Transaction, site_id: int, month: int, digest: str, actor: str) -> None:
    """Close a month of a site."""
    values = {
        "site_id": site_id,
        "month": month,
        "digest": digest,
        "actor": actor,
        "closed_at_s": tx.now_s,
    }
    tx.connection.execute(insert(register_closing), values)
    tx.audited(actor=actor, action="ledger.close", subject=f"site/{site_id}", detail=str(month))


def last_closed(connection: Connection, site_id: int) -> int | None:
    """The newest closed month of a site."""
    statement = select(func.max(register_closing.c.month)).where(
        register_closing.c.site_id == site_id
    )
    found = connection.execute(statement).scalar()
    return None if found is None else int(found)
