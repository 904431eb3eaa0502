"""Which elements of an array still wait, told in few words however many they are."""

from store.jobs import array_steering, job_lists
from tests.support.builders import array_spec, job_spec
from tests.support.scene import Scene


def _waiting(scene: Scene, job_id: int) -> dict[str, str]:
    with scene.database.read() as connection:
        row = job_lists.array_row(connection, job_id)
        return job_lists.waiting_indexes(connection, row)


def test_those_that_wait_are_told_by_state(scene: Scene) -> None:
    job_id = scene.submit(job_spec(array=array_spec("0-9,20-40:10")))
    assert _waiting(scene, job_id) == {"queued": "0-9,20-40:10"}

    with scene.store.transaction() as tx:
        array_steering.hold(tx, scene.target(f"{job_id}_[2-3,9,20]"), "test")
        array_steering.cancel(tx, scene.target(f"{job_id}_[0,5]"), "test")

    assert _waiting(scene, job_id) == {"held": "2-3,9,20", "queued": "1,4,6-8,30-40:10"}


def test_none_waits_when_all_have_ended(scene: Scene) -> None:
    job_id = scene.submit(job_spec(array=array_spec("0-3")))
    with scene.store.transaction() as tx:
        array_steering.cancel(tx, scene.target(str(job_id)), "test")

    assert _waiting(scene, job_id) == {}


def test_of_very_many_runs_the_first_are_told(scene: Scene) -> None:
    job_id = scene.submit(job_spec(array=array_spec("0-999")))
    with scene.store.transaction() as tx:
        array_steering.cancel(tx, scene.target(f"{job_id}_[0-999:2]"), "test")

    told = _waiting(scene, job_id)["queued"]

    assert told.startswith("1,3,5,")
    assert told.endswith(",199,...")
