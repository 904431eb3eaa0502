"""Files that a town gets by itself, on both databases: when they are due, anew where need be."""

import io
from dataclasses import replace
from zipfile import ZipFile

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from domain.calendar.months import begin_of
from domain.towns.deliverables import DeliverableKind, Plan
from store.append_only import REFUSAL
from store.deliverables import deliverables
from store.deliverables.deliverable_tables import deliverable
from store.deliverables.deliverables import Key, Made
from tests.support.metered import FEBRUARY, HOUR_S, JANUARY, MARCH, REAL, close, hourly, tell
from tests.support.scene import Scene
from tests.support.sold import amend, correct, give_town, issued, price, sell
from worker.rounds.deliverables import make_deliverables

READINGS, LINES, YEAR = DeliverableKind.READINGS, DeliverableKind.LINES, DeliverableKind.YEAR
DAY_S = 24 * HOUR_S


def wish(scene: Scene, kind: DeliverableKind, day: int = 5, since: int = JANUARY) -> None:
    with scene.store.transaction() as tx:
        assert deliverables.plan(tx, 1, Plan(kind=kind, day=day), since, "test") is None


def made(scene: Scene) -> list[Made]:
    with scene.database.read() as connection:
        return deliverables.made_for(connection, [1])


def periods(scene: Scene) -> list[tuple[int, int]]:
    return [(item.key.period, item.version) for item in made(scene)]


def text(scene: Scene, kind: DeliverableKind, period: int, version: int = 1) -> list[str]:
    key = Key(collectivity_id=1, kind=kind, period=period)
    with scene.database.read() as connection:
        data = deliverables.content_of(connection, key, version, "csv")
    assert data is not None
    return data.decode("utf-8-sig").splitlines()


def book(scene: Scene, kind: DeliverableKind, period: int) -> ZipFile:
    key = Key(collectivity_id=1, kind=kind, period=period)
    with scene.database.read() as connection:
        data = deliverables.content_of(connection, key, 1, "xlsx")
    assert data is not None
    return ZipFile(io.BytesIO(data))


def test_a_month_is_made_on_its_day_and_once(scene: Scene) -> None:
    sell(scene)
    wish(scene, READINGS)
    scene.clock.now_s = begin_of(FEBRUARY) + 4 * DAY_S - 1
    early = make_deliverables(scene.store)
    scene.clock.now_s += 1
    on_the_day = make_deliverables(scene.store)
    again = make_deliverables(scene.store)

    head, first, *_ = lines = text(scene, READINGS, JANUARY)
    assert (early, on_the_day, again) == (0, 1, 0)
    assert periods(scene) == [(JANUARY, 1)]
    assert head == "meter;timestamp;index_kwh;quality"
    assert first == "H-1;2026-01-01T00:00:00+01:00;100,000;valid"
    assert len(lines) == 1 + 2 * 31 * 24


def test_readings_that_come_late_make_a_further_version(scene: Scene) -> None:
    node_id = scene.node(spec=REAL)
    scene.clock.now_s = begin_of(FEBRUARY) + 10 * DAY_S
    told = hourly(node_id, begin_of(JANUARY), 35 * 24)
    tell(scene, [*told[:100], *told[110:]])
    give_town(scene)
    wish(scene, READINGS)
    assert make_deliverables(scene.store) == 1
    before = text(scene, READINGS, JANUARY)

    tell(scene, told[100:110])

    assert make_deliverables(scene.store) == 1
    assert make_deliverables(scene.store) == 0
    after = text(scene, READINGS, JANUARY, 2)
    assert periods(scene) == [(JANUARY, 2), (JANUARY, 1)]
    assert text(scene, READINGS, JANUARY) == before
    assert len(after) == len(before) + 2 * 10
    assert set(before) < set(after)


def test_a_correction_makes_a_further_version_of_the_lines(scene: Scene) -> None:
    sell(scene)
    wish(scene, LINES)
    assert make_deliverables(scene.store) == 0  # Nothing was issued: there is nothing to tell.
    first = issued(scene, JANUARY)
    assert make_deliverables(scene.store) == 1
    before = text(scene, LINES, JANUARY)
    amend(scene, **price("90.00"))
    correct(scene, first.number)

    assert make_deliverables(scene.store) == 1
    assert make_deliverables(scene.store) == 0
    after = text(scene, LINES, JANUARY, 2)
    assert periods(scene) == [(JANUARY, 2), (JANUARY, 1)]
    assert text(scene, LINES, JANUARY) == before
    assert after[: len(before)] == before
    assert [row.rpartition(";")[2] for row in after[1:]] == [
        "CHALEUR-2026-00001",
        "CHALEUR-2026-00002",
        "CHALEUR-2026-00003",
    ]
    assert "95,10" in before[1]


def test_a_year_shows_heat_and_the_servers_electricity_apart(scene: Scene) -> None:
    sell(scene)
    wish(scene, YEAR, day=20)
    for month in (JANUARY, FEBRUARY):
        close(scene, month)
    scene.clock.now_s = begin_of(202701) + 18 * DAY_S
    early = make_deliverables(scene.store)
    scene.clock.now_s += 2 * DAY_S

    assert (early, make_deliverables(scene.store)) == (0, 1)
    rows = [row.split(";") for row in text(scene, YEAR, 2026)[1:]]
    assert sorted(row[4] for row in rows) == ["chaleur", "électricité des serveurs"]
    assert {row[0] for row in rows} == {"2026"}


def test_no_cell_of_a_workbook_is_a_formula(scene: Scene) -> None:
    told = scene.node("=1+1", spec=REAL)
    scene.clock.now_s = begin_of(MARCH)
    items = [
        replace(item, heat_meter_serial="=CMD()") for item in hourly(told, begin_of(JANUARY), 48)
    ]
    tell(scene, items)
    give_town(scene)
    wish(scene, READINGS)
    assert make_deliverables(scene.store) == 1

    assert text(scene, READINGS, JANUARY)[1].startswith("'=CMD();")
    with book(scene, READINGS, JANUARY) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        texts = [archive.read(name).decode() for name in sheets]
        shared = archive.read("xl/sharedStrings.xml").decode()
    assert "=CMD()" in shared  # As text.
    assert texts
    assert not [item for item in texts if "<f>" in item or "<f " in item]


def test_the_database_refuses_to_change_what_was_made(scene: Scene) -> None:
    sell(scene)
    wish(scene, READINGS)
    make_deliverables(scene.store)

    for change in (update(deliverable).values(csv=b""), delete(deliverable)):
        with pytest.raises(DBAPIError, match=REFUSAL), scene.store.transaction() as tx:
            tx.connection.execute(change)


def test_a_plan_that_ended_makes_no_more_and_keeps_what_there_is(scene: Scene) -> None:
    sell(scene)
    wish(scene, READINGS)
    scene.clock.now_s = begin_of(FEBRUARY) + 10 * DAY_S
    make_deliverables(scene.store)
    with scene.store.transaction() as tx:
        assert deliverables.end_plan(tx, 1, READINGS, "test")
        assert not deliverables.end_plan(tx, 1, READINGS, "test")
    scene.clock.now_s = begin_of(MARCH) + 10 * DAY_S

    assert make_deliverables(scene.store) == 0
    assert periods(scene) == [(JANUARY, 1)]
