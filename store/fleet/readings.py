"""Readings and the meter indexes in them: a set of rows, whatever order they arrive in."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import and_, func, insert, select, update

from domain.events import ReadingTaken
from domain.fleet.reading import Reading
from domain.refusal import Refused
from domain.registers.register import MeterKind, RegisterRow
from store.fleet.wishes import heard
from store.ledger.meters import meter_id_of
from store.ledger.register_rows import add_rows
from store.rows import AnyRow
from store.tables.fleet import reading, refused_reading
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What became of a batch of readings."""

    stored: int
    repeated: int
    refused: tuple[Refused, ...]


def add_readings(tx: Transaction, node_id: int, items: Sequence[Reading | Refused]) -> Intake:
    """Store new readings of one node and the indexes they carry; count what is refused.

    Same sequence number and same values is a repeat; other values under a known number are a
    conflict, refused and counted, never overwritten. What it says of a register is kept beside
    what was said before, in the ledger, where both stand in quarantine.
    """
    valid = {item.seq: item for item in items if isinstance(item, Reading)}
    refused = [item for item in items if isinstance(item, Refused)]
    statement = select(reading.c.seq, reading.c.payload).where(
        reading.c.node_id == node_id, reading.c.seq.in_(valid)
    )
    known: dict[int, str] = {row.seq: row.payload for row in tx.connection.execute(statement)}
    fresh: list[tuple[Reading, str]] = []
    told_otherwise: list[Reading] = []
    for seq, item in sorted(valid.items()):
        payload = _dumps(item)
        if seq not in known:
            fresh.append((item, payload))
        elif known[seq] != payload:
            told_otherwise.append(item)
            refused.append(
                Refused(
                    code="reading.conflict",
                    sentence=f"Reading {seq} of node {node_id} was stored with other values.",
                )
            )
    _insert(tx, node_id, fresh)
    add_rows(tx, node_id, _indexes(tx, [*(item for item, _ in fresh), *told_otherwise]))
    _count_refused(tx, node_id, refused)
    return Intake(stored=len(fresh), repeated=len(valid) - len(fresh), refused=tuple(refused))


def _dumps(item: Reading) -> str:
    return json.dumps(asdict(item), separators=(",", ":"), allow_nan=False)


def _insert(tx: Transaction, node_id: int, fresh: Sequence[tuple[Reading, str]]) -> None:
    if not fresh:
        return
    newest_before = tx.connection.execute(
        select(func.max(reading.c.seq)).where(reading.c.node_id == node_id)
    ).scalar()
    tx.connection.execute(
        insert(reading),
        [
            {
                "node_id": node_id,
                "seq": item.seq,
                "taken_at_s": item.taken_at_s,
                "received_at_s": tx.now_s,
                "payload": payload,
            }
            for item, payload in fresh
        ],
    )
    newest = fresh[-1][0]
    if newest_before is None or newest.seq > newest_before:
        tx.record(heard(tx, reading_event(newest)))


def _indexes(tx: Transaction, items: Sequence[Reading]) -> list[tuple[int, RegisterRow]]:
    """The indexes that readings carry, each with the number of its meter."""
    meter_ids: dict[str, int] = {}
    found = []
    for item in items:
        told = (
            (MeterKind.HEAT, item.heat_meter_serial, item.heat_register_wh),
            (MeterKind.ELECTRICITY, item.electricity_meter_serial, item.electricity_register_wh),
        )
        for kind, serial, index_wh in told:
            if serial not in meter_ids:
                meter_ids[serial] = meter_id_of(tx, kind, item)
            row = RegisterRow(
                node_id=item.node_id,
                seq=item.seq,
                taken_at_s=item.taken_at_s,
                received_at_s=tx.now_s,
                index_wh=index_wh,
                is_simulated=item.simulated,
            )
            found.append((meter_ids[serial], row))
    return found


def _count_refused(tx: Transaction, node_id: int, refused: Sequence[Refused]) -> None:
    for item in refused:
        counted = tx.connection.execute(
            update(refused_reading)
            .where(refused_reading.c.node_id == node_id, refused_reading.c.code == item.code)
            .values(count=refused_reading.c.count + 1)
        ).rowcount
        if not counted:
            tx.connection.execute(
                insert(refused_reading), {"node_id": node_id, "code": item.code, "count": 1}
            )


def latest_readings(tx: Transaction) -> dict[int, Reading]:
    """The newest reading of every node."""
    newest = (
        select(reading.c.node_id, func.max(reading.c.seq).label("seq"))
        .group_by(reading.c.node_id)
        .subquery()
    )
    statement = select(reading.c.node_id, reading.c.payload).join(
        newest, and_(reading.c.node_id == newest.c.node_id, reading.c.seq == newest.c.seq)
    )
    return {row.node_id: load_reading(row) for row in tx.connection.execute(statement)}


def load_reading(row: AnyRow) -> Reading:
    """The reading stored in a row."""
    return Reading(**json.loads(row.payload))


def reading_event(item: Reading) -> ReadingTaken:
    """What the engine needs of a reading."""
    return ReadingTaken(
        node_id=item.node_id,
        taken_at_s=item.taken_at_s,
        water_temp_c=item.water_temp_c,
        heat_demand_w=item.heat_demand_w,
        headroom_wh=item.headroom_wh,
        time_factor=item.time_factor,
        accepts_work=item.accepts_work,
    )
