"""Readings and the meter indexes in them: a set of rows, whatever order they arrive in."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import and_, func, insert, select, update

from domain.events import ReadingTaken
from domain.reading import Reading
from domain.refusal import Refused
from store.rows import AnyRow
from store.tables import meter, reading, refused_reading, register_ledger
from store.transaction import Transaction

HEAT = "heat"
ELECTRICITY = "electricity"
#: The first epoch of a meter; a swap or a reset declares the next one.
FIRST_EPOCH = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What became of a batch of readings."""

    stored: int
    repeated: int
    refused: tuple[Refused, ...]


def add_readings(tx: Transaction, node_id: int, items: Sequence[Reading | Refused]) -> Intake:
    """Store new readings of one node and the indexes they carry; count what is refused.

    Same sequence number and same values is a repeat; other values under a known number are a
    conflict, refused and counted, never overwritten.
    """
    valid = {item.seq: item for item in items if isinstance(item, Reading)}
    refused = [item for item in items if isinstance(item, Refused)]
    statement = select(reading.c.seq, reading.c.payload).where(
        reading.c.node_id == node_id, reading.c.seq.in_(valid)
    )
    known: dict[int, str] = {row.seq: row.payload for row in tx.connection.execute(statement)}
    fresh = []
    for seq, item in sorted(valid.items()):
        payload = _dumps(item)
        if seq not in known:
            fresh.append((item, payload))
        elif known[seq] != payload:
            refused.append(
                Refused(
                    code="reading.conflict",
                    sentence=f"Reading {seq} of node {node_id} was stored with other values.",
                )
            )
    _insert(tx, node_id, fresh)
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
    rows = []
    for item, _ in fresh:
        heat_id = _meter_id(tx, item.heat_meter_serial, HEAT, node_id, item)
        electricity_id = _meter_id(tx, item.electricity_meter_serial, ELECTRICITY, node_id, item)
        rows += [
            _ledger_row(heat_id, item, item.heat_register_wh),
            _ledger_row(electricity_id, item, item.electricity_register_wh),
        ]
    tx.connection.execute(insert(register_ledger), rows)
    newest = fresh[-1][0]
    if newest_before is None or newest.seq > newest_before:
        tx.record(reading_event(newest))


def _ledger_row(meter_id: int, item: Reading, index_wh: int) -> dict[str, object]:
    return {
        "meter_id": meter_id,
        "epoch": FIRST_EPOCH,
        "seq": item.seq,
        "taken_at_s": item.taken_at_s,
        "index_wh": index_wh,
    }


def _meter_id(tx: Transaction, serial: str, kind: str, node_id: int, item: Reading) -> int:
    found = tx.connection.execute(select(meter.c.id).where(meter.c.serial == serial)).scalar()
    if found is not None:
        return int(found)
    index = item.heat_register_wh if kind == HEAT else item.electricity_register_wh
    statement = (
        insert(meter)
        .values(
            serial=serial,
            kind=kind,
            node_id=node_id,
            is_simulated=item.simulated,
            installed_at_s=item.taken_at_s,
            install_index_wh=index,
        )
        .returning(meter.c.id)
    )
    return int(tx.connection.execute(statement).scalar_one())


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
