"""Cells of a sweep that workers run: taken by compare-and-set, held by a lease, ended once.

A message may be lost, doubled or late, and a worker may die: the row alone says who runs a cell
and what came of it. What a specification or a result means is the simulation's affair; here they
are text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Update, delete, insert, or_, select, update

from store.sweeps.sweep_tables import sweep, sweep_cell
from store.transaction import Transaction


class CellState(StrEnum):
    """Where a cell stands."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenCell:
    """What a worker needs to run a cell."""

    sweep_spec: str
    cell_spec: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStanding:
    """What whoever waits for a sweep sees of one cell."""

    number: int
    state: CellState
    is_held: bool  #: Somebody runs it, and has said so lately.
    done_frac: float


def add(tx: Transaction, *, spec: str, cells: Sequence[str]) -> int:
    """A new sweep with its cells, numbered from 0; its id."""
    row = insert(sweep).values(spec=spec, created_at_s=tx.now_s).returning(sweep.c.id)
    sweep_id = int(tx.connection.execute(row).scalar_one())
    tx.connection.execute(
        insert(sweep_cell),
        [
            {
                "sweep_id": sweep_id,
                "number": number,
                "spec": cell,
                "state": CellState.WAITING.value,
                "done_frac": 0.0,
            }
            for number, cell in enumerate(cells)
        ],
    )
    return sweep_id


def take(
    tx: Transaction, sweep_id: int, number: int, *, holder: str, ttl_s: float
) -> TakenCell | None:
    """Take a cell that waits, or whose holder is silent; None where there is nothing to do."""
    is_lapsed = (sweep_cell.c.state == CellState.RUNNING.value) & (sweep_cell.c.until_s < tx.now_s)
    taken = (
        _row(sweep_id, number)
        .where(or_(sweep_cell.c.state == CellState.WAITING.value, is_lapsed))
        .values(
            state=CellState.RUNNING.value, holder=holder, until_s=tx.now_s + ttl_s, done_frac=0.0
        )
    )
    if tx.connection.execute(taken).rowcount == 0:
        return None
    specs = (
        select(sweep.c.spec, sweep_cell.c.spec)
        .join_from(sweep, sweep_cell)
        .where(sweep_cell.c.sweep_id == sweep_id, sweep_cell.c.number == number)
    )
    sweep_spec, cell_spec = tx.connection.execute(specs).one()
    return TakenCell(sweep_spec=sweep_spec, cell_spec=cell_spec)


def keep(
    tx: Transaction, sweep_id: int, number: int, *, holder: str, done_frac: float, ttl_s: float
) -> bool:
    """Hold on to a cell; False where it is another's by now, or nobody wants it any more."""
    kept = _held(sweep_id, number, holder).values(until_s=tx.now_s + ttl_s, done_frac=done_frac)
    return tx.connection.execute(kept).rowcount == 1


def give_back(tx: Transaction, sweep_id: int, number: int, *, holder: str) -> None:
    """Let another worker take it at once."""
    tx.connection.execute(
        _held(sweep_id, number, holder).values(
            state=CellState.WAITING.value, holder=None, until_s=None, done_frac=0.0
        )
    )


def end(tx: Transaction, sweep_id: int, number: int, *, holder: str, result: str) -> bool:
    """Keep the result; False, and nothing kept, where the cell is another's by now."""
    ended = _held(sweep_id, number, holder).values(
        state=CellState.ENDED.value, until_s=None, done_frac=1.0, result=result
    )
    return tx.connection.execute(ended).rowcount == 1


def standings(connection: Connection, sweep_id: int, *, now_s: float) -> list[CellStanding]:
    """Every cell of the sweep, by number; none where the sweep is gone."""
    rows = connection.execute(
        select(
            sweep_cell.c.number, sweep_cell.c.state, sweep_cell.c.until_s, sweep_cell.c.done_frac
        )
        .where(sweep_cell.c.sweep_id == sweep_id)
        .order_by(sweep_cell.c.number)
    )
    return [
        CellStanding(
            number=row.number,
            state=CellState(row.state),
            is_held=row.state == CellState.RUNNING.value and row.until_s >= now_s,
            done_frac=row.done_frac,
        )
        for row in rows
    ]


def result_of(connection: Connection, sweep_id: int, number: int) -> str | None:
    """What came of a cell; None before it ended."""
    found = connection.execute(
        select(sweep_cell.c.result).where(
            sweep_cell.c.sweep_id == sweep_id, sweep_cell.c.number == number
        )
    ).scalar()
    return None if found is None else str(found)


def drop(tx: Transaction, sweep_id: int) -> None:
    """Forget a sweep: its results were read, or nobody waits for them."""
    tx.connection.execute(delete(sweep_cell).where(sweep_cell.c.sweep_id == sweep_id))
    tx.connection.execute(delete(sweep).where(sweep.c.id == sweep_id))


def drop_old(tx: Transaction, older_than_s: float) -> bool:
    """Forget one sweep of this age, whose command must have died; whether there may be more."""
    found = tx.connection.execute(
        select(sweep.c.id).where(sweep.c.created_at_s < tx.now_s - older_than_s).limit(1)
    ).scalar()
    if found is None:
        return False
    drop(tx, int(found))
    return True


def _row(sweep_id: int, number: int) -> Update:
    return update(sweep_cell).where(
        sweep_cell.c.sweep_id == sweep_id, sweep_cell.c.number == number
    )


def _held(sweep_id: int, number: int, holder: str) -> Update:
    return _row(sweep_id, number).where(
        sweep_cell.c.state == CellState.RUNNING.value, sweep_cell.c.holder == holder
    )
