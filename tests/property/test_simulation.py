"""One run of the engine on the plant: its books close, and its water stays in bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.jobs.job import EndReason
from simulation.scenario.fault import Fault, FaultKind
from tests.support.small_scenes import Small, Watched

HOUR_S, J_PER_KWH = 3600.0, 3.6e6
#: Sums of some hundred thousand terms.
ROUNDING = 1e-9
#: Policies that differ in what they ask of the driver: starts alone, starts later, stops.
POLICIES = ("random", "easy-on-demand-first", "coldest", "chaufferie")

FAULTS = st.sampled_from(
    [
        (),
        (Fault(kind=FaultKind.SITE_OFFLINE, sites=(0, 3), from_day=0.3, to_day=0.9),),
        (Fault(kind=FaultKind.SENSOR_STUCK, from_day=0.5, to_day=1.2),),
        (Fault(kind=FaultKind.METER_RESET, sites=(1,), from_day=1.0),),
    ]
)
TOWNS = st.builds(
    Small,
    seed=st.integers(0, 2**32),
    start_day_of_year=st.sampled_from([14, 99, 183]),
    storage_factor=st.sampled_from([0.05, 0.3, 2.0]),
    power_factor=st.sampled_from([0.5, 1.4, 3.0]),
    load_frac=st.sampled_from([0.2, 0.6, 1.5]),
    median_run_h=st.sampled_from([2.0, 8.0]),
    dump_share=st.sampled_from([0.0, 1.0]),
    step_s=st.sampled_from([900, 1800]),
    warmup_days=st.just(1),
    arrival_days=st.just(1),
    faults=FAULTS,
)


@settings(max_examples=6)
@given(town=TOWNS, policy=st.sampled_from(POLICIES))
def test_no_job_is_lost_or_runs_twice_at_once(town: Small, policy: str) -> None:
    """`Watched` compares racks, engine and queue at each step; here is what is left at the end."""
    run = town.run(policy)
    books, waiting = run.books, len(run.engine.state.queue)

    assert books.n_arrived == len(run.scene.workload.jobs)
    assert books.n_running == len(run.engine.state.occupations)
    assert books.n_waiting == waiting
    assert len(run.final) + books.n_running + waiting == books.n_arrived


@settings(max_examples=6)
@given(town=TOWNS, policy=st.sampled_from(POLICIES))
def test_electricity_is_that_of_work_of_boots_and_of_servers_that_are_off(
    town: Small, policy: str
) -> None:
    """Where work is slowed it takes less for as much of it; nowhere does it take more."""
    run = town.run(policy)
    span_s = run.scene.end_plant_s - run.scene.arrivals_plant_s
    off_j = float(run.scene.district.fleet.servers.standby_power_w.sum()) * span_s
    boots_j = sum(rack.boot_j for rack in run.racks)
    used_j = float(run.books.joules["power_w"].sum())

    assert off_j * (1 - ROUNDING) <= used_j
    assert used_j <= (off_j + boots_j + run.work_j()) * (1 + ROUNDING)
    if run.speed_was_full:
        assert used_j == pytest.approx(off_j + boots_j + run.work_j(), rel=ROUNDING)


@settings(max_examples=6)
@given(town=TOWNS, policy=st.sampled_from(POLICIES))
def test_heat_ends_as_useful_dumped_lost_or_kept(town: Small, policy: str) -> None:
    run = town.run(policy, with_series=True)
    joules = {name: float(total.sum()) for name, total in run.books.joules.items()}
    useful_j = float(run.scene.twin.boiler_wh.sum()) * HOUR_S - joules["backup_w"]

    assert 0.0 <= joules["heat_w"] <= joules["power_w"]
    assert -ROUNDING * joules["backup_w"] <= useful_j
    assert useful_j <= (joules["heat_w"] - joules["dumped_w"]) * (1 + ROUNDING)
    assert joules["cooler_power_w"] == pytest.approx(0.05 * joules["dumped_w"])


@settings(max_examples=5)
@given(town=TOWNS, policy=st.sampled_from(POLICIES))
def test_the_hours_of_a_run_add_up_to_its_totals(town: Small, policy: str) -> None:
    run = town.run(policy, with_series=True)
    series = run.books.series()
    assert series is not None

    for name in ("heat_w", "power_w", "demand_w", "dumped_w", "backup_w"):
        hourly_j = getattr(series, name).sum(axis=0) * HOUR_S
        assert hourly_j == pytest.approx(run.books.joules[name], rel=ROUNDING, abs=1.0), name
    n_hours = run.scene.scenario.n_hours - run.scene.first_hour
    assert series.busy_frac.shape == (n_hours, len(run.racks))
    assert np.all((series.busy_frac >= 0.0) & (series.busy_frac <= 1.0 + ROUNDING))
    assert np.all(series.water_temp_c[-1] == run.state.water_temp_c)


@settings(max_examples=6)
@given(town=TOWNS, policy=st.sampled_from(POLICIES))
def test_servers_never_bring_water_above_its_limit(town: Small, policy: str) -> None:
    """The sun may, and then so it does in the twin, where no server is on."""
    run = town.run(policy, with_series=True)
    series, scene = run.books.series(), run.scene
    assert series is not None

    over = series.water_temp_c > scene.district.fleet.limit_temp_c + 1e-6
    assert np.all(scene.twin.last_temp_c.T[over] >= series.water_temp_c[over] - 1e-6)
    if not over.any():
        assert run.books.hottest_over_k <= 1e-6


@settings(max_examples=5)
@given(town=TOWNS, policy=st.sampled_from(POLICIES))
def test_meters_tell_the_heat_that_passed_them(town: Small, policy: str) -> None:
    """Within what each meter errs by, and the pulses it did not finish; a reset loses one more."""
    run = town.run(policy)
    heat_wh = run.books.joules["heat_w"] * run.scene.district.fleet.heat_meter_gain / HOUR_S

    assert np.all(np.abs(run.books.metered_wh - heat_wh) <= 20.0 + 1e-6)


def test_the_runs_that_are_tried_do_meet_what_they_are_tried_for() -> None:
    """Full queues, slowed work, lost work and dumped heat do occur in such towns."""
    offline = Fault(kind=FaultKind.SITE_OFFLINE, sites=(0,), from_day=0.6, to_day=0.9)
    town = Small(
        load_frac=1.5,
        power_factor=3.0,
        storage_factor=0.05,
        dump_share=1.0,
        step_s=1800,
        faults=(offline,),
    )
    run: Watched = town.run("coldest")

    assert run.books.n_waiting > 0
    assert not run.speed_was_full
    assert run.books.lost_j > 0.0
    assert run.books.joules["dumped_w"].sum() > J_PER_KWH


def test_without_days_of_readings_a_run_begins_knowing_nothing() -> None:
    run = Small(warmup_days=0, arrival_days=1, drain_days=0, step_s=1800).run("chaufferie")

    assert run.books.n_arrived == len(run.scene.workload.jobs) > 0
    assert len(run.final) > 0


def test_a_crowded_town_comes_to_rest_at_every_instant() -> None:
    """A job that gave way once took its place back at once, gave way again, and so for ever."""
    run = Small(median_run_h=2.0, load_frac=1.5, power_factor=3.0).run("chaufferie")

    assert run.books.ends[EndReason.PREEMPTED] > 0
    assert run.books.n_waiting > 0
    assert len(run.final) > 300
