"""Energy is neither made nor lost in the plant, and its meters tell the truth within a pulse."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulation.plant.draw import DAY_S
from simulation.plant.fleet import (
    ELECTRICITY_PULSE_WH,
    HEAT_PULSE_WH,
    Fleet,
    FleetState,
    Orders,
    advance,
    start,
    step,
)
from simulation.sites import default_sites, fleet_of

SITES = default_sites(4)
FRACS = st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4)
STEPS = st.lists(st.tuples(FRACS, FRACS, st.floats(0.1, 60.0)), min_size=1, max_size=40)
TEMPS = st.lists(st.floats(15.0, 49.9), min_size=4, max_size=4)
TIMES = st.floats(0.0, 365 * DAY_S)


def _at(temps_c: list[float], plant_time_s: float) -> tuple[Fleet, FleetState]:
    fleet = fleet_of(SITES)
    return fleet, start(fleet, plant_time_s=plant_time_s, water_temp_c=np.array(temps_c))


def _orders(use: list[float], limit: list[float]) -> Orders:
    return Orders(use_frac=np.array(use), power_limit_frac=np.array(limit))


@given(steps=STEPS, temps_c=TEMPS, plant_time_s=TIMES)
def test_the_energy_balance_closes(
    steps: list[tuple[list[float], list[float], float]], temps_c: list[float], plant_time_s: float
) -> None:
    fleet, state = _at(temps_c, plant_time_s)
    stored_before_j = fleet.storage_j_per_k * state.water_temp_c
    net_j, turned_over_j = np.zeros(4), np.zeros(4)
    for use, limit, dt_s in steps:
        state, flows = step(fleet, state, _orders(use, limit), dt_s)
        assert np.allclose(flows.power_w, flows.heat_w + flows.cabinet_loss_w, rtol=1e-12)
        net_j += (flows.heat_w - flows.tank_loss_w - flows.drawn_w) * dt_s
        turned_over_j += (flows.heat_w + abs(flows.tank_loss_w) + abs(flows.drawn_w)) * dt_s
    stored_j = fleet.storage_j_per_k * state.water_temp_c - stored_before_j

    # 1e-9 of the energy that is there: what is stored above freezing, and what passed.
    assert (abs(stored_j - net_j) <= 1e-9 * (stored_before_j + turned_over_j)).all()


@given(steps=STEPS, temps_c=TEMPS, plant_time_s=TIMES)
def test_registers_equal_the_integral_within_a_pulse_and_never_go_back(
    steps: list[tuple[list[float], list[float], float]], temps_c: list[float], plant_time_s: float
) -> None:
    fleet, state = _at(temps_c, plant_time_s)
    heat_wh, electricity_wh = np.zeros(4), np.zeros(4)
    for use, limit, dt_s in steps:
        before = state
        state, flows = step(fleet, state, _orders(use, limit), dt_s)
        heat_wh += flows.heat_w * dt_s / 3600.0
        electricity_wh += flows.power_w * dt_s / 3600.0
        assert (state.heat.register_wh >= before.heat.register_wh).all()
        assert (state.electricity.register_wh >= before.electricity.register_wh).all()

    short_wh = heat_wh - state.heat.register_wh
    assert ((short_wh > -1e-6) & (short_wh < HEAT_PULSE_WH + 1e-6)).all()
    short_wh = electricity_wh - state.electricity.register_wh
    assert ((short_wh > -1e-6) & (short_wh < ELECTRICITY_PULSE_WH + 1e-6)).all()


@given(steps=STEPS, temps_c=TEMPS, plant_time_s=TIMES)
def test_the_servers_own_protection_keeps_water_and_inlet_below_the_limit(
    steps: list[tuple[list[float], list[float], float]], temps_c: list[float], plant_time_s: float
) -> None:
    fleet, state = _at(temps_c, plant_time_s)
    nobody_draws = replace(fleet, draws=replace(fleet.draws, daily_kg=np.zeros(4)))
    for use, limit, dt_s in steps:
        state, flows = advance(nobody_draws, state, _orders(use, limit), 30 * dt_s)
        assert (state.water_temp_c < 50.0).all()
        assert (flows.inlet_temp_c <= 50.0 + 1e-9).all()


@given(temps_c=TEMPS, plant_time_s=TIMES, use=FRACS)
def test_a_draw_gets_its_heat_from_the_tank_and_the_rest_from_the_backup_boiler(
    temps_c: list[float], plant_time_s: float, use: list[float]
) -> None:
    fleet, state = _at(temps_c, plant_time_s)
    _, flows = step(fleet, state, _orders(use, [1.0] * 4), 60.0)
    full_w = flows.demand_w - np.maximum(0.0, flows.tank_loss_w)

    assert np.allclose(flows.drawn_w + flows.backup_w, full_w, rtol=1e-9, atol=1e-6)
