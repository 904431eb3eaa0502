"""Meters: known from the first reading that names them, described and declared by a person."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, insert, select, update

from domain.fleet.node import node_spec_of
from domain.fleet.reading import Reading
from domain.registers.declaration import Act, Declaration, Evidence
from domain.registers.register import MeterFacts, MeterKind
from store.ledger.ledger_tables import meter, meter_declaration, register_ledger
from store.rows import AnyRow
from store.tables.fleet import node, site
from store.transaction import Transaction

#: Where nobody told what can pass a meter at most, it is this many times the power of all
#: machines of its site: heat kept in a coolant may leave faster than it came.
SITE_MARGIN = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMeter:
    """A meter and where it stands."""

    facts: MeterFacts
    site_id: int
    site_name: str
    node_id: int  #: The node that told of it first.
    node_name: str
    first_told_at_s: float


def meter_id_of(tx: Transaction, kind: MeterKind, item: Reading) -> int:
    """The number of the meter that a reading names; one that nobody knew is noted."""
    is_heat = kind is MeterKind.HEAT
    serial = item.heat_meter_serial if is_heat else item.electricity_meter_serial
    found = tx.connection.execute(select(meter.c.id).where(meter.c.serial == serial)).scalar()
    if found is not None:
        return int(found)
    statement = (
        insert(meter)
        .values(
            serial=serial,
            kind=kind.value,
            node_id=item.node_id,
            is_simulated=item.simulated,
            installed_at_s=item.taken_at_s,
            install_index_wh=item.heat_register_wh if is_heat else item.electricity_register_wh,
        )
        .returning(meter.c.id)
    )
    return int(tx.connection.execute(statement).scalar_one())


def note_meter(tx: Transaction, serial: str, like: KnownMeter, item: Declaration) -> None:
    """Note a meter that takes another's place before any node has told of it."""
    values = {
        "serial": serial,
        "kind": like.facts.kind.value,
        "node_id": like.node_id,
        "is_simulated": like.facts.is_simulated,
        "installed_at_s": item.at_s,
        "install_index_wh": item.index_wh,
    }
    tx.connection.execute(insert(meter), values)


def node_of(connection: Connection, name: str) -> tuple[int, int] | None:
    """The numbers of the node of this name and of its site."""
    found = connection.execute(
        select(node.c.id, node.c.site_id).where(node.c.name == name)
    ).one_or_none()
    return None if found is None else (found.id, found.site_id)


def known_meters(connection: Connection, only: Collection[int] | None = None) -> list[KnownMeter]:
    """Meters of these sites (None = all), in the order in which they were heard of.

    One that no node has told of, and whose declaration was withdrawn, is none of them.
    """
    is_void = and_(_has_declaration(Act.WITHDRAW), ~_is_declared(), ~_is_told())
    statement = _joined().where(~is_void).order_by(meter.c.id)
    if only is not None:
        statement = statement.where(node.c.site_id.in_(only))
    return _all_known(connection, statement)


def noted_meters(connection: Connection, serial: str | None = None) -> list[KnownMeter]:
    """Whatever was ever noted as a meter, or the one with this serial number."""
    statement = _joined().order_by(meter.c.id)
    if serial is not None:
        statement = statement.where(meter.c.serial == serial)
    return _all_known(connection, statement)


def _is_told() -> ColumnElement[bool]:
    return select(register_ledger.c.seq).where(register_ledger.c.meter_id == meter.c.id).exists()


def _has_declaration(act: Act) -> ColumnElement[bool]:
    wanted = (meter_declaration.c.meter_id == meter.c.id) & (meter_declaration.c.act == act.value)
    return select(meter_declaration.c.id).where(wanted).exists()


def _is_declared() -> ColumnElement[bool]:
    """Whether a declaration is in force."""
    withdrawal = meter_declaration.alias()
    is_withdrawn = select(withdrawal.c.id).where(
        withdrawal.c.meter_id == meter.c.id, withdrawal.c.withdraws_id == meter_declaration.c.id
    )
    return (
        select(meter_declaration.c.id)
        .where(
            meter_declaration.c.meter_id == meter.c.id,
            meter_declaration.c.act != Act.WITHDRAW.value,
            ~is_withdrawn.exists(),
        )
        .exists()
    )


def _all_known(connection: Connection, statement: Select[Any]) -> list[KnownMeter]:
    power_w = _site_power_w(connection)
    return [_known(row, power_w) for row in connection.execute(statement)]


def _joined() -> Select[Any]:
    return select(
        meter,
        node.c.site_id,
        node.c.name.label("node_name"),
        node.c.spec.label("node_spec"),
        site.c.name.label("site_name"),
    ).select_from(meter.join(node, meter.c.node_id == node.c.id).join(site))


def _site_power_w(connection: Connection) -> dict[int, float]:
    """Electric power of all machines of each site."""
    found: dict[int, float] = {}
    for row in connection.execute(select(node.c.site_id, node.c.spec)):
        power_w = node_spec_of(json.loads(row.spec)).max_power_w
        found[row.site_id] = found.get(row.site_id, 0.0) + power_w
    return found


def _known(row: AnyRow, power_w: dict[int, float]) -> KnownMeter:
    limit_w = row.max_power_w
    if limit_w is None:
        limit_w = SITE_MARGIN * power_w[row.site_id]
    facts = MeterFacts(
        meter_id=row.id,
        serial=row.serial,
        kind=MeterKind(row.kind),
        is_simulated=row.is_simulated,
        max_power_w=limit_w,
        rolls_over_at_wh=row.rolls_over_at_wh,
        digit_wh=row.digit_wh,
        tolerance_frac=row.tolerance_frac,
        time_factor=node_spec_of(json.loads(row.node_spec)).time_factor,
    )
    return KnownMeter(
        facts=facts,
        site_id=row.site_id,
        site_name=row.site_name,
        node_id=row.node_id,
        node_name=row.node_name,
        first_told_at_s=row.installed_at_s,
    )


def describe_meter(tx: Transaction, meter_id: int, values: Mapping[str, object]) -> None:
    """Note what a person tells of a meter's plate: columns of ``meter`` by name."""
    tx.connection.execute(update(meter).where(meter.c.id == meter_id).values(**values))


def declare(tx: Transaction, meter_id: int, item: Declaration) -> None:
    """Add a declaration."""
    tx.connection.execute(
        insert(meter_declaration),
        {
            "meter_id": meter_id,
            "act": item.act.value,
            "at_s": item.at_s,
            "index_wh": item.index_wh,
            "closing_index_wh": item.closing_index_wh,
            "node_id": item.node_id,
            "replaced_id": item.replaced_id,
            "actor": item.actor,
            "note": item.evidence.note,
            "photo_sha256": item.evidence.photo_sha256,
            "declared_at_s": tx.now_s,
            "withdraws_id": item.withdraws_id,
        },
    )


def declarations(connection: Connection, meter_id: int) -> list[Declaration]:
    """What was declared of a meter, in the order in which it was declared."""
    statement = (
        select(meter_declaration)
        .where(meter_declaration.c.meter_id == meter_id)
        .order_by(meter_declaration.c.id)
    )
    return [_declaration(row) for row in connection.execute(statement)]


def find_declaration(connection: Connection, declaration_id: int) -> tuple[int, Declaration] | None:
    """A declaration by its number, with that of the meter which it is about."""
    statement = select(meter_declaration).where(meter_declaration.c.id == declaration_id)
    row = connection.execute(statement).one_or_none()
    return None if row is None else (row.meter_id, _declaration(row))


def _declaration(row: AnyRow) -> Declaration:
    return Declaration(
        act=Act(row.act),
        at_s=row.at_s,
        index_wh=row.index_wh,
        closing_index_wh=row.closing_index_wh,
        node_id=row.node_id,
        replaced_id=row.replaced_id,
        actor=row.actor,
        evidence=Evidence(note=row.note, photo_sha256=row.photo_sha256),
        declared_at_s=row.declared_at_s,
        declaration_id=row.id,
        withdraws_id=row.withdraws_id,
    )
