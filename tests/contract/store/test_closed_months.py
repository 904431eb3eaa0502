"""Months of the ledger: their lines, what cannot change any more, and what is corrected later."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import Executable, delete, select, update
from sqlalchemy.exc import DBAPIError

from domain.calendar.months import after, begin_of
from domain.refusal import Refused
from domain.registers.register import Mark, MeterKind
from metering.keeping.closing import close_month
from store.append_only import REFUSAL
from store.ledger.closed_months import closed_months, lines_of, segments, statement_lines
from store.ledger.ledger_tables import (
    KEPT_TABLES,
    register_decision,
    register_ledger,
    register_pruning,
    register_segment,
)
from tests.support.metered import (
    FEBRUARY,
    HEAT_WH,
    HOUR_S,
    JANUARY,
    MARCH,
    REAL,
    close,
    confirm,
    hourly,
    lines,
    meter_id_of,
    tell,
)
from tests.support.scene import Scene

BEGIN_S = begin_of(JANUARY)


@pytest.fixture
def metered(scene: Scene) -> Scene:
    """A real boiler that told every hour from New Year to the middle of March."""
    node_id = scene.node(spec=REAL)
    scene.clock.now_s = begin_of(MARCH) + 14 * 24 * HOUR_S
    tell(scene, hourly(node_id, BEGIN_S, 73 * 24))
    confirm(scene, f"H-{node_id}")
    return scene


def test_a_line_is_the_difference_of_the_indexes_at_both_edges_of_its_month(
    metered: Scene,
) -> None:
    close(metered, JANUARY)

    (line,) = lines(metered, JANUARY)

    hours = 31 * 24
    assert (line.from_index_wh, line.to_index_wh) == (100_000, 100_000 + hours * HEAT_WH)
    assert (line.from_at_s, line.to_at_s) == (BEGIN_S, begin_of(FEBRUARY))
    assert line.energy_wh == hours * HEAT_WH
    assert (line.meter_serial, line.kind, line.epoch) == ("H-1", MeterKind.HEAT, 1)
    assert line.marks == ()


def test_the_next_month_begins_with_the_index_with_which_the_last_one_ended(
    metered: Scene,
) -> None:
    for month in (JANUARY, FEBRUARY):
        close(metered, month)

    (january,), (february,) = lines(metered, JANUARY), lines(metered, FEBRUARY)

    assert (january.to_index_wh, january.to_at_s) == (february.from_index_wh, february.from_at_s)


@pytest.mark.parametrize(("month", "hours"), [(MARCH, 31 * 24 - 1), (202610, 31 * 24 + 1)])
def test_a_month_in_which_the_clocks_change_has_an_hour_less_or_more(
    scene: Scene, month: int, hours: int
) -> None:
    node_id = scene.node(spec=REAL)
    scene.clock.now_s = begin_of(after(month)) + 48 * HOUR_S
    tell(scene, hourly(node_id, begin_of(month), hours + 24))
    confirm(scene, f"H-{node_id}")

    close(scene, month)

    (line,) = lines(scene, month)
    assert line.energy_wh == hours * HEAT_WH
    assert line.to_at_s - line.from_at_s == hours * HOUR_S


def test_an_open_month_has_no_lines_yet(metered: Scene) -> None:
    with metered.database.read() as connection:
        found = statement_lines(connection, 1, JANUARY)

    assert isinstance(found, Refused)
    assert found.code == "ledger.month_open"


def test_months_are_closed_once_in_their_order_and_when_they_are_over(metered: Scene) -> None:
    early = close(metered, FEBRUARY)
    close(metered, JANUARY)
    again = close(metered, JANUARY)
    close(metered, FEBRUARY)
    metered.clock.now_s = begin_of(after(MARCH)) - 1.0
    running = close_month(metered.store, 1, MARCH, "test")

    codes = [item.code for item in (early, again, running) if isinstance(item, Refused)]
    assert codes == ["ledger.order", "ledger.order", "ledger.not_over"]
    with metered.database.read() as connection:
        assert [item.month for item in closed_months(connection, [1])] == [JANUARY, FEBRUARY]


def test_a_late_row_changes_no_closed_line_and_adjusts_the_next_month(scene: Scene) -> None:
    """The meter fell silent on the 20th; what it had counted came after January was closed."""
    node_id = scene.node(spec=REAL)
    told = hourly(node_id, BEGIN_S, 40 * 24)
    silent, heard = told[: 19 * 24], told[19 * 24 :]
    scene.clock.now_s = begin_of(FEBRUARY) + 24 * HOUR_S
    tell(scene, silent)
    confirm(scene, f"H-{node_id}")
    close(scene, JANUARY)
    (before,) = lines(scene, JANUARY)

    scene.clock.now_s = begin_of(MARCH) + HOUR_S
    tell(scene, heard)
    close(scene, FEBRUARY)

    assert lines(scene, JANUARY) == (before,)
    assert Mark.SILENT_AT_END in before.marks
    own, adjustment = lines(scene, FEBRUARY)
    assert (own.about_month, adjustment.about_month) == (FEBRUARY, JANUARY)
    assert adjustment.adjusts_line_id == before.line_id
    assert Mark.ADJUSTMENT in adjustment.marks
    assert before.energy_wh + adjustment.energy_wh == 31 * 24 * HEAT_WH
    assert before.energy_wh + adjustment.energy_wh + own.energy_wh == (
        told[-1].heat_register_wh - told[0].heat_register_wh
    )


def test_heat_counts_from_the_first_index_once_a_person_has_confirmed_it(scene: Scene) -> None:
    node_id = scene.node(spec=REAL)
    scene.clock.now_s = begin_of(MARCH) + 48 * HOUR_S
    tell(scene, hourly(node_id, BEGIN_S, 60 * 24))
    close(scene, JANUARY)
    assert lines(scene, JANUARY) == ()

    confirm(scene, f"H-{node_id}")
    close(scene, FEBRUARY)

    own, adjustment = lines(scene, FEBRUARY)
    assert (own.about_month, adjustment.about_month) == (FEBRUARY, JANUARY)
    assert adjustment.energy_wh == 31 * 24 * HEAT_WH
    assert adjustment.adjusts_line_id is None


def test_a_simulated_meter_never_enters_a_statement(scene: Scene) -> None:
    node_id = scene.node(spec=REAL)
    scene.clock.now_s = begin_of(FEBRUARY) + 48 * HOUR_S
    tell(scene, [replace(item, simulated=True) for item in hourly(node_id, BEGIN_S, 32 * 24)])
    confirm(scene, f"H-{node_id}")
    close(scene, JANUARY)

    assert lines(scene, JANUARY) == ()
    with scene.database.read() as connection:
        shown = lines_of(connection, 1, JANUARY, MeterKind.HEAT, is_simulated=True)
    assert [item.energy_wh for item in shown] == [31 * 24 * HEAT_WH]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_order_and_repeats_change_no_digest(scene: Scene, seed: int) -> None:
    node_id = scene.node(spec=REAL)
    scene.clock.now_s = begin_of(FEBRUARY) + 48 * HOUR_S
    told = hourly(node_id, BEGIN_S, 32 * 24)
    tell(scene, told[:1])
    draw = np.random.default_rng(seed)
    for _ in range(3):
        shuffled = [told[place] for place in draw.permutation(len(told))]
        for start in range(0, len(told), 100):
            tell(scene, shuffled[start : start + 100])

    confirm(scene, f"H-{node_id}")
    close(scene, JANUARY)

    with scene.database.read() as connection:
        (segment,) = segments(connection, meter_id_of(scene, f"H-{node_id}"))
    assert segment.row_count == 31 * 24
    assert segment.digest == DIGEST


#: Of the readings of ``hourly`` in January; the same on both databases, in whatever order.
DIGEST = "af5c2a8f745fc913b4e9aecb09b065acf311b3459ef32439101fa96a9ea896fd"


def _changes(scene: Scene) -> Iterator[Callable[[], None]]:
    """Two ways to change each table of what is kept."""
    for table in KEPT_TABLES:
        first = next(iter(table.primary_key.columns))
        for statement in (update(table).values({first.name: first}), delete(table)):

            def change(statement: Executable = statement) -> None:
                with scene.database.write() as connection:
                    connection.execute(statement)

            yield change


def test_the_database_refuses_to_change_what_is_kept(metered: Scene) -> None:
    close(metered, JANUARY)
    with metered.store.transaction() as tx:
        tx.connection.execute(
            register_pruning.insert(), {"meter_id": 2, "month": JANUARY, "pruned_at_s": 0.0}
        )
        tx.connection.execute(
            register_decision.insert(),
            {
                "meter_id": 1,
                "node_id": 1,
                "first_seq": 1,
                "last_seq": 1,
                "is_accepted": False,
                "actor": "test",
                "note": "",
                "decided_at_s": 0.0,
            },
        )
    for change in _changes(metered):
        with pytest.raises(DBAPIError, match=REFUSAL):
            change()


def test_a_segment_binds_rows_and_lines_and_the_one_before(metered: Scene) -> None:
    for month in (JANUARY, FEBRUARY):
        close(metered, month)

    with metered.database.read() as connection:
        first, second = segments(connection, meter_id_of(metered, "H-1"))
        counted = connection.execute(
            select(register_segment.c.row_count).order_by(register_segment.c.month)
        ).scalars()
        kept = connection.execute(select(register_ledger.c.seq)).scalars().all()
    assert second.previous == first.digest
    assert first.row_count == 31 * 24
    assert sum(counted) <= len(kept)
