"""Energy is neither made nor lost in the plant, more heat is never worse, and meters tell so."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulation.district.build import build_district
from simulation.district.hourly_forcing import HourlyForcing
from simulation.district.setting import FleetSetting
from simulation.district.site import District, SiteKind
from simulation.district.use import draw_forcing
from simulation.plant.fleet import Fleet, FleetState, start
from simulation.plant.forcing import Forcing
from simulation.plant.server import power_for_w
from simulation.plant.stepping import (
    ELECTRICITY_PULSE_WH,
    HEAT_PULSE_WH,
    allowed_power_w,
    step,
)
from simulation.weather.drawing import draw_weather

Floats = NDArray[np.float64]

HOURS = 8760
ZONES = ("H1b", "H3")


def _district(storage_factor: float) -> District:
    """Every kind of site at least once, all with a cooler that may have one."""
    setting = FleetSetting(
        indoor_pools=2,
        outdoor_pools=1,
        dwellings=5,
        buildings=1,
        storage_factor=storage_factor,
        dump_share=1.0,
    )
    return build_district(setting, np.random.default_rng(3), ZONES)


def _year(district: District) -> HourlyForcing:
    rng = np.random.default_rng(4)
    weather = {
        zone: draw_weather(zone, rng, start_plant_s=0.0, n_hours=HOURS) for zone in district.zones
    }
    return draw_forcing(district, weather, rng, 0.0, HOURS)


TOWNS = {factor: _district(factor) for factor in (1.0, 0.2)}
YEARS = {factor: _year(district) for factor, district in TOWNS.items()}
N_SITES = len(TOWNS[1.0].sites)
MOST_STEPS = 30


def _parts(seed: int, n_rows: int) -> Floats:
    """Shares between 0 and 1, often the ends and what standby takes, shape (n_rows, n_sites)."""
    rng = np.random.default_rng(seed)
    anywhere = rng.random((n_rows, N_SITES))
    chosen = rng.choice([0.0, 0.02, 1.0], (n_rows, N_SITES))
    return np.where(rng.random((n_rows, N_SITES)) < 0.5, anywhere, chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Some steps of one of the districts."""

    storage_factor: float
    first_hour: int
    dt_s: float
    n_steps: int
    seed: int

    @property
    def power_fracs(self) -> Floats:
        return _parts(self.seed, self.n_steps)

    @property
    def fleet(self) -> Fleet:
        return TOWNS[self.storage_factor].fleet

    def start(self) -> FleetState:
        fleet = self.fleet
        # Water starts anywhere on the way from set-point to limit.
        (fill_frac,) = _parts(self.seed + 1, 1)
        temp_c = fleet.set_temp_c + fill_frac * (fleet.limit_temp_c - fleet.set_temp_c)
        return start(fleet, plant_time_s=3600.0 * self.first_hour, water_temp_c=temp_c)

    def forcing(self, number: int) -> Forcing:
        hour = self.first_hour + int(number * self.dt_s // 3600)
        return YEARS[self.storage_factor].at(hour)


def _courses(*steps_s: float) -> st.SearchStrategy[Course]:
    return st.builds(
        Course,
        storage_factor=st.sampled_from(sorted(TOWNS)),
        first_hour=st.integers(0, HOURS - 100),
        dt_s=st.sampled_from(steps_s),
        n_steps=st.integers(1, MOST_STEPS),
        seed=st.integers(0, 2**32),
    )


COURSES = _courses(1.0, 60.0, 600.0, 1200.0, 3600.0)
#: Capture is taken at the start of a step. In an hour a small tank may be drawn empty, and what
#: warmer water cost in capture then weighs more than what is left of its warmth.
SHORT_COURSES = _courses(1.0, 60.0, 600.0)


def test_the_districts_have_every_kind_of_site() -> None:
    assert {site.kind for site in TOWNS[1.0].sites} == set(SiteKind)
    assert {site.has_dump_cooler for site in TOWNS[1.0].sites} == {True, False}


@given(course=COURSES)
def test_the_energy_balance_of_every_store_closes(course: Course) -> None:
    fleet, state = course.fleet, course.start()
    before_j = fleet.storage_j_per_k * state.water_temp_c
    net_j, turned_over_j = np.zeros(N_SITES), np.zeros(N_SITES)
    for number, power_frac in enumerate(course.power_fracs):
        power_w = power_frac * fleet.servers.max_power_w
        state, flows = step(fleet, state, power_w, course.forcing(number), course.dt_s)
        assert np.allclose(power_w, flows.heat_w + flows.cabinet_loss_w, rtol=1e-12)
        assert (flows.dumped_w <= flows.heat_w).all()
        inside_w = np.where(fleet.is_preheat, 0.0, flows.backup_w)
        gained_w = flows.heat_w + inside_w - flows.dumped_w
        net_j += (gained_w - flows.tank_loss_w - flows.drawn_w) * course.dt_s
        turned_over_j += (gained_w + abs(flows.tank_loss_w) + abs(flows.drawn_w)) * course.dt_s
    stored_j = fleet.storage_j_per_k * state.water_temp_c - before_j

    # 1e-9 of the energy that is there: what is stored above freezing, and what passed.
    assert (abs(stored_j - net_j) <= 1e-9 * (before_j + turned_over_j)).all()


@given(course=COURSES)
def test_layers_hold_what_the_mean_of_the_tank_says_and_are_warmer_above(course: Course) -> None:
    fleet, state = course.fleet, course.start()
    for number, power_frac in enumerate(course.power_fracs):
        power_w = power_frac * fleet.servers.max_power_w
        state, _ = step(fleet, state, power_w, course.forcing(number), course.dt_s)

    layered = fleet.layers.site_index
    assert np.allclose(state.layer_temp_c.mean(axis=1), state.water_temp_c[layered], rtol=1e-12)
    assert (np.diff(state.layer_temp_c, axis=1) >= -1e-9).all()


@given(course=COURSES)
def test_within_what_the_firmware_allows_water_and_inlet_stay_below_their_limits(
    course: Course,
) -> None:
    fleet, state = course.fleet, course.start()
    for number in range(len(course.power_fracs)):
        forcing = course.forcing(number)
        power_w = allowed_power_w(fleet, state, forcing, course.dt_s)
        assert (power_w >= 0.0).all()
        assert (power_w <= fleet.servers.max_power_w).all()
        state, flows = step(fleet, state, power_w, forcing, course.dt_s)
        assert (state.water_temp_c <= fleet.limit_temp_c + 1e-9).all()
        assert (state.layer_temp_c <= fleet.limit_temp_c.max() + 1e-9).all()
        assert (flows.inlet_temp_c <= fleet.servers.inlet_limit_c + 1e-9).all()


def _power_for(fleet: Fleet, state: FleetState, heat_w: Floats) -> Floats:
    intake_c = state.water_temp_c.copy()
    intake_c[fleet.layers.site_index] = state.layer_temp_c[:, 0]
    return power_for_w(fleet.servers, heat_w, intake_c, fleet.room_temp_c)


@given(course=COURSES, extra_seed=st.integers(0, 2**32))
def test_more_heat_never_leaves_cooler_water_and_saves_the_boiler_no_more_than_itself(
    course: Course, extra_seed: int
) -> None:
    """Both runs get heat at will, also where firmware would not allow it: the proof needs it so."""
    fleet, less, more = course.fleet, course.start(), course.start()
    extra_fracs = _parts(extra_seed, MOST_STEPS)
    saved_j, added_j, turned_over_j = np.zeros(N_SITES), np.zeros(N_SITES), np.zeros(N_SITES)
    for number, frac in enumerate(course.power_fracs):
        forcing, dt_s = course.forcing(number), course.dt_s
        full_w = 0.9 * fleet.servers.max_power_w
        more_frac = frac + extra_fracs[number] * (1.0 - frac)
        less, with_less = step(fleet, less, _power_for(fleet, less, frac * full_w), forcing, dt_s)
        more, with_more = step(
            fleet, more, _power_for(fleet, more, more_frac * full_w), forcing, dt_s
        )
        assert (more.water_temp_c >= less.water_temp_c - 1e-9).all()
        assert (more.layer_temp_c >= less.layer_temp_c - 1e-9).all()
        saved_j += (with_less.backup_w - with_more.backup_w) * dt_s
        net_w = with_more.heat_w - with_more.dumped_w - with_less.heat_w + with_less.dumped_w
        added_j += net_w * dt_s
        turned_over_j += (with_less.heat_w + with_less.backup_w + with_more.heat_w) * dt_s
        room_j = 1e-9 * (turned_over_j + fleet.storage_j_per_k * 50.0)
        assert (saved_j >= -room_j).all()
        kept_j = fleet.storage_j_per_k * (more.water_temp_c - less.water_temp_c)
        assert (saved_j + kept_j <= added_j + room_j).all()


@given(course=SHORT_COURSES, extra_seed=st.integers(0, 2**32))
def test_busier_servers_within_what_firmware_allows_never_leave_cooler_water(
    course: Course, extra_seed: int
) -> None:
    """A busier site may be throttled more, and loses more to its room; still it is ahead."""
    fleet, less, more = course.fleet, course.start(), course.start()
    extra_fracs = _parts(extra_seed, MOST_STEPS)
    saved_j, turned_over_j = np.zeros(N_SITES), np.zeros(N_SITES)
    for number, frac in enumerate(course.power_fracs):
        forcing, dt_s = course.forcing(number), course.dt_s
        less_w = frac * fleet.servers.max_power_w
        more_w = less_w + extra_fracs[number] * (fleet.servers.max_power_w - less_w)
        less_w = np.minimum(less_w, allowed_power_w(fleet, less, forcing, dt_s))
        more_w = np.minimum(more_w, allowed_power_w(fleet, more, forcing, dt_s))
        less, with_less = step(fleet, less, less_w, forcing, dt_s)
        more, with_more = step(fleet, more, more_w, forcing, dt_s)
        assert (more.water_temp_c >= less.water_temp_c - 1e-9).all()
        saved_j += (with_less.backup_w - with_more.backup_w) * dt_s
        turned_over_j += (with_less.heat_w + with_less.backup_w) * dt_s
        assert (saved_j >= -1e-9 * (turned_over_j + fleet.storage_j_per_k * 50.0)).all()


@given(course=COURSES)
def test_registers_equal_the_integral_within_a_pulse_and_never_go_back(course: Course) -> None:
    fleet, state = course.fleet, course.start()
    heat_wh, electricity_wh = np.zeros(N_SITES), np.zeros(N_SITES)
    for number, power_frac in enumerate(course.power_fracs):
        before, power_w = state, power_frac * fleet.servers.max_power_w
        state, flows = step(fleet, state, power_w, course.forcing(number), course.dt_s)
        # What the meter sees is off by its own error, always the same.
        heat_wh += flows.heat_w * (1.0 + fleet.heat_meter_bias_frac) * course.dt_s / 3600.0
        electricity_wh += flows.power_w * course.dt_s / 3600.0
        assert (state.heat.register_wh >= before.heat.register_wh).all()
        assert (state.electricity.register_wh >= before.electricity.register_wh).all()

    short_wh = heat_wh - state.heat.register_wh
    assert ((short_wh > -1e-5) & (short_wh < HEAT_PULSE_WH + 1e-5)).all()
    short_wh = electricity_wh - state.electricity.register_wh
    assert ((short_wh > -1e-5) & (short_wh < ELECTRICITY_PULSE_WH + 1e-5)).all()


@given(course=COURSES)
def test_a_draw_gets_its_heat_from_a_preheat_tank_and_the_rest_from_the_boiler_behind(
    course: Course,
) -> None:
    fleet, state = course.fleet, course.start()
    power_w = course.power_fracs[0] * fleet.servers.max_power_w * 0.1
    _, flows = step(fleet, state, power_w, course.forcing(0), 60.0)
    full_w = flows.demand_w - np.maximum(0.0, flows.tank_loss_w)

    where = fleet.is_preheat
    assert np.allclose((flows.drawn_w + flows.backup_w)[where], full_w[where], rtol=1e-9)


@given(course=COURSES)
def test_a_boiler_inside_keeps_its_set_point_in_any_weather(course: Course) -> None:
    fleet, state = course.fleet, course.start()
    where = ~fleet.is_preheat
    for number in range(len(course.power_fracs)):
        state, flows = step(fleet, state, np.zeros(N_SITES), course.forcing(number), course.dt_s)
        assert np.isfinite(state.water_temp_c).all()
        assert (state.water_temp_c[where] >= fleet.set_temp_c[where]).all()
        assert (flows.heat_w == 0.0).all()


@pytest.mark.parametrize("outdoor_c", [-35.0, 45.0])
def test_weather_never_seen_before_breaks_nothing(outdoor_c: float) -> None:
    district, everywhere = TOWNS[1.0], np.ones(N_SITES)
    forcing = replace(
        YEARS[1.0].at(0),
        outdoor_temp_c=outdoor_c * everywhere,
        sky_temp_c=(outdoor_c - 20.0) * everywhere,
        wind_m_per_s=30.0 * everywhere,
        solar_w_per_m2=1200.0 * everywhere,
        mains_temp_c=1.0 * everywhere,
        draw_kg_per_s=5.0 * everywhere,
    )
    state = start(district.fleet, plant_time_s=0.0, water_temp_c=district.fleet.set_temp_c)
    for _ in range(100):
        power_w = allowed_power_w(district.fleet, state, forcing, 3600.0)
        state, flows = step(district.fleet, state, power_w, forcing, 3600.0)
        assert np.isfinite(state.water_temp_c).all()
        assert np.isfinite(flows.backup_w).all()
        assert (state.water_temp_c <= district.fleet.limit_temp_c + 1e-9).all()


def test_other_weather_is_not_taken_for_the_one_before() -> None:
    """The plant keeps what it made of a forcing; a changed copy must not inherit it."""
    district, forcing = TOWNS[1.0], YEARS[1.0].at(7)
    state = start(district.fleet, plant_time_s=0.0, water_temp_c=district.fleet.set_temp_c)
    _, first = step(district.fleet, state, np.zeros(N_SITES), forcing, 600.0)
    nobody = replace(forcing, draw_kg_per_s=np.zeros(N_SITES), bathers_per_h=np.zeros(N_SITES))
    _, second = step(district.fleet, state, np.zeros(N_SITES), nobody, 600.0)
    _, other_step = step(district.fleet, state, np.zeros(N_SITES), nobody, 60.0)

    assert second.backup_w.sum() < first.backup_w.sum()
    assert np.isfinite(other_step.backup_w).all()
