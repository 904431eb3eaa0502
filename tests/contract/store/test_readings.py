import pytest
from sqlalchemy import func, select

from domain.events import ReadingTaken
from domain.fleet.reading import Reading
from domain.refusal import Refused
from store.fleet.readings import Intake, add_readings, latest_readings
from store.ledger.ledger_tables import meter, register_ledger
from store.tables.fleet import reading as reading_table
from store.tables.fleet import refused_reading
from tests.support.builders import reading
from tests.support.scene import Scene


def _add(scene: Scene, node_id: int, *items: Reading | Refused) -> Intake:
    with scene.store.transaction() as tx:
        return add_readings(tx, node_id, items)


def _count(scene: Scene, table: object) -> int:
    with scene.database.read() as connection:
        statement = select(func.count()).select_from(table)  # type: ignore[arg-type]
        return connection.execute(statement).scalar_one()


def test_a_reading_is_kept_with_the_index_of_both_its_meters(scene: Scene) -> None:
    node_id = scene.node()

    assert _add(scene, node_id, reading(node_id, 1)).stored == 1

    with scene.database.read() as connection:
        rows = connection.execute(
            select(meter.c.serial, register_ledger.c.index_wh, meter.c.is_simulated).select_from(
                meter.join(register_ledger)
            )
        ).all()
    assert sorted(map(tuple, rows)) == [
        (f"E-{node_id}", 2001, True),
        (f"H-{node_id}", 1001, True),
    ]


def test_a_repeated_reading_changes_nothing(scene: Scene) -> None:
    node_id = scene.node()
    _add(scene, node_id, reading(node_id, 1))

    again = _add(scene, node_id, reading(node_id, 1))

    assert (again.stored, again.repeated) == (0, 1)
    assert _count(scene, register_ledger) == 2


def test_other_values_under_a_known_number_are_refused_and_counted(scene: Scene) -> None:
    node_id = scene.node()
    _add(scene, node_id, reading(node_id, 1))

    intake = _add(scene, node_id, reading(node_id, 1, heat_register_wh=9), reading(node_id, 2))

    assert [item.code for item in intake.refused] == ["reading.conflict"]
    assert intake.stored == 1
    with scene.database.read() as connection:
        assert [
            tuple(row)
            for row in connection.execute(select(refused_reading.c.code, refused_reading.c.count))
        ] == [("reading.conflict", 1)]


def test_what_was_refused_at_the_door_is_counted_and_the_rest_kept(scene: Scene) -> None:
    node_id = scene.node()
    refused = Refused(code="reading.range", sentence="Too hot.")

    for _ in range(2):
        _add(scene, node_id, refused, reading(node_id, 1))

    with scene.database.read() as connection:
        assert connection.execute(select(refused_reading.c.count)).scalar_one() == 2
    assert _count(scene, reading_table) == 1


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_the_order_of_arrival_does_not_change_what_is_kept(
    scene: Scene, order: tuple[int, ...]
) -> None:
    node_id = scene.node()
    for seq in order:
        _add(scene, node_id, reading(node_id, seq))

    with scene.store.transaction() as tx:
        assert latest_readings(tx) == {node_id: reading(node_id, 3)}
    assert _count(scene, register_ledger) == 6


def test_the_engine_hears_of_the_newest_reading_only(scene: Scene) -> None:
    node_id = scene.node()
    _add(scene, node_id, reading(node_id, 5), reading(node_id, 4))
    _add(scene, node_id, reading(node_id, 3))

    heard = [event for event in scene.events() if isinstance(event, ReadingTaken)]

    assert [event.taken_at_s for event in heard] == [reading(node_id, 5).taken_at_s]
