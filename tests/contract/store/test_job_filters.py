"""Lists of jobs narrowed by what jobs are, page by page."""

import pytest
from sqlalchemy import select

from domain.access import Role
from domain.jobs.job import EndReason
from domain.refusal import Refused
from store.access import tenants
from store.access.keys import KeyRequest, add_key
from store.jobs import job_lists
from store.jobs.job_filters import JobsWanted, narrowed
from store.jobs.new_job import Accepted, NewJob
from store.tables.jobs import instance
from tests.support.builders import array_spec, job_spec
from tests.support.gang_scene import GangScene
from tests.support.scene import Scene


def listed(scene: Scene, wanted: JobsWanted, *, before_id: int | None = None) -> list[int]:
    with scene.database.read() as connection:
        rows = job_lists.page(
            connection, tenant_id=None, wanted=wanted, before_id=before_id, limit=3
        )
    return [row["job_id"] for row in rows]


def submitted_by(scene: Scene, person: str) -> int:
    with scene.store.transaction() as tx:
        placed = tenants.key_place(tx, "lab", person, "test")
        assert not isinstance(placed, Refused)
        tenant_id, person_id = placed
        request = KeyRequest(
            name="laptop", role=Role.TENANT, tenant_id=tenant_id, person_id=person_id
        )
        key = add_key(tx, request, "test")
        assert not isinstance(key, Refused)
    item = NewJob(
        tenant_id=scene.tenant_id, key_id=key.key_id, idempotency_key=None, spec=job_spec()
    )
    (answer,) = scene.submit_all([item])
    assert isinstance(answer, Accepted)
    return answer.job_id


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (JobsWanted(project="mesh"), ["mesh", "array"]),
        (JobsWanted(project=""), ["solver", "other solver", "plain"]),
        (JobsWanted(profile="openfoam"), ["solver"]),
        (JobsWanted(profile="openfoam/2312+"), ["solver"]),
        (JobsWanted(profile="open%"), []),
        (JobsWanted(name="mesh"), ["mesh"]),
        (JobsWanted(name="mesh", project="flow"), []),
        (JobsWanted(tenant="lab", name="mesh"), ["mesh"]),
        (JobsWanted(tenant="nobody"), []),
    ],
)
def test_only_jobs_that_are_so_are_listed(
    scene: Scene, wanted: JobsWanted, expected: list[str]
) -> None:
    numbers = {
        "plain": scene.submit(job_spec(name="plain")),
        "other solver": scene.submit(job_spec(name="o", profile="openfoamx")),
        "solver": scene.submit(job_spec(name="s", profile="openfoam/2312+")),
        "array": scene.submit(job_spec(name="array", project="mesh", array=array_spec("0-9"))),
        "mesh": scene.submit(job_spec(name="mesh", project="mesh")),
    }

    assert listed(scene, wanted) == [numbers[name] for name in expected]


def test_a_node_is_one_on_which_any_try_was(scene: Scene) -> None:
    first, second = scene.node("first"), scene.node("second")
    key = scene.running(first, job_spec(max_attempts=2))
    scene.report(first, key, EndReason.PROGRAM_FAILED)
    scene.assign(key.instance_id, second, attempt_number=2)
    scene.submit()

    assert listed(scene, JobsWanted(node="first")) == [key.instance_id]
    assert listed(scene, JobsWanted(node="second")) == [key.instance_id]
    assert listed(scene, JobsWanted(node="third")) == []


def test_a_node_is_any_of_those_of_a_job_of_several(scene: Scene) -> None:
    gang = GangScene(scene)

    with scene.database.read() as connection:
        (row,) = job_lists.page(connection, tenant_id=None, wanted=JobsWanted(node="node-2"))

    assert row["job_id"] == gang.job_id
    assert (row["node"], row["members"]) == ("node-0", ["node-1", "node-2"])


def test_the_jobs_of_a_node_are_found_from_its_side(scene: Scene) -> None:
    """Or a rare node would cost a look at every instance there is, as it did."""
    if not scene.database.is_sqlite:
        pytest.skip("the plan of PostgreSQL follows from how many rows there are")
    found = narrowed(select(instance.c.id), JobsWanted(node="first")).limit(9)
    text = str(found.compile(compile_kwargs={"literal_binds": True}))

    with scene.database.read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()

    steps = [row.detail for row in plan]
    assert not [step for step in steps if step.startswith("SCAN")], steps
    assert any("ix_attempt_node_id_instance_id" in step for step in steps)


def test_a_user_is_in_whose_name_the_key_was(scene: Scene) -> None:
    marie, paul = submitted_by(scene, "marie"), submitted_by(scene, "paul")
    scene.submit()

    assert listed(scene, JobsWanted(user="marie")) == [marie]
    assert listed(scene, JobsWanted(user="paul")) == [paul]
    assert listed(scene, JobsWanted(user="nobody")) == []


def test_times_bound_the_submission(scene: Scene) -> None:
    begin_s = scene.clock.now_s
    numbers = []
    for _ in range(3):
        numbers.append(scene.submit())
        scene.clock.advance(60.0)

    assert listed(scene, JobsWanted(from_s=begin_s + 60.0)) == numbers[:0:-1]
    assert listed(scene, JobsWanted(to_s=begin_s + 60.0)) == numbers[:1]
    assert listed(scene, JobsWanted(from_s=begin_s + 60.0, to_s=begin_s + 120.0)) == [numbers[1]]


def test_pages_of_a_narrowed_list_stay_stable_as_jobs_come_in(scene: Scene) -> None:
    wanted = JobsWanted(project="mesh")
    numbers = []
    for _ in range(5):
        numbers.append(scene.submit(job_spec(project="mesh")))
        scene.submit()
    first = listed(scene, wanted)
    scene.submit(job_spec(project="mesh"))

    second = listed(scene, wanted, before_id=first[-1])

    assert first + second == numbers[::-1]
