"""One run of the engine on the plant: its books close, it repeats, its water stays in bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.refusal import Refused
from metering.registers import heat_between
from scheduler.placement.coldest import ColdestTank
from simulation.clock import VirtualClock, month_start_s
from simulation.driver import Simulation, World
from simulation.report import Setting, to_plain
from simulation.run import simulate
from simulation.sites import default_sites
from simulation.workload import draw_jobs

HOUR_S = 3600.0
N_SITES = 4
NODE_CORES = 8
#: A pulse of a meter: what its register may lag behind the energy that passed.
HEAT_PULSE_J = 10 * 3600.0
ELECTRICITY_PULSE_J = 3600.0


def simulated(*, seed: int, hours: float, month: int, load_frac: float) -> Simulation:
    clock = VirtualClock(month_start_s(month))
    jobs = draw_jobs(
        np.random.default_rng(seed),
        start_s=clock.now_s,
        span_s=hours * HOUR_S,
        fleet_cores=N_SITES * NODE_CORES,
        widest_node_cores=NODE_CORES,
        load_frac=load_frac,
    )
    world = World(sites=tuple(default_sites(N_SITES)), node_cores=NODE_CORES)
    simulation = Simulation(world=world, jobs=jobs, policy=ColdestTank(), clock=clock)
    simulation.run(hours * HOUR_S)
    return simulation


runs = st.builds(
    simulated,
    seed=st.integers(0, 2**32),
    hours=st.floats(0.1, 8.0),
    month=st.integers(1, 12),
    load_frac=st.floats(0.05, 2.0),
)


@settings(max_examples=25)
@given(runs)
def test_every_joule_is_accounted_for(run: Simulation) -> None:
    """Electricity = heat + cabinet loss; heat = drawn + tank loss + what the water keeps."""
    books, plant = run.fleet_run.energies, run.fleet_run
    kept_j = plant.fleet.storage_j_per_k * (plant.state.water_temp_c - plant.start_temp_c)
    scale_j = books.electricity_j + books.drawn_j + np.abs(kept_j)

    into_servers_j = books.heat_j + books.cabinet_loss_j
    into_water_j = books.drawn_j + books.tank_loss_j + kept_j
    assert np.all(np.abs(books.electricity_j - into_servers_j) <= 1e-9 * scale_j)
    assert np.all(np.abs(books.heat_j - into_water_j) <= 1e-9 * scale_j)


@settings(max_examples=10)
@given(runs)
def test_registers_tell_the_energy_that_passed_them(run: Simulation) -> None:
    books = run.fleet_run.energies
    passed = zip(run.fleet_run.meters(), books.heat_j, books.electricity_j, strict=True)
    for (heat, heat_rows, electricity, electricity_rows), heat_j, electricity_j in passed:
        for meter, rows, energy_j, pulse_j in (
            (heat, heat_rows, heat_j, HEAT_PULSE_J),
            (electricity, electricity_rows, electricity_j, ELECTRICITY_PULSE_J),
        ):
            counted = heat_between(rows, 0.0, 1e12, meter)
            assert not isinstance(counted, Refused)
            assert 0 <= energy_j - counted.energy_wh * 3600.0 < pulse_j + 1e-3


@settings(max_examples=15)
@given(runs)
def test_no_job_is_lost_or_doubled(run: Simulation) -> None:
    counts = run.counts
    run.engine.state.check_invariants()

    finished = sum(counts.ends.values())
    assert finished + counts.n_running + counts.n_waiting == counts.n_arrived
    assert counts.n_waiting == len(run.engine.state.queue)
    assert counts.n_running == len(run.engine.state.occupations)


@settings(max_examples=15)
@given(runs)
def test_water_is_never_heated_above_its_limit(run: Simulation) -> None:
    assert np.all(run.fleet_run.hottest_c <= run.fleet_run.fleet.tank_limit_c)


@settings(max_examples=5)
@given(st.integers(0, 2**32))
def test_the_same_setting_gives_the_same_figures(seed: int) -> None:
    setting = Setting(
        policy="coldest",
        seed=seed,
        days=0.25,
        month=4,
        sites=N_SITES,
        node_cores=NODE_CORES,
        load_frac=0.7,
    )
    once, again = simulate(setting), simulate(setting)

    assert not isinstance(once, Refused)
    assert not isinstance(again, Refused)
    assert to_plain(setting, once) == to_plain(setting, again)


@pytest.mark.parametrize(
    ("policy", "days", "seed"),
    [
        ("hottest", 1.0, 1),
        ("coldest", 0.0, 1),
        ("coldest", float("inf"), 1),
        ("coldest", float("nan"), 1),
        ("coldest", 1.0, -1),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_a_sentence(
    policy: str, days: float, seed: int
) -> None:
    setting = Setting(
        policy=policy, seed=seed, days=days, month=1, sites=1, node_cores=1, load_frac=0.5
    )
    refused = simulate(setting)

    assert isinstance(refused, Refused)
    assert refused.sentence.endswith(".")
