from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.district.assembly import dump_temp_c
from simulation.district.build import build_district
from simulation.district.setting import FleetSetting
from simulation.district.site import SiteKind
from simulation.plant.fleet import (
    Fleet,
    FleetState,
    Flows,
    headroom_wh,
    start,
    stored_wh,
)
from simulation.plant.forcing import Forcing
from simulation.plant.stepping import COOLER_POWER_FRAC, allowed_power_w, step

Floats = NDArray[np.float64]

STEP_S = 600.0
SETTING = FleetSetting(indoor_pools=1, outdoor_pools=1, dwellings=3, buildings=1, dump_share=1.0)
TOWN = build_district(SETTING, np.random.default_rng(1), ("H1a",))
FLEET = TOWN.fleet
INDEX = {site.kind: i for i, site in enumerate(TOWN.sites)}
NOTHING = np.zeros(FLEET.n_sites)
#: A cool grey day on which nobody draws, swims or heats.
QUIET = replace(
    Forcing.indoors(mains_temp_c=np.full(FLEET.n_sites, 12.0), draw_kg_per_s=NOTHING),
    outdoor_temp_c=np.full(FLEET.n_sites, 10.0),
    relative_humidity_frac=np.full(FLEET.n_sites, 0.8),
)


def _state(share_of_band: float, fleet: Fleet = FLEET) -> FleetState:
    temp_c = fleet.set_temp_c + share_of_band * (fleet.limit_temp_c - fleet.set_temp_c)
    return start(fleet, plant_time_s=0.0, water_temp_c=temp_c)


def _stepped(
    state: FleetState, power_w: Floats, forcing: Forcing = QUIET, n_steps: int = 1
) -> tuple[FleetState, Flows]:
    state, flows = step(FLEET, state, power_w, forcing, STEP_S)
    for _ in range(n_steps - 1):
        state, flows = step(FLEET, state, power_w, forcing, STEP_S)
    return state, flows


def test_a_boiler_supplies_what_servers_do_not() -> None:
    pool = INDEX[SiteKind.INDOOR_POOL]
    half = NOTHING.copy()
    half[pool] = 0.25 * FLEET.servers.max_power_w[pool]
    _, alone = _stepped(_state(0.0), NOTHING)
    _, helped = _stepped(_state(0.0), half)

    assert alone.backup_w[pool] == pytest.approx(alone.demand_w[pool])
    assert helped.heat_w[pool] > 0
    assert alone.backup_w[pool] - helped.backup_w[pool] == pytest.approx(helped.heat_w[pool])


def test_water_above_its_set_point_keeps_the_boiler_off_until_it_has_cooled() -> None:
    pool = INDEX[SiteKind.INDOOR_POOL]
    state, flows = _stepped(_state(1.0), NOTHING)

    assert flows.backup_w[pool] == 0
    assert FLEET.set_temp_c[pool] < state.water_temp_c[pool] < FLEET.limit_temp_c[pool]


def test_taps_of_a_hot_loop_take_the_same_heat_from_a_hotter_tank() -> None:
    loop = INDEX[SiteKind.HOT_WATER_LOOP]
    forcing = replace(QUIET, draw_kg_per_s=np.full(FLEET.n_sites, 0.05))
    _, cooler = _stepped(_state(0.2), NOTHING, forcing)
    _, hotter = _stepped(_state(0.9), NOTHING, forcing)

    assert hotter.drawn_w[loop] == pytest.approx(cooler.drawn_w[loop])
    assert hotter.tank_loss_w[loop] > cooler.tank_loss_w[loop]


def test_a_preheat_tank_gives_its_draw_what_it_has_and_the_boiler_behind_the_rest() -> None:
    forcing = replace(QUIET, draw_kg_per_s=np.full(FLEET.n_sites, 0.05))
    _, flows = _stepped(_state(0.5), NOTHING, forcing)
    both = [INDEX[SiteKind.PREHEAT_TANK], INDEX[SiteKind.STRATIFIED_TANK]]
    full_w = 0.05 * 4186.8 * (FLEET.hot_water_temp_c - 12.0)

    assert (flows.drawn_w[both] > 0.2 * full_w[both]).all()
    assert (flows.drawn_w + flows.backup_w)[both] == pytest.approx(full_w[both])


def test_a_draw_leaves_layers_hot_on_top_and_a_mixed_tank_cooler() -> None:
    """So the same tank serves its users better in layers."""
    mixed, layered = INDEX[SiteKind.PREHEAT_TANK], INDEX[SiteKind.STRATIFIED_TANK]
    half_an_hour = FLEET.storage_j_per_k / 4186.8 / 2 / 1800.0
    forcing = replace(QUIET, draw_kg_per_s=half_an_hour)
    _, flows = _stepped(_state(1.0), NOTHING, forcing, n_steps=3)
    share = flows.drawn_w / (flows.drawn_w + flows.backup_w)

    assert share[layered] > share[mixed] + 0.1


def test_a_full_top_does_not_stop_servers_whose_water_comes_from_a_cold_bottom() -> None:
    layered = INDEX[SiteKind.STRATIFIED_TANK]
    state = _state(1.0)
    limit_c = float(FLEET.limit_temp_c[layered])
    layers_c = np.array([[15.0, 15.0, limit_c, limit_c]])
    water_c = state.water_temp_c.copy()
    water_c[layered] = layers_c.mean()
    state = replace(state, layer_temp_c=layers_c, water_temp_c=water_c)
    allowed_w = allowed_power_w(FLEET, state, QUIET, STEP_S)
    after, flows = _stepped(state, allowed_w)

    assert allowed_w[layered] == FLEET.servers.max_power_w[layered]
    # Heat above the room meets colder servers: more of it is captured than hot water takes.
    assert flows.heat_w[layered] / allowed_w[layered] > 0.97
    assert (after.layer_temp_c[0] > [17.0, 17.0, 49.0, 49.0]).all()


def test_a_full_store_allows_no_more_than_it_loses() -> None:
    allowed_w = allowed_power_w(FLEET, _state(1.0), QUIET, STEP_S)
    tanks = [INDEX[SiteKind.PREHEAT_TANK], INDEX[SiteKind.HOT_WATER_LOOP]]

    assert (allowed_w[tanks] < 0.3 * FLEET.servers.max_power_w[tanks]).all()


def test_the_cooler_takes_heat_only_above_its_threshold_and_only_from_servers() -> None:
    building = INDEX[SiteKind.BUILDING]
    full_w = FLEET.servers.max_power_w
    _, cool = _stepped(_state(0.0), full_w)
    _, hot = _stepped(_state(0.99), full_w)
    _, hot_and_off = _stepped(_state(0.99), NOTHING)

    assert dump_temp_c(TOWN.sites[building]) < FLEET.limit_temp_c[building]
    assert cool.dumped_w[building] == 0
    assert hot.dumped_w[building] == pytest.approx(0.30 * full_w[building])
    assert hot.cooler_power_w[building] == COOLER_POWER_FRAC * hot.dumped_w[building]
    assert hot_and_off.dumped_w[building] == 0


def test_a_site_with_a_cooler_may_go_on_by_as_much_as_it_can_throw_away() -> None:
    building = INDEX[SiteKind.BUILDING]
    without = replace(FLEET, cooler_capacity_w=NOTHING)
    allowed_w = allowed_power_w(FLEET, _state(1.0), QUIET, STEP_S)[building]
    less_w = allowed_power_w(without, _state(1.0), QUIET, STEP_S)[building]

    assert allowed_w - less_w == pytest.approx(0.30 * FLEET.servers.max_power_w[building], rel=0.05)


def test_the_sun_may_warm_a_pool_but_fresh_water_holds_it_at_its_limit() -> None:
    pool = INDEX[SiteKind.OUTDOOR_POOL]
    sunny = replace(
        QUIET,
        solar_w_per_m2=np.full(FLEET.n_sites, 900.0),
        outdoor_temp_c=np.full(FLEET.n_sites, 30.0),
        sky_temp_c=np.full(FLEET.n_sites, 20.0),
    )
    warmed, flows = _stepped(_state(0.0), NOTHING, sunny)
    held, _ = _stepped(_state(0.9), NOTHING, sunny, n_steps=60)

    assert flows.backup_w[pool] == 0
    assert warmed.water_temp_c[pool] > FLEET.set_temp_c[pool]
    assert held.water_temp_c[pool] == FLEET.limit_temp_c[pool]
    assert allowed_power_w(FLEET, held, sunny, STEP_S)[pool] <= (
        0.32 * FLEET.servers.max_power_w[pool]
    )


def test_headroom_and_stored_heat_are_two_parts_of_one_band() -> None:
    state = _state(0.25)
    band_wh = FLEET.storage_j_per_k * (FLEET.limit_temp_c - FLEET.set_temp_c) / 3600.0
    stored = stored_wh(FLEET, state, FLEET.set_temp_c)

    assert stored == pytest.approx(0.25 * band_wh)
    assert headroom_wh(FLEET, state) + stored == pytest.approx(band_wh)
    assert (headroom_wh(FLEET, _state(1.5)) == 0).all()


def test_time_and_meters_go_on_with_a_step() -> None:
    state, _ = _stepped(_state(0.0), FLEET.servers.max_power_w, n_steps=6)

    assert state.plant_time_s == 3600.0
    assert state.electricity.register_wh == pytest.approx(FLEET.servers.max_power_w, abs=1)
    bias = state.heat.register_wh / FLEET.servers.max_power_w
    assert ((bias > 0.90) & (bias < 1.02)).all()
