"""Metered heat reaches the jobs that made it, on both databases, and adds up."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from domain.fleet.reading import Reading
from metering.keeping.deciding import FoundCase, Verdict, case_id, find_case, take_verdict
from metering.keeping.sharing_round import SILENT_S, share_anew, share_site
from metering.keeping.standing import standings
from store import triggers
from store.checks.invariants import look_at_all
from store.ledger.heat_shares import Grouping, SharedSum, share_of, shared_sums
from store.ledger.share_tables import heat_share
from store.ledger.shared_anew import shared_before, tell_anew, told_anew_from
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


def _jumped(node_id: int, hours: int) -> list[Reading]:
    """Readings of which the third and those after it are too high by a megawatt-hour."""
    return [
        item if number < 2 else replace(item, heat_register_wh=item.heat_register_wh + 1_000_000)
        for number, item in enumerate(hourly(node_id, BEGIN_S, hours))
    ]


def _case(scene: Scene) -> FoundCase:
    with scene.database.read() as connection:
        (found,) = [
            find_case(
                connection,
                case_id(item.account.known.facts.meter_id, case),
                scene.clock.now_s,
            )
            for item in standings(connection, None, scene.clock.now_s)
            for case in item.cases
        ]
    assert isinstance(found, FoundCase)
    return found


def test_heat_in_quarantine_is_said_and_shared_anew_once_it_is_accepted(
    scene: Scene, node_id: int
) -> None:
    job_id = run(scene, node_id, BEGIN_S + HOUR_S, 2 * HOUR_S)
    scene.clock.now_s = BEGIN_S + 6 * HOUR_S
    tell(scene, _jumped(node_id, 6))
    assert share_site(scene.store, 1, HOUR_S) == 5
    before = sums(scene, Grouping.JOB)
    assert before[str(job_id)].heat_wh == 0, "of the hour that ends in doubt nothing is known"
    with scene.database.read() as connection:
        share = share_of(connection, job_id, [node_id])
    assert share is not None
    assert share.quarantined_wh > 0

    found = _case(scene)
    verdict = Verdict(is_accepted=True, note="a second boiler", actor="test")
    with scene.store.transaction() as tx:
        assert take_verdict(tx, found, verdict) == 4
    share_site(scene.store, 1, HOUR_S)

    jobs = sums(scene, Grouping.JOB)
    assert sum(item.heat_wh for item in jobs.values()) == 5 * HEAT_WH + 1_000_000
    assert sum(item.electricity_wh for item in jobs.values()) == 5 * ELECTRICITY_WH
    assert jobs[str(job_id)].heat_wh > 0
    with scene.database.read() as connection:
        share = share_of(connection, job_id, [node_id])
        assert share is not None
        assert share.quarantined_wh == 0
        assert told_anew_from(connection, 1) is None
    assert {item.name for item in look_at_all(scene.database, role="test") if item.offenders} == (
        set()
    )


def test_a_row_that_comes_late_moves_heat_between_intervals_and_loses_none(
    scene: Scene, node_id: int
) -> None:
    """Nothing was told for five hours; then the node remembers the middle of it."""
    told = hourly(node_id, BEGIN_S, 8)
    steep = replace(told[3], heat_register_wh=told[3].heat_register_wh + 800)
    scene.clock.now_s = BEGIN_S + 8 * HOUR_S
    tell(scene, [told[0], told[1], told[6], told[7]])
    share_site(scene.store, 1, HOUR_S)
    before = sums(scene, Grouping.SITE)["boiler"].heat_wh

    tell(scene, [steep])
    share_site(scene.store, 1, HOUR_S)

    assert sums(scene, Grouping.SITE)["boiler"].heat_wh == before == 7 * HEAT_WH
    with scene.database.read() as connection:
        third = shared_before(connection, 1, BEGIN_S + 2 * HOUR_S)
    assert third is not None
    assert (third.revision, third.interval.heat_wh) == (1, HEAT_WH + 400)


def test_what_changes_nothing_adds_no_revision(scene: Scene, node_id: int) -> None:
    scene.clock.now_s = BEGIN_S + 4 * HOUR_S
    tell(scene, hourly(node_id, BEGIN_S, 5))
    share_site(scene.store, 1, HOUR_S)
    with scene.store.transaction() as tx:
        tell_anew(tx, 1, BEGIN_S)

    assert share_anew(scene.store, 1) == 0

    with scene.database.read() as connection:
        assert told_anew_from(connection, 1) is None
