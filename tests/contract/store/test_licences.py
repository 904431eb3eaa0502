"""Seats of licences in the store: freed once whatever happens, and known after a restart."""

from domain.jobs.job import EndReason
from scheduler.placement.policies.baselines import ColdestTank
from scheduler.ports import ROLE
from scheduler.replay import Replay, replay_last_run
from scheduler.service import SchedulerService
from store.checks.invariants import look_at_all
from store.fleet.readings import add_readings
from store.licences.licences import NO_USE, LicenceUse, licence_use
from tests.support.builders import array_spec, job_spec, reading
from tests.support.scene import Scene


def use(scene: Scene, name: str = "solver") -> tuple[int, int, int]:
    """Seats used, seats wanted, and by how many instances."""
    with scene.database.read() as connection:
        found: LicenceUse = licence_use(connection).get(name, NO_USE)
    return found.used, found.waiting, found.waiting_jobs


def a_warm_node(scene: Scene, name: str = "boiler", seq: int = 1) -> int:
    node_id = scene.node(name)
    with scene.store.transaction() as tx:
        add_readings(tx, node_id, [reading(node_id, seq, taken_at_s=scene.clock.now_s)])
    return node_id


def scheduler(scene: Scene, **seats: int) -> SchedulerService:
    return SchedulerService(store=scene.store, policy=ColdestTank(), seats=seats)


def test_seats_are_counted_while_they_are_held_and_no_longer(scene: Scene) -> None:
    node_id = scene.node()
    first = scene.submit(job_spec(licences=("hpc:4", "solver:1")))
    scene.submit(job_spec(licences=("solver:2",)))
    scene.submit(job_spec(licences=("solver:1",), is_held=True))
    assert use(scene) == (0, 3, 2)

    scene.assign(first, node_id)
    assert use(scene) == (1, 2, 1)
    (claimed,) = scene.claim(node_id).claimed
    assert (use(scene), use(scene, "hpc")) == ((1, 2, 1), (4, 0, 0))

    scene.report(node_id, claimed.key)
    scene.report(node_id, claimed.key)
    assert (use(scene), use(scene, "hpc")) == ((0, 2, 1), (0, 0, 0))


def test_each_element_of_an_array_counts(scene: Scene) -> None:
    node_id = scene.node()
    array = scene.submit(job_spec(licences=("solver:2",), array=array_spec("0-4")))

    scene.assign(array + 1, node_id)

    assert use(scene) == (2, 8, 4)


def test_the_scheduler_gives_no_seat_twice_over_restarts_and_returns(scene: Scene) -> None:
    node_id = a_warm_node(scene)
    spec = job_spec(licences=("solver:1",), array=array_spec("0-5"), requeue=True)
    array = scene.submit(spec)
    scheduler(scene, solver=2).turn()
    held = [item.key for item in scene.claim(node_id).claimed]
    assert [key.instance_id for key in held] == [array + 1, array + 2]

    scheduler(scene, solver=2).turn()  # Another process, which knows what runs.
    assert scene.claim(node_id, holding=held).claimed == ()
    assert use(scene) == (2, 4, 4)

    scene.report(node_id, held[0], reason=EndReason.PREEMPTED)
    service = scheduler(scene, solver=2)
    service.turn()
    scene.report(node_id, held[0], reason=EndReason.PREEMPTED)  # Told again.
    service.turn()
    assert use(scene)[0] == 2

    scheduler(scene, solver=1).turn()  # Fewer were declared: nothing more starts.
    assert use(scene)[0] == 2
    run = replay_last_run(scene.database)
    assert isinstance(run, Replay)
    assert run.differs_at is None
    assert all(not found.offenders for found in look_at_all(scene.database, role=ROLE))
