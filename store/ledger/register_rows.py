"""Rows of the register ledger: a set, to which is added and from which nothing is changed."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from domain.calendar.months import after, begin_of, month_of
from domain.registers.register import RegisterRow, seq_in_file
from store.ledger.ledger_tables import register_closing, register_ledger
from store.ledger.shared_anew import tell_anew
from store.rows import AnyRow
from store.tables.fleet import node
from store.transaction import Transaction

_FETCHED = 5000
_HOUR_S = 3600.0
#: Nodes number their readings from here on; what came in a file lies below.
FIRST_SEQ = 0
#: Columns of a row in the order of its key, and their types on PostgreSQL.
_COLUMNS = {
    "meter_id": "bigint",
    "node_id": "bigint",
    "seq": "bigint",
    "index_wh": "bigint",
    "taken_at_s": "double precision",
    "received_at_s": "double precision",
    "is_simulated": "boolean",
    "segment": "integer",
}


def add_rows(tx: Transaction, node_id: int, rows: Sequence[tuple[int, RegisterRow]]) -> int:
    """Add what a node told, or a file; each with the number of its meter; how much was new.

    A row is sealed with the month in which it was taken, or with the first that is still open.
    """
    if not rows:
        return 0
    site_id = int(
        tx.connection.execute(select(node.c.site_id).where(node.c.id == node_id)).scalar_one()
    )
    first_open, this_month = _first_open_month(tx, site_id), month_of(tx.now_s)
    # In the order of their key: neighbours on disk are written together.
    values = sorted(
        (
            meter_id,
            node_id,
            row.seq,
            row.index_wh,
            row.taken_at_s,
            tx.now_s,
            row.is_simulated,
            max(min(_month_of_hour(int(row.taken_at_s // _HOUR_S)), this_month), first_open),
        )
        for meter_id, row in rows
    )
    fresh = _insert(tx.connection, values)
    if fresh:
        tell_anew(tx, site_id, min(row.taken_at_s for _, row in rows))
    return fresh


def _insert(connection: Connection, values: Sequence[tuple[Any, ...]]) -> int:
    """Add those that are not there yet; how many. One statement, by the driver's own means."""
    names = ", ".join(_COLUMNS)
    into = f"INSERT INTO {register_ledger.name} ({names})"
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" for _ in _COLUMNS)
        statement = f"{into} VALUES ({places}) ON CONFLICT DO NOTHING"
        return int(connection.exec_driver_sql(statement, list(values)).rowcount)
    arrays = ", ".join(f"%s::{name}[]" for name in _COLUMNS.values())
    statement = f"{into} SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"  # noqa: S608
    columns = tuple(list(column) for column in zip(*values, strict=True))
    return int(connection.exec_driver_sql(statement, columns).rowcount)


@lru_cache(maxsize=1 << 15)
def _month_of_hour(hour: int) -> int:
    """The month of an hour since 1970: in Paris months begin with a full one."""
    return month_of(hour * _HOUR_S)


def _first_open_month(tx: Transaction, site_id: int) -> int:
    """The first month of a site that is not closed; 0 where none is closed yet."""
    newest = tx.connection.execute(
        select(func.max(register_closing.c.month)).where(register_closing.c.site_id == site_id)
    ).scalar()
    return 0 if newest is None else after(int(newest))


def rows_between(
    connection: Connection, meter_id: int, start: RegisterRow | None, from_s: float, until_s: float
) -> Iterator[RegisterRow]:
    """Rows taken from one instant up to another, as far as they may follow ``start``."""
    for row in told_between(connection, meter_id, start, from_s, until_s):
        yield register_row(row)


def told_between(
    connection: Connection, meter_id: int, start: RegisterRow | None, from_s: float, until_s: float
) -> Iterator[AnyRow]:
    """The same, as they come from the database; those of files are not among them.

    Those of the node of ``start`` follow it by their number, those of others by their time.
    """
    wanted = and_(
        _told_of(meter_id),
        register_ledger.c.taken_at_s >= from_s,
        register_ledger.c.taken_at_s < until_s,
    )
    if start is not None and start.is_from_file:
        wanted = and_(wanted, register_ledger.c.taken_at_s > start.taken_at_s)
    elif start is not None:
        is_own = register_ledger.c.node_id == start.node_id
        is_after = or_(
            and_(is_own, register_ledger.c.seq > start.seq),
            and_(~is_own, register_ledger.c.taken_at_s > start.taken_at_s),
        )
        wanted = and_(wanted, is_after)
    for part in connection.execute(_in_order(wanted)).partitions(_FETCHED):
        yield from part


def rows_of_files(
    connection: Connection, known: tuple[int, int], from_s: float, until_s: float
) -> list[RegisterRow]:
    """Rows from files of a meter, taken from one instant up to another, in the order of time.

    ``known`` is the number of the meter, and of the node under which they are kept.
    """
    inside = and_(
        register_ledger.c.meter_id == known[0],
        register_ledger.c.node_id == known[1],
        register_ledger.c.seq >= seq_in_file(from_s),
        register_ledger.c.seq < min(seq_in_file(until_s), FIRST_SEQ),
    )
    return list(_fetched(connection, _in_order(inside)))


def told_from(connection: Connection, meter_id: int, at_s: float) -> float | None:
    """When the first row at or after an instant was taken, of those that came in no file."""
    return _first_taken(connection, _told_of(meter_id), at_s)


def taken_from(connection: Connection, meter_id: int, at_s: float) -> float | None:
    """When the first row at or after an instant was taken."""
    return _first_taken(connection, register_ledger.c.meter_id == meter_id, at_s)


def _first_taken(connection: Connection, own: ColumnElement[bool], at_s: float) -> float | None:
    statement = (
        select(register_ledger.c.taken_at_s)
        .where(own, register_ledger.c.taken_at_s >= at_s)
        .order_by(register_ledger.c.taken_at_s)
        .limit(1)
    )
    found = connection.execute(statement).scalar()
    return None if found is None else float(found)


def last_taken(connection: Connection, meter_id: int, until_s: float) -> float | None:
    """When a node last told of a meter, of what is not dated later; None = it told nothing."""
    own = _told_of(meter_id)
    times = register_ledger.c.taken_at_s
    statement = select(times).where(own, times <= until_s).order_by(times.desc()).limit(1)
    found = connection.execute(statement).scalar()
    return None if found is None else float(found)


def ends_between(
    connection: Connection, meter_id: int, from_s: float, to_s: float
) -> tuple[RegisterRow, RegisterRow] | None:
    """The first and the last row that a node told within a time; None where there is none."""
    inside = _told_of(meter_id) & register_ledger.c.taken_at_s.between(from_s, to_s)
    times = register_ledger.c.taken_at_s
    found = [
        connection.execute(select(*columns()).where(inside).order_by(order).limit(1)).one_or_none()
        for order in (times, times.desc())
    ]
    first, last = found
    if first is None or last is None:
        return None
    return register_row(first), register_row(last)


def next_rows(connection: Connection, meter_id: int, at_s: float, count: int) -> list[RegisterRow]:
    """The first rows that a node told of an instant or later."""
    own, times = _told_of(meter_id), register_ledger.c.taken_at_s
    statement = select(*columns()).where(own, times >= at_s).order_by(times).limit(count)
    return [register_row(row) for row in connection.execute(statement)]


def nearest_row(connection: Connection, meter_id: int, at_s: float) -> RegisterRow | None:
    """The row that a node told nearest to an instant."""
    own, times = _told_of(meter_id), register_ledger.c.taken_at_s
    sides = ((times <= at_s, times.desc()), (times >= at_s, times))
    found = [
        register_row(row)
        for side, order in sides
        for row in connection.execute(select(*columns()).where(own, side).order_by(order).limit(1))
    ]
    return min(found, key=lambda row: abs(row.taken_at_s - at_s), default=None)


def count_rows(connection: Connection, meter_id: int) -> int:
    """How many rows are kept of a meter that a node told."""
    own = _told_of(meter_id)
    return int(connection.execute(select(func.count()).where(own)).scalar_one())


def count_segment(connection: Connection, meter_id: int, segment: int) -> int:
    """How many rows are to be sealed with a month."""
    own = and_(register_ledger.c.meter_id == meter_id, register_ledger.c.segment == segment)
    return int(connection.execute(select(func.count()).where(own)).scalar_one())


def late_rows(connection: Connection, meter_id: int, month: int) -> Iterator[RegisterRow]:
    """Rows that were taken in this month or earlier and came after it was closed."""
    wanted = and_(
        register_ledger.c.meter_id == meter_id,
        register_ledger.c.segment > month,
        register_ledger.c.taken_at_s < begin_of(after(month)),
    )
    yield from _fetched(connection, _in_order(wanted))


def late_since(connection: Connection, meter_id: int, segment: int) -> float | None:
    """When the oldest row was taken of those sealed with a month later than their own."""
    statement = select(func.min(register_ledger.c.taken_at_s)).where(
        register_ledger.c.meter_id == meter_id,
        register_ledger.c.segment == segment,
        register_ledger.c.taken_at_s < begin_of(segment),
    )
    found = connection.execute(statement).scalar()
    return None if found is None else float(found)


def rows_of_segment(connection: Connection, meter_id: int, segment: int) -> Iterator[AnyRow]:
    """The rows that are sealed with a month, in the order of their digest."""
    own = and_(register_ledger.c.meter_id == meter_id, register_ledger.c.segment == segment)
    statement = _in_order(own).with_only_columns(
        register_ledger.c.node_id,
        register_ledger.c.seq,
        register_ledger.c.index_wh,
        register_ledger.c.taken_at_s,
        register_ledger.c.is_simulated,
    )
    for part in connection.execute(statement).partitions(_FETCHED):
        yield from part


def _told_of(meter_id: int) -> ColumnElement[bool]:
    """Rows of a meter that a node told: not those from files."""
    return and_(register_ledger.c.meter_id == meter_id, register_ledger.c.seq >= FIRST_SEQ)


def columns() -> list[ColumnElement[Any]]:
    """What of a row the rules need."""
    return [
        register_ledger.c.node_id,
        register_ledger.c.seq,
        register_ledger.c.index_wh,
        register_ledger.c.taken_at_s,
        register_ledger.c.received_at_s,
        register_ledger.c.is_simulated,
    ]


def _in_order(condition: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*columns())
        .where(condition)
        .order_by(
            register_ledger.c.node_id,
            register_ledger.c.seq,
            register_ledger.c.index_wh,
            register_ledger.c.taken_at_s,
        )
    )


def _fetched(connection: Connection, statement: Select[Any]) -> Iterator[RegisterRow]:
    for part in connection.execute(statement).partitions(_FETCHED):
        for row in part:
            yield register_row(row)


def register_row(row: AnyRow) -> RegisterRow:
    """A row of the table as the rules know it."""
    return RegisterRow(
        node_id=row.node_id,
        seq=row.seq,
        taken_at_s=row.taken_at_s,
        received_at_s=row.received_at_s,
        index_wh=row.index_wh,
        is_simulated=row.is_simulated,
    )
