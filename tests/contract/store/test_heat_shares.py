"""Metered heat reaches the jobs that made it, on both databases, and adds up."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from metering.keeping.sharing_round import SILENT_S, share_site
from store import triggers
from store.checks.invariants import look_at_all
from store.ledger.heat_shares import Grouping, SharedSum, share_of, shared_sums
from store.ledger.share_tables import heat_share
from tests.support.metered import ELECTRICITY_WH, HEAT_WH, HOUR_S, REAL, hourly, tell
from tests.support.scene import Scene

BEGIN_S = 1_790_000_000.0 // HOUR_S * HOUR_S
EVER = (0.0, 1e12)


@pytest.fixture
def node_id(scene: Scene) -> int:
    scene.clock.now_s = BEGIN_S
    return scene.node(spec=REAL)


def run(scene: Scene, node_id: int, from_s: float, wall_s: float) -> int:
    """A job that held one of eight cores for so long."""
    scene.clock.now_s = from_s
    key = scene.running(node_id)
    scene.clock.now_s = from_s + wall_s
    scene.report(node_id, key, wall_s=wall_s)
    return key.instance_id


def sums(scene: Scene, by: Grouping) -> dict[str | None, SharedSum]:
    with scene.database.read() as connection:
        return {item.name: item for item in shared_sums(connection, by, None, EVER)}


def test_what_a_job_used_is_what_the_meters_counted_while_it_ran(
    scene: Scene, node_id: int
) -> None:
    job_id = run(scene, node_id, BEGIN_S + HOUR_S, HOUR_S)
    scene.clock.now_s = BEGIN_S + 4 * HOUR_S
    tell(scene, hourly(node_id, BEGIN_S, 5))

    assert share_site(scene.store, 1, HOUR_S) == 4

    jobs = sums(scene, Grouping.JOB)
    # Idle power is 200 W: of that hour's 1000 Wh the job bears 800, and an eighth of 200.
    assert jobs[str(job_id)].electricity_wh == 800 + 25
    assert jobs[str(job_id)].heat_wh + jobs[None].heat_wh == 4 * HEAT_WH
    assert jobs[str(job_id)].electricity_wh + jobs[None].electricity_wh == 4 * ELECTRICITY_WH
    assert sums(scene, Grouping.TENANT)["lab"].heat_wh == jobs[str(job_id)].heat_wh
    assert sums(scene, Grouping.SITE)["boiler"].heat_wh == 4 * HEAT_WH
    with scene.database.read() as connection:
        share = share_of(connection, job_id, [node_id])
    assert share is not None
    assert (share.heat_wh, share.until_s) == (jobs[str(job_id)].heat_wh, BEGIN_S + 4 * HOUR_S)


def test_an_interval_waits_until_every_meter_has_told_its_end(scene: Scene, node_id: int) -> None:
    told = hourly(node_id, BEGIN_S, 2)
    scene.clock.now_s = BEGIN_S + 3 * HOUR_S
    tell(scene, told)

    assert share_site(scene.store, 1, HOUR_S) == 1
    assert share_site(scene.store, 1, HOUR_S) == 0

    late = replace(told[-1], seq=9, taken_at_s=BEGIN_S + 3 * HOUR_S)
    tell(scene, [replace(late, heat_register_wh=late.heat_register_wh + 101)])
    assert share_site(scene.store, 1, HOUR_S) == 2
    assert sums(scene, Grouping.SITE)["boiler"].heat_wh == HEAT_WH + 101


def test_a_site_does_not_wait_for_ever_for_a_meter_that_fell_silent(
    scene: Scene, node_id: int
) -> None:
    scene.clock.now_s = BEGIN_S + 3 * HOUR_S
    tell(scene, hourly(node_id, BEGIN_S, 2))
    share_site(scene.store, 1, HOUR_S)

    scene.clock.now_s = BEGIN_S + 2 * HOUR_S + SILENT_S

    assert share_site(scene.store, 1, HOUR_S) == 1


def test_shares_that_do_not_add_up_are_found(scene: Scene, node_id: int) -> None:
    scene.clock.now_s = BEGIN_S + 3 * HOUR_S
    tell(scene, hourly(node_id, BEGIN_S, 3))
    share_site(scene.store, 1, HOUR_S)

    def offenders() -> set[str]:
        return {item.name for item in look_at_all(scene.database, role="test") if item.offenders}

    assert offenders() == set()
    with scene.database.write() as connection:
        connection.execute(update(heat_share).values(heat_wh=heat_share.c.heat_wh + 1))
        triggers.install(connection)

    assert offenders() == {"heat-shared"}
