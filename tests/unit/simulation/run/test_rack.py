"""Servers of a site under virtual time."""

import math

import pytest

from simulation.run.rack import BOOT_S, Ended, Rack, work_power_w
from tests.support.simulated_jobs import HOUR_S, a_job

#: Of four servers.
STANDBY_W, IDLE_W, FULL_W = 10.0, 100.0, 500.0
REST_W = 3 * STANDBY_W


def a_rack() -> Rack:
    return Rack(4, 0.0)


def taken_w(rack: Rack, now_s: float, span_s: float) -> float:
    """Mean power of a rack over a span in which nothing happens."""
    rack.take_energy_j()
    rack.advance(now_s + span_s)
    return rack.take_energy_j() / span_s


def run_on(rack: Rack, until_s: float = math.inf) -> list[Ended]:
    """Let the rack go from event to event."""
    ended: list[Ended] = []
    while (now_s := rack.next_event_s()) < until_s:
        ended += rack.take_ended(now_s)
    return ended


def test_servers_that_are_off_take_their_standby() -> None:
    assert taken_w(a_rack(), 0.0, 60.0) == pytest.approx(4 * STANDBY_W)
    assert a_rack().next_event_s() == math.inf


def test_a_job_boots_its_servers_before_it_works() -> None:
    rack = a_rack()
    rack.start(a_job(), 1, 0.0, 0.0)

    assert rack.next_event_s() == BOOT_S
    assert taken_w(rack, 0.0, BOOT_S) == pytest.approx(REST_W + IDLE_W)
    [ended] = run_on(rack)
    assert ended.is_done
    assert ended.at_s == pytest.approx(BOOT_S + HOUR_S)
    assert ended.work_s == pytest.approx(HOUR_S)
    assert rack.boot_j == pytest.approx((IDLE_W - STANDBY_W) * BOOT_S)


def test_a_job_at_work_takes_full_power_and_then_none() -> None:
    rack = a_rack()
    rack.start(a_job(servers=2), 1, 0.0, 0.0)
    rack.take_ended(BOOT_S)

    assert taken_w(rack, BOOT_S, 60.0) == pytest.approx(2 * FULL_W + 2 * STANDBY_W)
    assert rack.free_cores == 2 * 16
    [ended] = run_on(rack)
    assert taken_w(rack, ended.at_s, 60.0) == pytest.approx(4 * STANDBY_W)
    assert rack.free_cores == rack.cores == 4 * 16


def test_work_above_standby_is_what_the_job_is_credited_with() -> None:
    rack = a_rack()
    rack.start(a_job(servers=3), 1, 0.0, 0.0)

    [ended] = run_on(rack)
    above_j = rack.take_energy_j() - 4 * STANDBY_W * ended.at_s
    assert above_j == pytest.approx(work_power_w(3 * 16) * HOUR_S + rack.boot_j)


def test_less_power_makes_a_job_longer_and_never_thirstier() -> None:
    rack = a_rack()
    rack.allow(REST_W + 300.0, 0.0)
    rack.start(a_job(), 1, 0.0, 0.0)
    rack.take_ended(BOOT_S)

    assert taken_w(rack, BOOT_S, 60.0) == pytest.approx(REST_W + 300.0)
    [ended] = run_on(rack)
    assert ended.is_done
    assert ended.at_s > BOOT_S + 1.1 * HOUR_S
    above_standby_j = (300.0 - STANDBY_W) * (ended.at_s - BOOT_S)
    assert above_standby_j < work_power_w(16) * HOUR_S


def test_a_job_that_is_let_no_power_waits_where_it_stands() -> None:
    rack = a_rack()
    rack.start(a_job(), 1, 0.0, 0.0)
    rack.take_ended(BOOT_S)
    rack.allow(0.0, BOOT_S + HOUR_S / 2)
    assert rack.next_event_s() == 4 * HOUR_S  # its time limit
    assert taken_w(rack, BOOT_S + HOUR_S / 2, HOUR_S) == pytest.approx(4 * STANDBY_W)
    rack.allow(math.inf, BOOT_S + 1.5 * HOUR_S)

    [ended] = run_on(rack)
    assert ended.at_s == pytest.approx(BOOT_S + 2 * HOUR_S)
    assert ended.is_done


def test_a_job_that_is_slowed_too_long_meets_its_limit() -> None:
    rack = a_rack()
    rack.start(a_job(time_limit_s=3700), 1, 0.0, 0.0)
    rack.take_ended(BOOT_S)
    rack.allow(REST_W + 250.0, BOOT_S)

    [ended] = run_on(rack)
    assert (ended.at_s, ended.is_done) == (3700.0, False)
    assert 0.0 < ended.work_s < HOUR_S
    assert (len(rack), rack.free_cores) == (0, rack.cores)


def test_a_stopped_job_says_what_it_did() -> None:
    rack = a_rack()
    rack.start(a_job(), 1, 0.0, 0.0)
    rack.take_ended(BOOT_S)

    ended = rack.stop(1, BOOT_S + 600.0)
    assert ended is not None
    assert not ended.is_done
    assert ended.work_s == pytest.approx(600.0)
    assert rack.stop(1, BOOT_S + 600.0) is None
    assert rack.free_cores == rack.cores


def test_a_job_that_is_stopped_while_it_boots_did_nothing() -> None:
    rack = a_rack()
    rack.start(a_job(), 1, 0.0, 0.0)

    ended = rack.stop(1, BOOT_S / 2)
    assert ended is not None
    assert ended.work_s == 0.0
    assert taken_w(rack, BOOT_S / 2, 60.0) == pytest.approx(4 * STANDBY_W)
    assert run_on(rack) == []


def test_a_job_that_goes_on_does_only_what_is_left() -> None:
    rack = a_rack()
    rack.start(a_job(), 2, 0.0, HOUR_S / 4)

    [ended] = run_on(rack)
    assert ended.at_s == pytest.approx(BOOT_S + 0.75 * HOUR_S)
    assert ended.work_s == pytest.approx(0.75 * HOUR_S)


def test_what_was_planned_for_a_stopped_attempt_does_not_end_the_next_one() -> None:
    rack = a_rack()
    rack.start(a_job(time_limit_s=4000), 1, 0.0, 0.0)
    rack.take_ended(BOOT_S)
    rack.stop(1, 600.0)
    rack.start(a_job(time_limit_s=4000), 2, 600.0, 0.0)

    assert rack.next_event_s() == 600.0 + BOOT_S
    [ended] = run_on(rack)
    assert (ended.task.attempt, ended.is_done) == (2, True)
    assert ended.at_s == pytest.approx(600.0 + BOOT_S + HOUR_S)


def test_an_attempt_boots_anew_after_one_that_was_stopped_while_it_booted() -> None:
    rack = a_rack()
    rack.start(a_job(), 1, 0.0, 0.0)
    rack.stop(1, 60.0)
    rack.start(a_job(), 2, 90.0, 0.0)

    [ended] = run_on(rack)
    assert ended.at_s == pytest.approx(90.0 + BOOT_S + HOUR_S)


def test_a_rack_without_power_loses_every_job() -> None:
    rack = a_rack()
    rack.start(a_job(1), 1, 0.0, 0.0)
    rack.start(a_job(2, servers=2), 1, 60.0, 0.0)

    lost = rack.stop_all(HOUR_S / 2)
    assert [item.task.job.instance_id for item in lost] == [1, 2]
    assert not any(item.is_done for item in lost)
    assert (len(rack), rack.free_cores, rack.next_event_s()) == (0, rack.cores, math.inf)


def test_a_change_of_speed_moves_every_end() -> None:
    """Ends come in the order of the work that is left, whatever the speeds between."""
    rack = a_rack()
    rack.start(a_job(1, run_s=1000.0), 1, 0.0, 0.0)
    rack.start(a_job(2, run_s=3000.0), 1, 0.0, 0.0)
    rack.take_ended(BOOT_S)
    for minute, allowed_w in enumerate((2000.0, 600.0, 900.0, 40.0, 700.0)):
        rack.allow(allowed_w, BOOT_S + 60.0 * minute)
    rack.allow(math.inf, BOOT_S + 300.0)

    first, second = run_on(rack)
    assert (first.task.job.instance_id, second.task.job.instance_id) == (1, 2)
    assert second.at_s - first.at_s == pytest.approx(2000.0)
    assert first.at_s > BOOT_S + 1000.0


def test_no_job_is_started_twice() -> None:
    rack = a_rack()
    rack.start(a_job(), 1, 0.0, 0.0)

    with pytest.raises(ValueError, match="instance 1"):
        rack.start(a_job(), 2, 1.0, 0.0)


def test_no_job_is_started_without_servers_for_it() -> None:
    rack = a_rack()
    rack.start(a_job(1, servers=3), 1, 0.0, 0.0)

    with pytest.raises(ValueError, match="instance 2"):
        rack.start(a_job(2, servers=2), 1, 1.0, 0.0)
