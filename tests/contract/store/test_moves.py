from collections.abc import Callable

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError

from domain.jobs.job import ATTEMPT_TRANSITIONS, JOB_TRANSITIONS, AttemptState, JobState
from store import triggers
from store.tables.jobs import attempt, instance
from tests.support.scene import Scene


def _is_refused(move: Callable[[], None]) -> bool:
    try:
        move()
    except DBAPIError as error:
        return triggers.is_refused_move(error)
    return False


def test_the_database_allows_exactly_the_moves_of_the_job_table(scene: Scene) -> None:
    scene.submit()
    allowed = set()
    for before in JobState:
        for after in JobState:
            with scene.database.write() as connection:
                triggers.remove(connection, "instance_moves")
                connection.execute(update(instance).values(state=before.value))
                triggers.install(connection)

            def move(after: JobState = after) -> None:
                with scene.database.write() as connection:
                    connection.execute(update(instance).values(state=after.value))

            if not _is_refused(move):
                allowed.add((before, after))

    assert allowed == JOB_TRANSITIONS | {(state, state) for state in JobState}


def test_the_database_allows_exactly_the_moves_of_the_attempt_table(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()
    pairs = [(before, after) for before in AttemptState for after in AttemptState]
    with scene.database.write() as connection:
        connection.execute(
            insert(attempt),
            [
                {
                    "instance_id": job_id,
                    "attempt": number,
                    "node_id": node_id,
                    "state": before.value,
                    "batch": 1,
                    "offered_at_s": 0.0,
                }
                for number, (before, _) in enumerate(pairs)
            ],
        )
    allowed = set()
    for number, (before, after) in enumerate(pairs):

        def move(number: int = number, after: AttemptState = after) -> None:
            with scene.database.write() as connection:
                connection.execute(
                    update(attempt).where(attempt.c.attempt == number).values(state=after.value)
                )

        if not _is_refused(move):
            allowed.add((before, after))

    assert allowed == ATTEMPT_TRANSITIONS | {(state, state) for state in AttemptState}


def test_a_state_that_does_not_exist_is_refused(scene: Scene) -> None:
    scene.submit()

    with pytest.raises(DBAPIError), scene.database.write() as connection:
        connection.execute(update(instance).values(state="lunch"))


def test_a_refused_move_undoes_the_whole_transaction(scene: Scene) -> None:
    job_id = scene.submit()

    def move() -> None:
        with scene.database.write() as connection:
            connection.execute(update(instance).values(reason="so far so good"))
            connection.execute(update(instance).values(state=JobState.SUCCEEDED.value))

    assert _is_refused(move)
    assert scene.instance(job_id)["reason"] is None


def test_other_columns_change_without_a_move(scene: Scene) -> None:
    job_id = scene.submit()

    with scene.database.write() as connection:
        connection.execute(update(instance).values(reason="noted"))

    assert scene.instance(job_id)["reason"] == "noted"


@pytest.mark.parametrize("name", ["instance_moves", "attempt_moves"])
def test_a_missing_trigger_is_noticed_and_put_back(scene: Scene, name: str) -> None:
    with scene.database.write() as connection:
        triggers.remove(connection, name)
        assert triggers.differing(connection) == [name]
        triggers.install(connection)
        assert triggers.differing(connection) == []
