from sqlalchemy import func, insert, select

from domain.events import EngineStarted
from scheduler.placement.policies.baselines import ColdestTank
from scheduler.replay import Replay, replay_last_run
from scheduler.service import SchedulerService
from store.attempts.assignments import HINT_TOPIC
from store.engine import event_log, outbox
from store.fleet import thinning
from store.fleet.hourly_samples import hourly_samples
from store.fleet.readings import add_readings
from store.ledger.ledger_tables import register_ledger
from store.tables.engine import decision, event
from store.tables.engine import outbox as outbox_table
from store.tables.fleet import reading as table
from tests.support.builders import reading
from tests.support.scene import Scene

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


def _read_hourly(scene: Scene, node_id: int, hours: int, each: int = 12) -> None:
    """Readings every five minutes, ending now."""
    start_s = scene.clock.now_s - hours * HOUR_S
    items = [
        reading(node_id, seq, taken_at_s=start_s + seq * HOUR_S / each)
        for seq in range(hours * each)
    ]
    with scene.store.transaction() as tx:
        add_readings(tx, node_id, items)


def _thin(scene: Scene, older_than_s: float) -> int:
    steps = 1
    while True:
        with scene.store.transaction() as tx:
            if not thinning.thin_readings(tx, older_than_s):
                return steps
        steps += 1


def _count(scene: Scene, column: object) -> int:
    with scene.database.read() as connection:
        return connection.execute(select(func.count(column))).scalar_one()  # type: ignore[arg-type]


def test_old_readings_are_thinned_and_young_ones_are_whole(scene: Scene) -> None:
    node_id = scene.node()
    _read_hourly(scene, node_id, hours=72)

    steps = _thin(scene, older_than_s=DAY_S)

    with scene.database.read() as connection:
        old = select(func.count()).where(table.c.taken_at_s < scene.clock.now_s - DAY_S)
        young = select(func.count()).where(table.c.taken_at_s >= scene.clock.now_s - DAY_S)
        kept = connection.execute(old).scalar_one()
        assert connection.execute(young).scalar_one() == 24 * 12
    assert 48 * 4 <= kept <= 48 * 4 + 2 * steps
    assert steps == 2


def test_a_span_begins_with_the_full_quarter_or_hour(scene: Scene) -> None:
    node_id = scene.node()
    start_s = 1_789_999_200.0  # A full hour.
    minutes = (1, 10, 50, 70)
    items = [
        reading(node_id, seq, taken_at_s=start_s + 60.0 * minute)
        for seq, minute in enumerate(minutes)
    ]
    with scene.store.transaction() as tx:
        add_readings(tx, node_id, items)

    with scene.database.read() as connection:
        samples = hourly_samples(connection, None, start_s, start_s + 2 * HOUR_S)
    assert sorted(sample.hour * HOUR_S - start_s for sample in samples) == [0.0, HOUR_S]

    scene.clock.advance(30 * DAY_S)
    _thin(scene, older_than_s=DAY_S)
    with scene.database.read() as connection:
        assert connection.execute(select(table.c.seq).order_by(table.c.seq)).scalars().all() == [
            1,
            2,
            3,
        ]


def test_the_register_ledger_is_never_thinned(scene: Scene) -> None:
    node_id = scene.node()
    _read_hourly(scene, node_id, hours=48)
    before = _count(scene, register_ledger.c.seq)

    _thin(scene, older_than_s=HOUR_S)

    assert _count(scene, register_ledger.c.seq) == before


def test_the_newest_reading_of_a_silent_node_stays(scene: Scene) -> None:
    node_id = scene.node()
    _read_hourly(scene, node_id, hours=2)
    scene.clock.advance(30 * DAY_S)

    _thin(scene, older_than_s=DAY_S)

    with scene.database.read() as connection:
        assert connection.execute(select(func.max(table.c.seq))).scalar_one() == 23


def test_thinning_goes_on_where_it_stopped(scene: Scene) -> None:
    node_id = scene.node()
    _read_hourly(scene, node_id, hours=48)
    _thin(scene, older_than_s=HOUR_S)
    kept = _count(scene, table.c.seq)

    assert _thin(scene, older_than_s=HOUR_S) == 1
    assert _count(scene, table.c.seq) == kept


def test_without_readings_there_is_nothing_to_thin(scene: Scene) -> None:
    assert _thin(scene, older_than_s=DAY_S) == 1


def _run_twice(scene: Scene) -> None:
    for _ in range(2):
        scene.submit()
        SchedulerService(store=scene.store, policy=ColdestTank()).turn()
        scene.clock.advance(DAY_S)


def test_older_engine_runs_are_forgotten_and_the_last_one_replays(scene: Scene) -> None:
    scene.node()
    _run_twice(scene)

    with scene.store.transaction() as tx:
        assert not event_log.prune_old_runs(tx, older_than_s=HOUR_S)

    with scene.database.read() as connection:
        kinds = connection.execute(select(event.c.kind)).scalars()
        assert list(kinds).count(EngineStarted.__name__) == 1
    result = replay_last_run(scene.database)
    assert isinstance(result, Replay)
    assert result.differs_at is None


def test_the_last_run_is_kept_however_old_it_is(scene: Scene) -> None:
    _run_twice(scene)
    scene.clock.advance(1000 * DAY_S)
    with scene.store.transaction() as tx:
        event_log.prune_old_runs(tx, older_than_s=HOUR_S)
    before = _count(scene, event.c.id)

    with scene.store.transaction() as tx:
        event_log.prune_old_runs(tx, older_than_s=0.0)

    assert _count(scene, event.c.id) == before > 0


def test_decisions_that_placed_a_job_are_kept(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()
    scene.assign(job_id, node_id)
    with scene.database.write() as connection:
        connection.execute(
            insert(decision), {"batch": 2, "now_s": scene.clock.now_s, "commands": "[]"}
        )
    scene.clock.advance(DAY_S)
    SchedulerService(store=scene.store, policy=ColdestTank()).turn()

    with scene.store.transaction() as tx:
        event_log.prune_old_runs(tx, older_than_s=HOUR_S)

    with scene.database.read() as connection:
        batches = set(connection.execute(select(decision.c.batch)).scalars())
    assert 1 in batches
    assert 2 not in batches


def test_sent_messages_are_forgotten_and_unsent_ones_are_not(scene: Scene) -> None:
    node_id = scene.node()
    for _ in range(2):
        scene.assign(scene.submit(), node_id)
    with scene.store.transaction() as tx:
        first = outbox.unsent(tx.connection, HINT_TOPIC)[0]
        outbox.mark_sent(tx, [first.id])
    scene.clock.advance(2 * DAY_S)

    with scene.store.transaction() as tx:
        assert not outbox.drop_sent(tx, older_than_s=DAY_S)

    assert _count(scene, outbox_table.c.id) == 1
