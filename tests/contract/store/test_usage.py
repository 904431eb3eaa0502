"""What was used, summed: by tenant, month and project, page by page, real apart from simulated."""

from typing import Any

import pytest
from sqlalchemy import insert

from domain.calendar.months import begin_of
from domain.jobs.job import SchedulingType
from store.access import keys
from store.attempts.usage import UsageKey, UsageSum, UsageWanted, usage_sums
from store.tables.jobs import job_usage
from tests.support.builders import job_spec, node_spec
from tests.support.scene import Scene

FLEX, ON_DEMAND, RESERVED = SchedulingType
ALL = UsageWanted()


def used(scene: Scene, **fields: Any) -> None:  # noqa: ANN401 - any column
    """A row as a completion writes it."""
    usual = {
        "attempt": 1,
        "tenant_id": scene.tenant_id,
        "node_id": 1,
        "cores": 2,
        "wall_s": 1800.0,
        "cpu_s": 3600.0,
        "max_rss_bytes": 0,
        "energy_estimate_wh": 100.0,
        "heat_estimate_wh": 95.0,
        "is_simulated": False,
        "ended_at_s": 0.0,
        "month": 202601,
        "project": "mesh",
        "scheduling_type": FLEX.value,
    }
    with scene.store.transaction() as tx:
        tx.connection.execute(insert(job_usage), {**usual, **fields})


def summed(
    scene: Scene, wanted: UsageWanted = ALL, after: UsageKey | None = None, limit: int = 100
) -> list[UsageSum]:
    with scene.database.read() as connection:
        return usage_sums(connection, wanted, after=after, limit=limit)


@pytest.fixture
def busy(scene: Scene) -> Scene:
    """Two tenants, three months, two projects and none."""
    scene.node()
    with scene.store.transaction() as tx:
        other_id = keys.add_tenant(tx, "university", "test")
    number = 0
    for tenant_id in (scene.tenant_id, other_id):
        for month in (202601, 202603, 202602):
            for project in ("mesh", "", "flow"):
                for is_simulated in (False, True):
                    for kind in (FLEX, RESERVED):
                        number += 1
                        used(
                            scene,
                            instance_id=number,
                            tenant_id=tenant_id,
                            month=month,
                            project=project,
                            is_simulated=is_simulated,
                            scheduling_type=kind.value,
                        )
    return scene


def test_a_completion_writes_what_is_summed(scene: Scene) -> None:
    scene.clock.now_s = begin_of(202607) - 1.0
    node_id = scene.node(spec=node_spec(capture_frac=0.9))
    key = scene.running(node_id, job_spec(cores=2, project="mesh"))
    scene.report(node_id, key, wall_s=1800.0, cpu_s=3600.0)

    (line,) = summed(scene)

    # 1000 W over 200 W idle on 8 cores: 100 W for each busy core.
    assert line.key == UsageKey(scene.tenant_id, 202606, "mesh", True)  # noqa: FBT003 - simulated
    assert line.tenant == "lab"
    assert line.attempts == 1
    assert line.core_s == {FLEX: 0.0, ON_DEMAND: 3600.0, RESERVED: 0.0}
    assert line.energy_estimate_wh == pytest.approx(100.0)
    assert line.heat_estimate_wh == pytest.approx(90.0)


def test_a_job_without_project_is_summed_under_none(scene: Scene) -> None:
    node_id = scene.node()
    scene.report(node_id, scene.running(node_id))

    assert [line.key.project for line in summed(scene)] == [""]


def test_lines_add_up_what_ended_and_keep_simulated_apart(busy: Scene) -> None:
    lines = summed(busy)

    assert len(lines) == 2 * 3 * 3 * 2
    assert [line.key for line in lines] == sorted(line.key for line in lines)
    assert {line.attempts for line in lines} == {2}
    assert lines[0].core_s == {FLEX: 3600.0, ON_DEMAND: 0.0, RESERVED: 3600.0}
    assert lines[0].energy_estimate_wh == pytest.approx(200.0)


@pytest.mark.parametrize("limit", [1, 2, 5, 35, 36])
def test_pages_hold_every_line_once_while_more_comes_in(busy: Scene, limit: int) -> None:
    whole = [line.key for line in summed(busy)]
    seen: list[UsageKey] = []
    while True:
        page = summed(busy, after=seen[-1] if seen else None, limit=limit)
        seen += [line.key for line in page]
        if len(page) < limit:
            break
        used(busy, instance_id=1000 + len(seen), month=202601, project="mesh")

    assert seen == whole


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (UsageWanted(tenant_name="university"), 18),
        (UsageWanted(tenant_name="nobody"), 0),
        (UsageWanted(tenant_id=1, tenant_name="university"), 0),
        (UsageWanted(first_month=202602), 24),
        (UsageWanted(last_month=202602), 24),
        (UsageWanted(first_month=202602, last_month=202602, project="flow"), 4),
        (UsageWanted(project=""), 12),
    ],
)
def test_what_is_not_wanted_is_left_out(busy: Scene, wanted: UsageWanted, count: int) -> None:
    assert len(summed(busy, wanted)) == count
