"""Jobs that wait for jobs: released, or ended, in the transaction that decides it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from domain.events import JobArrayQueued, JobQueued
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import EndReason, JobState
from domain.refusal import Refused
from domain.sbatch.dependencies import parse_dependency
from store.checks.invariants import look_at_all
from store.dependencies import shown as dependency_queries
from store.dependencies.targets import NewCondition
from store.jobs import array_steering, job_steering, overdue
from store.jobs.new_job import Accepted, NewJob
from store.tables.jobs import instance
from tests.support.builders import array_spec, job_spec
from tests.support.scene import Scene

OK, FAILED = EndReason.COMPLETED, EndReason.PROGRAM_FAILED


def new(scene: Scene, text: str = "", **fields: Any) -> NewJob:  # noqa: ANN401 - of a job
    """A job that waits as this text says; ``@2`` is the third of the same request."""
    asked = parse_dependency(text.replace("@", "@p")) if text else None
    conditions = () if asked is None else asked.conditions
    return replace(
        scene.submission(job_spec(**fields)),
        conditions=tuple(
            NewCondition(
                kind=one.kind,
                number=int(one.named) if one.named.isdigit() else None,
                position=int(one.named[2:]) if one.named.startswith("@") else None,
                index=one.index,
                delay_s=60.0 * one.delay_min,
            )
            for one in conditions
        ),
        any_suffices=asked is not None and asked.any_suffices,
    )


def submit(scene: Scene, text: str = "", **fields: Any) -> int:  # noqa: ANN401 - of a job
    (answer,) = scene.submit_all([new(scene, text, **fields)])
    assert isinstance(answer, Accepted), answer
    return answer.job_id


def array(scene: Scene, indexes: str, text: str = "", **fields: Any) -> int:  # noqa: ANN401
    return submit(scene, text, array=array_spec(indexes), **fields)


@pytest.fixture
def node_id(scene: Scene) -> int:
    return scene.node()


def start(scene: Scene, number: int, node_id: int) -> AttemptKey:
    attempt = int(scene.instance(number)["attempt"]) + 1
    scene.assign(number, node_id, attempt)
    key = AttemptKey(instance_id=number, attempt=attempt)
    assert key in {item.key for item in scene.claim(node_id).claimed}
    return key


def run(scene: Scene, number: int, node_id: int, reason: EndReason = OK) -> None:
    scene.report(node_id, start(scene, number, node_id), reason)


def sound(scene: Scene) -> bool:
    found = look_at_all(scene.database, role="nobody")
    return [finding.name for finding in found if finding.offenders] == []


@pytest.mark.parametrize(
    ("kind", "reason", "after"),
    [
        ("afterok", OK, JobState.QUEUED),
        ("afterok", FAILED, JobState.CANCELLED),
        ("afterany", OK, JobState.QUEUED),
        ("afterany", FAILED, JobState.QUEUED),
        ("afternotok", OK, JobState.CANCELLED),
        ("afternotok", FAILED, JobState.QUEUED),
    ],
)
def test_a_job_waits_for_the_end_of_another(
    scene: Scene, node_id: int, kind: str, reason: EndReason, after: JobState
) -> None:
    first = submit(scene)
    job_id = submit(scene, f"{kind}:{first}")
    key = start(scene, first, node_id)
    before = scene.state(job_id)
    assert sound(scene)

    scene.report(node_id, key, reason)

    assert (before, scene.state(job_id)) == (JobState.BLOCKED, after)
    assert sound(scene)
    queued = [item.instance_id for item in scene.events() if isinstance(item, JobQueued)]
    assert queued.count(job_id) == (after is JobState.QUEUED)
    if after is JobState.CANCELLED:
        assert scene.instance(job_id)["reason"] == EndReason.DEPENDENCY_NEVER_MET


def test_what_has_happened_already_counts(scene: Scene, node_id: int) -> None:
    good, bad = submit(scene), submit(scene)
    run(scene, good, node_id)
    run(scene, bad, node_id, FAILED)

    assert scene.state(submit(scene, f"afterok:{good}")) is JobState.QUEUED
    assert scene.state(submit(scene, f"afterok:{bad}")) is JobState.CANCELLED
    assert scene.state(submit(scene, f"afternotok:{bad}")) is JobState.QUEUED
    assert sound(scene)


def test_after_waits_for_the_start_and_then_some_minutes(scene: Scene, node_id: int) -> None:
    first = submit(scene)
    at_once, later = submit(scene, f"after:{first}"), submit(scene, f"after:{first}+10")
    scene.assign(first, node_id)
    offered = scene.state(at_once)
    scene.claim(node_id)

    assert (offered, scene.state(at_once)) == (JobState.BLOCKED, JobState.QUEUED)
    assert scene.state(later) is JobState.QUEUED
    assert scene.instance(later)["not_before_s"] == scene.clock.now_s + 600.0
    told = {item.instance_id: item for item in scene.events() if isinstance(item, JobQueued)}
    assert told[later].not_before_s == scene.clock.now_s + 600.0
    assert sound(scene)


def test_after_takes_a_cancelled_job_for_begun(scene: Scene) -> None:
    first = submit(scene)
    job_id = submit(scene, f"after:{first}")

    scene.cancel(first)

    assert scene.state(job_id) is JobState.QUEUED


def test_all_conditions_must_hold_or_any(scene: Scene, node_id: int) -> None:
    one, other = submit(scene), submit(scene)
    every = submit(scene, f"afterok:{one}:{other}")
    either = submit(scene, f"afterok:{one}?afterok:{other}")

    run(scene, one, node_id, FAILED)
    half = [scene.state(job_id) for job_id in (every, either)]
    run(scene, other, node_id)

    assert half == [JobState.CANCELLED, JobState.BLOCKED]
    assert scene.state(either) is JobState.QUEUED
    assert sound(scene)


def test_any_ends_when_none_can_hold(scene: Scene, node_id: int) -> None:
    one, other = submit(scene), submit(scene)
    either = submit(scene, f"afterok:{one}?afterok:{other}")
    run(scene, one, node_id, FAILED)
    scene.cancel(other)

    assert scene.state(either) is JobState.CANCELLED


def test_a_job_that_is_tried_again_has_not_ended(scene: Scene, node_id: int) -> None:
    first = submit(scene, max_attempts=2)
    job_id = submit(scene, f"afterany:{first}")

    run(scene, first, node_id, FAILED)
    between = scene.state(job_id)
    run(scene, first, node_id, FAILED)

    assert (between, scene.state(job_id)) == (JobState.BLOCKED, JobState.QUEUED)


@pytest.mark.parametrize("how", ["cancel", "stop", "lose", "overdue"])
def test_every_way_to_end_is_noticed(scene: Scene, node_id: int, how: str) -> None:
    first = submit(scene, deadline_s=scene.clock.now_s + 50.0, disconnect_tolerance_s=60)
    after_any, after_ok = submit(scene, f"afterany:{first}"), submit(scene, f"afterok:{first}")
    if how == "overdue":
        scene.clock.advance(100.0)
        with scene.store.transaction() as tx:
            assert overdue.end_overdue(tx) == 1
    elif how == "cancel":
        scene.cancel(first)
    else:
        key = start(scene, first, node_id)
        scene.cancel(first)
        assert scene.state(after_any) is JobState.BLOCKED
        if how == "stop":
            scene.report(node_id, key, EndReason.CANCELLED)
        else:
            scene.clock.advance(1000.0)
            scene.reconcile()

    assert scene.state(after_any) is JobState.QUEUED
    assert scene.state(after_ok) is JobState.CANCELLED
    assert sound(scene)


def test_whole_arrays_and_elements_are_waited_for(scene: Scene, node_id: int) -> None:
    first = array(scene, "5-6")
    whole = submit(scene, f"afterok:{first}")
    one = submit(scene, f"afterok:{first}_6")
    by_number = submit(scene, f"afterany:{first + 2}")

    run(scene, first + 2, node_id)
    half = [scene.state(job_id) for job_id in (whole, one, by_number)]
    run(scene, first + 1, node_id)

    assert half == [JobState.BLOCKED, JobState.QUEUED, JobState.QUEUED]
    assert scene.state(whole) is JobState.QUEUED


def test_an_array_waits_as_a_whole(scene: Scene, node_id: int) -> None:
    first = submit(scene)
    job_id = array(scene, "0-9%2", f"afterok:{first}")
    blocked = scene.states(job_id)

    run(scene, first, node_id)

    assert (blocked, scene.states(job_id)) == ({"blocked": 10}, {"queued": 10})
    (queued,) = [item for item in scene.events() if isinstance(item, JobArrayQueued)]
    assert (queued.first_ids, queued.alike.at_once) == ((job_id + 1,), 2)
    assert sound(scene)


def test_aftercorr_goes_element_by_element(scene: Scene, node_id: int) -> None:
    first = array(scene, "0-3")
    second = array(scene, "0-3", f"aftercorr:{first}")
    third = array(scene, "1-3:2", f"aftercorr:{second}")

    run(scene, first + 2, node_id)
    run(scene, first + 4, node_id, FAILED)
    assert scene.states(second) == {"blocked": 2, "queued": 1, "cancelled": 1}
    assert scene.states(third) == {"blocked": 1, "cancelled": 1}
    assert sound(scene)
    run(scene, first + 1, node_id)
    run(scene, first + 3, node_id)
    run(scene, second + 2, node_id)

    assert scene.states(second) == {"queued": 2, "succeeded": 1, "cancelled": 1}
    assert scene.states(third) == {"queued": 1, "cancelled": 1}
    assert sound(scene)


def test_aftercorr_beside_another_condition(scene: Scene, node_id: int) -> None:
    first, gate = array(scene, "0-1"), submit(scene)
    second = array(scene, "0-1", f"aftercorr:{first},afterok:{gate}")

    run(scene, first + 1, node_id)
    before = scene.states(second)
    run(scene, gate, node_id)

    assert (before, scene.states(second)) == ({"blocked": 2}, {"blocked": 1, "queued": 1})
    run(scene, first + 2, node_id)
    assert scene.states(second) == {"queued": 2}
    assert sound(scene)


def test_singletons_run_one_after_another(scene: Scene, node_id: int) -> None:
    plain = submit(scene, name="chain")
    links = [submit(scene, "singleton", name="chain") for _ in range(3)]
    other = submit(scene, "singleton", name="other")
    seen = []
    for number in (plain, *links):
        seen.append([scene.state(job_id) is JobState.QUEUED for job_id in links])
        run(scene, number, node_id)

    assert scene.state(other) is JobState.QUEUED
    assert seen == [
        [False, False, False],
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert sound(scene)


def test_a_cancelled_singleton_does_not_let_the_next_pass_the_one_that_runs(
    scene: Scene, node_id: int
) -> None:
    first = submit(scene, name="chain")
    start(scene, first, node_id)
    second, third = (submit(scene, "singleton", name="chain") for _ in range(2))

    scene.cancel(second)

    assert scene.state(third) is JobState.BLOCKED


def test_what_can_never_start_ends_with_all_that_waits_for_it(scene: Scene, node_id: int) -> None:
    first = submit(scene)
    chain = [submit(scene, f"afterok:{first}")]
    for _ in range(4):
        chain.append(submit(scene, f"afterok:{chain[-1]}"))
    rescue = submit(scene, f"afternotok:{chain[-1]}")
    blocked = submit(scene, f"afterany:{chain[2]},afterok:{first}")
    other = submit(scene, f"afterany:{chain[2]}")

    run(scene, first, node_id, FAILED)

    assert {scene.state(job_id) for job_id in (*chain, blocked)} == {JobState.CANCELLED}
    assert {scene.state(job_id) for job_id in (rescue, other)} == {JobState.QUEUED}
    with scene.database.read() as connection:
        shown = dependency_queries.conditions(connection, chain[0])
    assert [(one.text, one.state.value) for one in shown] == [(f"afterok:{first}", "never")]
    assert sound(scene)


def test_a_singleton_behind_a_job_that_can_never_start_is_released(
    scene: Scene, node_id: int
) -> None:
    first = submit(scene)
    submit(scene, f"afterok:{first}", name="chain")
    last = submit(scene, "singleton", name="chain")

    run(scene, first, node_id, FAILED)

    assert scene.state(last) is JobState.QUEUED


def test_hold_and_release_go_beside_dependencies(scene: Scene, node_id: int) -> None:
    first = submit(scene)
    held = submit(scene, f"afterok:{first}", is_held=True)
    later = submit(scene, f"afterok:{first}")
    with scene.store.transaction() as tx:
        early = job_steering.release(tx, held, scene.tenant_id, "test")
        kept = job_steering.hold(tx, later, scene.tenant_id, "test")
    run(scene, first, node_id)
    waiting = scene.state(later)
    with scene.store.transaction() as tx:
        late = job_steering.release(tx, later, scene.tenant_id, "test")

    assert (early, kept) == (JobState.BLOCKED, JobState.HELD)
    assert (scene.state(held), waiting, late) == (
        JobState.QUEUED,
        JobState.HELD,
        JobState.QUEUED,
    )
    assert sound(scene)


def test_a_held_array_waits_after_its_release(scene: Scene, node_id: int) -> None:
    first = submit(scene)
    job_id = array(scene, "0-3", f"afterok:{first}", is_held=True)
    part = scene.target(f"{job_id}_[0-1]")
    with scene.store.transaction() as tx:
        array_steering.release(tx, part, "test")
    before = scene.states(job_id)
    run(scene, first, node_id)

    assert (before, scene.states(job_id)) == (
        {"held": 2, "blocked": 2},
        {"held": 2, "queued": 2},
    )


def test_jobs_of_one_request_wait_for_one_another_in_any_order(scene: Scene, node_id: int) -> None:
    answers = scene.submit_all([new(scene, "afterok:@1"), new(scene), new(scene, "afterany:@0")])
    numbers = [item.job_id for item in answers if isinstance(item, Accepted)]
    states = [scene.state(number) for number in numbers]
    run(scene, numbers[1], node_id)

    assert states == [JobState.BLOCKED, JobState.QUEUED, JobState.BLOCKED]
    assert scene.state(numbers[0]) is JobState.QUEUED


def _codes(answers: Sequence[Accepted | Refused]) -> list[str | None]:
    return [item.code if isinstance(item, Refused) else None for item in answers]


def test_what_cannot_be_waited_for_is_refused_alone(scene: Scene) -> None:
    single, many = submit(scene), array(scene, "0-3")
    answers = scene.submit_all(
        [
            new(scene, "afterok:999999"),
            new(scene, "afterok:@0"),
            new(scene, f"afterok:{many}_9"),
            new(scene, f"afterok:{single}_0"),
            new(scene, f"aftercorr:{many}"),
            new(scene, f"aftercorr:{single}", array=array_spec("0-3")),
            new(scene, f"aftercorr:{many}", array=array_spec("0-4")),
            new(scene),
            replace(new(scene, f"afterok:{single}"), tenant_id=scene.tenant_id + 1),
        ]
    )

    assert _codes(answers) == [
        "dependency.unknown_job",
        "dependency.refused_job",
        "dependency.no_element",
        "dependency.no_element",
        "dependency.not_arrays",
        "dependency.not_arrays",
        "dependency.no_element",
        None,
        "dependency.unknown_job",
    ]


def test_a_repeat_with_the_same_key_waits_once(scene: Scene, node_id: int) -> None:
    first = submit(scene)
    item = replace(new(scene, f"afterok:{first}"), idempotency_key="once")
    answers = [*scene.submit_all([item]), *scene.submit_all([item])]

    assert [one.is_repeat for one in answers if isinstance(one, Accepted)] == [False, True]
    run(scene, first, node_id)
    assert sound(scene)


def test_a_long_chain_ends_at_once(scene: Scene, node_id: int) -> None:
    texts = ["", *(f"afterok:@{place}" for place in range(2999))]
    answers = scene.submit_all([new(scene, text) for text in texts])
    numbers = [item.job_id for item in answers if isinstance(item, Accepted)]

    run(scene, numbers[0], node_id, FAILED)

    with scene.database.read() as connection:
        states = connection.execute(select(instance.c.state).distinct()).scalars().all()
    assert set(states) == {"failed", "cancelled"}


def test_a_graph_of_ten_thousand_jobs_runs(scene: Scene, node_id: int) -> None:
    """100 rows of 100 jobs, each after two of the row before; a node that is done at once."""
    width = 100
    texts = [
        ""
        if place < width
        else f"afterok:@{place - width}:@{place - width + (place % width < width - 1)}"
        for place in range(width * width)
    ]
    answers = scene.submit_all([new(scene, text) for text in texts])
    assert all(isinstance(item, Accepted) for item in answers)
    n_run = 0
    for _ in range(width):
        with scene.database.read() as connection:
            is_queued = instance.c.state == JobState.QUEUED.value
            waiting = list(connection.execute(select(instance.c.id).where(is_queued)).scalars())
        assert len(waiting) == width
        scene.run_all(waiting, node_id)
        n_run += len(waiting)

    assert n_run == width * width
    assert sound(scene)
