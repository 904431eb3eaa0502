"""What only several connections to one PostgreSQL can show."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from domain.jobs.job import JobState
from scheduler.placement.policies.baselines import ColdestTank
from scheduler.service import SchedulerService
from store.database import Database
from store.fleet.readings import add_readings
from store.jobs import jobs
from store.jobs.new_job import Accepted
from store.notices.noting import note_changes
from store.transaction import Store
from store.wakeups import URGENT, NotifyWakeups
from tests.support.builders import reading
from tests.support.databases import PostgresDatabases, postgres_databases
from tests.support.scene import Scene


@pytest.fixture(scope="module")
def databases() -> Iterator[PostgresDatabases]:
    with postgres_databases() as made:
        yield made


@pytest.fixture
def scene(databases: PostgresDatabases) -> Iterator[Scene]:
    url = databases.fresh()
    made = Scene(url)
    yield made
    made.close()
    databases.take_back(url)


def test_two_claims_at_once_start_each_attempt_once(scene: Scene) -> None:
    node_id = scene.node()
    for _ in range(8):
        scene.assign(scene.submit(), node_id)

    with ThreadPoolExecutor(2) as threads:
        answers = [threads.submit(scene.claim, node_id, f"boot-{who}") for who in (1, 2)]
        keys = [item.key for answer in answers for item in answer.result(60.0).claimed]

    assert len(keys) == len(set(keys)) == 8


def test_two_reports_at_once_are_billed_once(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)

    with ThreadPoolExecutor(2) as threads:
        answers = [threads.submit(scene.report, node_id, key) for _ in range(2)]
        results = sorted(str(answer.result(60.0)) for answer in answers)

    assert results.count("accepted") == 1
    assert len(scene.usage()) == 1


def test_a_cancel_and_a_completion_at_once_end_the_job_once(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)

    with ThreadPoolExecutor(2) as threads:
        cancelling = threads.submit(scene.cancel, key.instance_id)
        reporting = threads.submit(scene.report, node_id, key)
        cancelling.result(60.0)
        assert reporting.result(60.0) == "accepted"

    assert scene.state(key.instance_id) is JobState.SUCCEEDED


def test_submissions_at_once_get_ids_of_their_own(scene: Scene) -> None:
    with ThreadPoolExecutor(4) as threads:
        ids = list(threads.map(lambda _: scene.submit(), range(20)))

    assert sorted(ids) == list(range(1, 21))


def test_a_reader_sees_one_moment(scene: Scene) -> None:
    with scene.database.read() as connection:
        before = connection.execute(text("SELECT count(*) FROM job")).scalar_one()
        scene.submit()
        after = connection.execute(text("SELECT count(*) FROM job")).scalar_one()

    assert (before, after) == (0, 0)
    assert scene.state(1) is JobState.QUEUED


def test_a_submission_on_one_connection_wakes_a_scheduler_on_another(
    databases: PostgresDatabases,
) -> None:
    url = databases.fresh()
    here, there = NotifyWakeups(url), NotifyWakeups(url)
    listener = there.listen("scheduler")
    scene = Scene(url)

    with Store(scene.database, here, note_changes).transaction() as tx:
        answers = jobs.submit(tx, [scene.submission()])

    assert answers == [Accepted(job_id=1)]
    assert listener.wait(60.0) == [URGENT]
    listener.close()
    here.close()
    scene.close()


def test_the_clock_that_decides_leases_is_the_databases_own(
    databases: PostgresDatabases,
) -> None:
    database = Database(databases.fresh())

    with database.read() as connection:
        earlier = database.now_s(connection)
        connection.execute(text("SELECT pg_sleep(0.01)"))
        later = database.now_s(connection)

    assert later - earlier >= 0.01
    database.close()


def test_connections_that_the_server_closed_are_replaced(scene: Scene) -> None:
    scene.submit()
    with scene.database.write() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )

    assert scene.submit() == 2


def test_two_schedulers_place_each_job_once(scene: Scene) -> None:
    node_id = scene.node()
    for _ in range(6):
        scene.submit()
    services = [SchedulerService(store=scene.store, policy=ColdestTank()) for _ in range(2)]
    with scene.store.transaction() as tx:
        add_readings(tx, node_id, [reading(node_id, 1, taken_at_s=scene.clock.now_s)])

    for service in services:
        service.turn()

    assert {scene.instance(number)["attempt"] for number in range(1, 7)} == {1}
