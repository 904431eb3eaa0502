"""Arrays in the store: one request, one event, many instances; steered whole or in part."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

from domain.events import AttemptClaimed, JobArrayQueued, JobArrayWithdrawn, JobQueued
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import AttemptState, EndReason, JobState
from domain.jobs.job_ref import parse_job_ref
from domain.refusal import Refused
from scheduler.service import Pace, SchedulerService
from store.checks.invariants import look_at_all
from store.engine import engine_facts
from store.engine.event_log import unconsumed
from store.fleet.readings import add_readings
from store.jobs import array_steering, job_lists, job_refs
from store.jobs.job_filters import JobsWanted
from store.jobs.job_refs import Single, Target
from store.tables.engine import event
from store.tables.jobs import instance, job
from tests.support.builders import array_spec, job_spec, reading
from tests.support.scene import Scene
from tests.support.told import policy

EAGER = Pace(reconcile_s=0.0, renew_s=0.0)


def _submit(scene: Scene, text: str, **fields: Any) -> int:  # noqa: ANN401 - any field
    return scene.submit(job_spec(array=array_spec(text), **fields))


def _indexes(scene: Scene, job_id: int) -> dict[int, int]:
    """Numbers of instances by their index."""
    statement = select(instance.c.array_index, instance.c.id).where(instance.c.job_id == job_id)
    with scene.database.read() as connection:
        return {row.array_index: row.id for row in connection.execute(statement)}


def _offenders(scene: Scene) -> list[str]:
    found = look_at_all(scene.database, role="nobody")
    return [finding.name for finding in found if finding.offenders]


def test_an_array_is_one_event_and_an_instance_for_each_index(scene: Scene) -> None:
    job_id = _submit(scene, "0-4:2,10,11%2")

    assert _indexes(scene, job_id) == {
        0: job_id + 1,
        2: job_id + 2,
        4: job_id + 3,
        10: job_id + 4,
        11: job_id + 5,
    }
    (queued,) = scene.events()
    assert isinstance(queued, JobArrayQueued)
    assert (queued.first_ids, queued.last_ids) == ((job_id + 1,), (job_id + 5,))
    assert (queued.alike.array_id, queued.alike.at_once) == (job_id, 2)
    assert scene.submit() == job_id + 6


def test_a_hundred_thousand_instances_are_one_request(scene: Scene) -> None:
    job_id = _submit(scene, "0-99999%200")

    with scene.database.read() as connection:
        rows = connection.execute(
            select(func.count(), func.min(instance.c.array_index), func.max(instance.c.id)).where(
                instance.c.job_id == job_id
            )
        ).one()
        n_events = connection.execute(select(func.count()).select_from(event)).scalar()
    assert tuple(rows) == (100_000, 0, job_id + 100_000)
    assert n_events == 1


def test_interleaved_parts_are_all_there_once(scene: Scene) -> None:
    job_id = _submit(scene, "0-8:2,1-9:2")

    assert set(_indexes(scene, job_id)) == set(range(10))
    assert _offenders(scene) == []


@pytest.mark.parametrize(
    ("name", "elements"),
    [("", None), ("_*", None), ("_3", "3"), ("_[1-3]", "1-3")],
)
def test_names_lead_to_what_they_name(scene: Scene, name: str, elements: str | None) -> None:
    job_id = _submit(scene, "0-5")

    found = scene.target(f"{job_id}{name}")

    assert found.job_id == job_id
    assert (None if found.wanted is None else found.wanted.text) == elements


def test_the_number_of_an_instance_names_that_instance(scene: Scene) -> None:
    job_id = _submit(scene, "5-8")

    assert scene.target(str(job_id + 2)).instance_id == job_id + 2
    assert scene.target(f"{job_id}_6").instance_id == job_id + 2


def _found(scene: Scene, name: str, tenant_id: int | None) -> Single | Target | Refused:
    ref = parse_job_ref(name)
    assert ref is not None
    with scene.database.read() as connection:
        return job_refs.find(connection, ref, tenant_id)


def test_what_is_not_there_or_not_yours_is_not_found(scene: Scene) -> None:
    single, job_id = scene.submit(), _submit(scene, "0-5")

    refusals = [
        _found(scene, name, tenant_id)
        for name, tenant_id in (
            (f"{job_id}_6", None),
            (f"{single}_0", None),
            (str(job_id), scene.tenant_id + 1),
            (str(job_id + 1), scene.tenant_id + 1),
            (f"{job_id}_1", scene.tenant_id + 1),
            ("999999", None),
        )
    ]

    assert [item.code for item in refusals if isinstance(item, Refused)] == [
        "job.no_element",
        "job.not_an_array",
        *["not_found"] * 4,
    ]
    assert _found(scene, str(single), scene.tenant_id) == Single(job_id=single)


def test_a_repeat_with_the_same_key_is_the_same_array(scene: Scene) -> None:
    spec = job_spec(array=array_spec("0-5"))

    assert scene.submit(spec, key="once") == scene.submit(spec, key="once")
    assert len(scene.events()) == 1


def _start(scene: Scene, job_id: int, index: int, node_id: int) -> AttemptKey:
    number = _indexes(scene, job_id)[index]
    scene.assign(number, node_id)
    key = AttemptKey(instance_id=number, attempt=1)
    assert key in {item.key for item in scene.claim(node_id).claimed}
    return key


def test_a_node_learns_the_index(scene: Scene) -> None:
    node_id, job_id = scene.node(), _submit(scene, "3-5")
    scene.assign(_indexes(scene, job_id)[4], node_id)

    (claimed,) = scene.claim(node_id).claimed

    assert (claimed.job_id, claimed.array_index) == (job_id, 4)


def _cancel(scene: Scene, name: str) -> dict[JobState, int]:
    target = scene.target(name)
    with scene.store.transaction() as tx:
        return array_steering.cancel(tx, target, "test")


def test_a_whole_array_is_cancelled(scene: Scene) -> None:
    node_id, job_id = scene.node(), _submit(scene, "0-9")
    running = _start(scene, job_id, 0, node_id)
    offered = _indexes(scene, job_id)[1]
    scene.assign(offered, node_id)

    changed = _cancel(scene, str(job_id))

    assert changed == {JobState.CANCELLED: 9, JobState.CANCELLING: 1}
    assert scene.state(running.instance_id) is JobState.CANCELLING
    key = AttemptKey(instance_id=offered, attempt=1)
    assert scene.attempt_state(key) == AttemptState.KILLED
    assert scene.events()[-1] == JobArrayWithdrawn(
        array_id=job_id, first_ids=(job_id + 1,), last_ids=(job_id + 10,)
    )
    scene.report(node_id, running, EndReason.CANCELLED)
    assert scene.states(job_id) == {"cancelled": 10}
    assert _offenders(scene) == []
    assert _cancel(scene, str(job_id)) == {JobState.CANCELLED: 0, JobState.CANCELLING: 0}


def test_a_part_of_an_array_is_cancelled(scene: Scene) -> None:
    job_id = _submit(scene, "0-9")

    changed = _cancel(scene, f"{job_id}_[0-3,6,20]")

    assert changed[JobState.CANCELLED] == 5
    assert scene.states(job_id) == {"queued": 5, "cancelled": 5}
    assert scene.events()[-1] == JobArrayWithdrawn(
        array_id=job_id, first_ids=(job_id + 1, job_id + 7), last_ids=(job_id + 4, job_id + 7)
    )


def test_an_array_is_held_and_released(scene: Scene) -> None:
    node_id, job_id = scene.node(), _submit(scene, "0-3")
    _start(scene, job_id, 2, node_id)

    with scene.store.transaction() as tx:
        held = array_steering.hold(tx, scene.target(str(job_id)), "test")
    withdrawn = scene.events()[-1]
    scene.clock.advance(5.0)
    with scene.store.transaction() as tx:
        released = array_steering.release(tx, scene.target(f"{job_id}_[0-1]"), "test")
    queued = scene.events()[-1]

    assert (held, released) == (3, 2)
    assert withdrawn == JobArrayWithdrawn(
        array_id=job_id, first_ids=(job_id + 1, job_id + 4), last_ids=(job_id + 2, job_id + 4)
    )
    assert isinstance(queued, JobArrayQueued)
    assert (queued.first_ids, queued.last_ids) == ((job_id + 1,), (job_id + 2,))
    assert queued.alike.queued_at_s == scene.clock.now_s
    assert scene.states(job_id) == {"held": 1, "queued": 2, "running": 1}


def test_an_array_submitted_held_waits_for_its_release(scene: Scene) -> None:
    job_id = _submit(scene, "0-3", is_held=True)

    assert scene.states(job_id) == {"held": 4}
    assert scene.events() == []


def test_an_element_that_was_lost_queues_again_by_itself(scene: Scene) -> None:
    node_id, job_id = scene.node(), _submit(scene, "0-3%1")
    key = _start(scene, job_id, 0, node_id)

    scene.report(node_id, key, EndReason.OVERHEATED)

    queued = scene.events()[-1]
    assert isinstance(queued, JobQueued)
    assert (queued.array_id, queued.at_once, queued.last_attempt) == (job_id, 1, 1)


def test_a_new_engine_learns_of_an_array_in_few_facts(scene: Scene) -> None:
    node_id, job_id = scene.node(), _submit(scene, "0-9%4")
    key = _start(scene, job_id, 3, node_id)
    again = _start(scene, job_id, 0, node_id)
    scene.report(node_id, again, EndReason.OVERHEATED)
    _cancel(scene, f"{job_id}_9")

    with scene.store.transaction() as tx:
        facts = engine_facts.job_facts(tx)

    placed, claimed, returned, fresh = facts
    assert isinstance(placed, JobQueued)
    assert claimed == AttemptClaimed(
        instance_id=key.instance_id, attempt=1, node_id=node_id, started_at_s=scene.clock.now_s
    )
    assert isinstance(returned, JobQueued)
    assert (returned.instance_id, returned.last_attempt) == (again.instance_id, 1)
    assert isinstance(fresh, JobArrayQueued)
    assert fresh.first_ids == (job_id + 2, job_id + 5)
    assert fresh.last_ids == (job_id + 3, job_id + 9)
    assert fresh.alike.at_once == 4


def _decide(scene: Scene, service: SchedulerService, node_id: int, seq: int) -> None:
    item = reading(node_id, seq, taken_at_s=scene.clock.now_s)
    with scene.store.transaction() as tx:
        add_readings(tx, node_id, [item])
    service.turn()


def test_no_more_run_at_once_than_the_limit_lets_also_after_a_restart(scene: Scene) -> None:
    node_id, job_id = scene.node(), _submit(scene, "0-6%3")
    service = SchedulerService(store=scene.store, policy=policy("coldest"), pace=EAGER)
    seq = 0
    while scene.states(job_id) != {"succeeded": 7}:
        seq += 1
        assert seq < 20
        if seq % 2:
            service = SchedulerService(store=scene.store, policy=policy("coldest"), pace=EAGER)
        _decide(scene, service, node_id, seq)
        keys = [item.key for item in scene.claim(node_id).claimed]
        _decide(scene, service, node_id, 100 + seq)
        assert scene.states(job_id).get("assigned", 0) + len(keys) <= 3
        assert _offenders(scene) == []
        for key in keys:
            scene.report(node_id, key)


def test_a_limit_that_is_broken_is_found(scene: Scene) -> None:
    node_id, job_id = scene.node(), _submit(scene, "0-3%1")
    _start(scene, job_id, 0, node_id)
    assert _offenders(scene) == []

    _start(scene, job_id, 1, node_id)

    assert _offenders(scene) == ["array-limit"]


def test_an_array_that_lacks_an_instance_is_found(scene: Scene) -> None:
    job_id = _submit(scene, "0-3")
    with scene.store.transaction() as tx:
        tx.connection.execute(update(job).where(job.c.id == job_id).values(array_count=5))

    assert _offenders(scene) == ["array-is-whole"]


def test_an_array_is_one_row_of_the_list_and_pages_are_stable(scene: Scene) -> None:
    first = scene.submit()
    array = _submit(scene, "0-49")
    last = scene.submit(job_spec(name="other"))
    with scene.database.read() as connection:
        newest = job_lists.page(connection, tenant_id=scene.tenant_id, limit=2)
        older = job_lists.page(
            connection, tenant_id=scene.tenant_id, limit=2, before_id=newest[-1]["job_id"]
        )
        oldest_first = job_lists.page(
            connection, tenant_id=scene.tenant_id, limit=9, oldest_first=True
        )
        named = job_lists.page(
            connection, tenant_id=scene.tenant_id, wanted=JobsWanted(name="case")
        )
        others = job_lists.page(connection, tenant_id=scene.tenant_id + 1)

    assert [row["job_id"] for row in newest] == [last, array]
    assert newest[1]["counts"] == {"queued": 50}
    assert [row["job_id"] for row in older] == [first]
    assert [row["job_id"] for row in oldest_first] == [first, array, last]
    assert [row["job_id"] for row in named] == [array, first]
    assert others == []


def test_an_array_is_listed_under_every_state_that_one_of_it_is_in(scene: Scene) -> None:
    node_id, job_id = scene.node(), _submit(scene, "0-9")
    _start(scene, job_id, 4, node_id)

    with scene.database.read() as connection:
        found = {
            state: [
                row["job_id"]
                for row in job_lists.page(
                    connection, tenant_id=None, wanted=JobsWanted(states=[state])
                )
            ]
            for state in ("queued", "running", "failed")
        }

    assert found == {"queued": [job_id], "running": [job_id], "failed": []}


def test_instances_are_listed_by_page_and_state(scene: Scene) -> None:
    job_id = _submit(scene, "0-9")
    _cancel(scene, f"{job_id}_[2-3]")
    target = scene.target(str(job_id))
    with scene.database.read() as connection:
        first = job_lists.instances(connection, target, limit=4)
        second = job_lists.instances(connection, target, after_id=first[-1]["id"], limit=99)
        ended = job_lists.instances(connection, target, states_wanted=["cancelled"])

    assert [row["array_index"] for row in (*first, *second)] == list(range(10))
    assert [row["array_index"] for row in ended] == [2, 3]


def test_an_array_has_ended_when_all_of_it_has(scene: Scene) -> None:
    node_id, job_id = scene.node(), _submit(scene, "0-1")
    one, other = (_start(scene, job_id, index, node_id) for index in (0, 1))

    seen = []
    for key, reason in ((one, EndReason.COMPLETED), (other, EndReason.PROGRAM_FAILED)):
        scene.report(node_id, key, reason)
        with scene.database.read() as connection:
            seen.append(job_lists.states(connection, [job_id], scene.tenant_id))

    assert seen == [{job_id: "running"}, {job_id: "failed"}]
    with scene.database.read() as connection:
        detail = job_lists.array_detail(connection, job_id)
        assert (detail["exit_code"], detail["finished_at_s"]) == (1, scene.clock.now_s)
        assert job_lists.states(connection, [job_id], scene.tenant_id + 1) == {}


def test_events_of_arrays_survive_the_log(scene: Scene) -> None:
    job_id = _submit(scene, "0-3")
    _cancel(scene, str(job_id))

    with scene.store.transaction() as tx:
        kinds = [type(item.event) for item in unconsumed(tx)]

    assert kinds == [JobArrayQueued, JobArrayWithdrawn]
