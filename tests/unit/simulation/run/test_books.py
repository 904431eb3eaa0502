"""What a run counts."""

import numpy as np
import pytest

from domain.jobs.job import EndReason, SchedulingType
from simulation.clock import VirtualClock
from simulation.plant.stepping import step
from simulation.run.books import Books
from simulation.run.rack import Ended, Rack, Task, work_power_w
from simulation.run.windows import due_s
from simulation.workload.job import SimulatedJob
from tests.support.simulated_jobs import HOUR_S, a_flex_job, a_job
from tests.support.small_scenes import Small

SMALL = Small(warmup_days=1, arrival_days=1, drain_days=0)
N_SITES = 4


def books(*, with_series: bool = False) -> Books:
    return Books(SMALL.scene(), with_series=with_series)


def ended(
    job: SimulatedJob, at_s: float, *, work_s: float, began_s: float = 0.0, before_s: float = 0.0
) -> Ended:
    task = Task(job, 1, began_s, before_s, began_s + 120.0)
    return Ended(task=task, at_s=at_s, is_done=True, work_s=work_s)


def test_a_wait_ends_with_the_first_start() -> None:
    found = books()
    job = a_job(submitted_at_s=100.0)
    found.arrived(job)
    found.started(2, job, 400.0)
    found.started(3, job, 9000.0)

    assert found.waits_s["ondemand"] == [300.0]
    assert found.starts == [0, 0, 1, 1]


def test_a_slowdown_is_of_the_whole_response_and_never_below_one() -> None:
    found = books()
    for job, at_s in ((a_job(1), 3 * HOUR_S), (a_job(2, run_s=1.0), 5.0)):
        found.arrived(job)
        found.ended(ended(job, at_s, work_s=job.run_s), EndReason.COMPLETED)

    assert found.slowdowns == pytest.approx([3.0, 1.0])


def test_an_attempt_that_is_tried_again_is_no_end() -> None:
    found, job = books(), a_job()
    found.arrived(job)
    found.ended(ended(job, 600.0, work_s=480.0), EndReason.PREEMPTED)
    found.close([], 700.0)

    assert found.slowdowns == []
    assert (found.n_running, found.n_waiting) == (0, 1)


def test_a_flex_job_that_starts_late_missed_its_time() -> None:
    found = books()
    for number, at_s in ((1, 500.0), (2, 1500.0)):
        job = a_flex_job(number, start_before_s=1000.0)
        found.arrived(job)
        found.started(0, job, at_s)

    assert (found.flex_jobs, found.flex_misses) == (2, 1)


def test_a_flex_job_with_a_promised_end_is_late_only_by_its_end() -> None:
    found = books()
    for number, at_s in ((1, 7000.0), (2, 9000.0)):
        job = a_flex_job(number, start_before_s=1000.0, end_before_s=8000.0)
        found.arrived(job)
        found.started(0, job, 1500.0)
        found.ended(ended(job, at_s, work_s=HOUR_S), EndReason.COMPLETED)

    assert found.flex_misses == 1


def test_what_still_waits_or_runs_past_its_time_is_late_too() -> None:
    found, rack = books(), Rack(4, 0.0)
    waits = a_flex_job(1, start_before_s=1000.0)
    runs = a_flex_job(2, start_before_s=1000.0, end_before_s=1500.0)
    in_time = a_flex_job(3, start_before_s=9000.0)
    for job in (waits, runs, in_time):
        found.arrived(job)
    found.started(0, runs, 900.0)
    rack.start(runs, 1, 900.0, 0.0)
    found.close([rack], 2000.0)

    assert found.flex_misses == 2
    assert (found.n_running, found.n_waiting) == (1, 2)


def test_work_that_is_not_kept_is_lost_and_credited_to_nobody() -> None:
    found, job = books(), a_job(servers=2)
    found.stopped(ended(job, 2000.0, work_s=1000.0, before_s=500.0), kept_s=900.0)

    lost_j = work_power_w(32) * 600.0
    assert found.lost_j == found.overhead_j == pytest.approx(lost_j)


def test_work_after_its_window_is_credited_to_nobody() -> None:
    found = books()
    job = a_job(run_s=6 * HOUR_S, time_limit_s=36_000)
    late_s = due_s(job) + 500.0
    found.arrived(job)
    found.ended(ended(job, late_s, work_s=6 * HOUR_S, began_s=3 * HOUR_S), EndReason.COMPLETED)

    assert found.overhead_j == pytest.approx(work_power_w(16) * 500.0)


def test_no_more_than_the_work_itself_is_taken_off() -> None:
    found, job = books(), a_job()
    found.arrived(job)
    found.ended(ended(job, 90 * HOUR_S, work_s=700.0, began_s=80 * HOUR_S), EndReason.COMPLETED)

    assert found.overhead_j == pytest.approx(work_power_w(16) * 700.0)


def test_boots_and_late_work_of_what_still_runs_are_taken_off_at_the_end() -> None:
    found, rack = books(), Rack(4, 0.0)
    job = a_job(run_s=9 * HOUR_S, time_limit_s=36_000, submitted_at_s=-20 * HOUR_S)
    found.arrived(job)
    rack.start(job, 1, 0.0, 0.0)
    rack.take_ended(120.0)
    rack.advance(HOUR_S)
    found.close([rack], HOUR_S)

    late_j = work_power_w(16) * (HOUR_S - 120.0)
    assert found.overhead_j == pytest.approx(90.0 * 120.0 + late_j)


def test_a_count_goes_on_through_a_reset_of_its_meter() -> None:
    scene = SMALL.scene()
    found, fleet, state = books(), scene.district.fleet, scene.arrival_state
    racks = [Rack(site.n_servers, 0.0) for site in scene.district.sites]
    forcing, power_w = scene.forcing.at(scene.first_hour), fleet.servers.max_power_w / 2
    passed_wh = np.zeros(N_SITES)
    for number in range(4):
        if number == 2:
            state = found.reset_meter(state, 1)
            assert state.heat.register_wh[1] == 0
        state, flows = step(fleet, state, power_w, forcing, 600.0)
        passed_wh += flows.heat_w * fleet.heat_meter_gain / 6.0
        found.note(state, flows, racks, 600.0)

    assert passed_wh.min() > 1000.0
    assert np.all(np.abs(found.metered_wh - passed_wh) <= 20.0)


def test_an_hour_of_pictures_holds_the_means_of_its_steps() -> None:
    scene = SMALL.scene()
    found, fleet, state = books(with_series=True), scene.district.fleet, scene.arrival_state
    racks = [Rack(site.n_servers, 0.0) for site in scene.district.sites]
    racks[0].start(a_job(servers=racks[0].n_servers), 1, 0.0, 0.0)
    forcing = scene.forcing.at(scene.first_hour)
    demand_w = np.zeros(N_SITES)
    for number in range(6):
        for rack in racks:
            rack.advance(600.0 * (number + 1))
        power_w = fleet.servers.max_power_w * (0.1 if number < 3 else 0.3)
        state, flows = step(fleet, state, power_w, forcing, 600.0)
        demand_w += flows.demand_w / 6
        found.note(state, flows, racks, 600.0)

    series = found.series()
    assert series is not None
    assert series.power_w == pytest.approx(0.2 * fleet.servers.max_power_w[None, :])
    assert series.demand_w == pytest.approx(demand_w[None, :])
    assert series.busy_frac == pytest.approx(np.array([[1.0, 0.0, 0.0, 0.0]]))
    assert series.water_temp_c.tolist() == [state.water_temp_c.tolist()]


def test_without_pictures_there_are_no_hours() -> None:
    assert books().series() is None


def test_every_scheduling_type_has_its_waits() -> None:
    assert set(books().waits_s) == {kind.value for kind in SchedulingType}


def test_a_scene_counts_from_the_arrivals() -> None:
    scene = SMALL.scene()
    now_s = VirtualClock(scene.arrivals_plant_s).now_s

    assert scene.workload.jobs[0].submitted_at_s >= now_s
    assert books().metered_wh.tolist() == [0] * N_SITES
