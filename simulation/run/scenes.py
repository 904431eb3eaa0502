"""What every policy of a cell meets alike: sites, weather, draws, jobs, and the twin.

The twin is the same sites under the same weather with no server ever on. What its boilers supply
more is the heat that servers made useful. It is also what the scheduler has read of the sites
before the first job: the days of readings alone are days of the twin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from domain.refusal import Refused
from domain.units import DAY_S, HOUR_S, J_PER_WH
from simulation.district.build import build_district
from simulation.district.hourly_forcing import HourlyForcing
from simulation.district.site import District
from simulation.district.use import draw_forcing
from simulation.oracle.twin import TwinRecord, TwinRecorder
from simulation.plant.fleet import FleetState, Flows, start
from simulation.plant.stepping import step
from simulation.scenario.fault import FaultKind
from simulation.scenario.scenario import Scenario, Season
from simulation.weather.drawing import draw_weather
from simulation.weather.forecast import draw_forecasts
from simulation.weather.reading import read_weather
from simulation.weather.weather import Weather
from simulation.workload.drawing import draw_workload
from simulation.workload.from_log import replay_trace
from simulation.workload.job import Workload
from simulation.workload.swf import read_swf

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One scenario in one season under one seed."""

    scenario: Scenario
    season: Season
    seed: int
    district: District
    weather: Mapping[str, Weather]
    forcing: HourlyForcing
    forecasts: Mapping[str, tuple[Floats, ...]]  #: By zone, one every few hours.
    workload: Workload
    start_plant_s: float  #: Of the readings.
    arrivals_plant_s: float
    end_plant_s: float
    twin: TwinRecord
    arrival_state: FleetState  #: Of the twin, when the first job may come.
    demand_w: Floats  #: That sites showed before, hour by hour, shape (n_hours, n_sites).
    headroom_wh: Floats  #: Likewise, at the end of each hour.
    water_temp_c: Floats  #: Likewise.

    @property
    def first_hour(self) -> int:
        """The hour of the forcing at which jobs may begin to arrive."""
        return round((self.arrivals_plant_s - self.start_plant_s) / HOUR_S)


def build_scene(
    scenario: Scenario,
    season: Season,
    seed: int,
    *,
    weather_file: Path | None = None,
    workload_file: Path | None = None,
) -> Scene | Refused:
    """Draw everything of a cell, and run its twin."""
    start_s = scenario.start_plant_s(season)
    n_hours = scenario.n_hours
    district = build_district(scenario.fleet, _rng(seed, 1), scenario.zones)
    weather = _weather(scenario, season, district, seed, weather_file)
    if isinstance(weather, Refused):
        return weather
    forcing = draw_forcing(district, weather, _rng(seed, 3), start_s, n_hours)
    workload = _workload(scenario, season, district, seed, workload_file)
    if isinstance(workload, Refused):
        return workload
    arrivals_s = scenario.arrivals_plant_s(season)
    record = _run_twin(scenario, district, forcing, start_s, arrivals_s)
    return Scene(
        scenario=scenario,
        season=season,
        seed=seed,
        district=district,
        weather=weather,
        forcing=forcing,
        forecasts={
            zone: draw_forecasts(series, _rng(seed, 5, index), scenario.forecast)
            for index, (zone, series) in enumerate(sorted(weather.items()))
        },
        workload=workload,
        start_plant_s=start_s,
        arrivals_plant_s=arrivals_s,
        end_plant_s=scenario.end_plant_s(season),
        twin=record.twin,
        arrival_state=record.arrival_state,
        demand_w=record.demand_w,
        headroom_wh=record.headroom_wh,
        water_temp_c=record.water_temp_c,
    )


def net_demand_w(district: District, flows: Flows) -> Floats:
    """Heat that each site wants from outside its store [W], shape (n_sites,).

    Of a thermostat store it is all that leaves the water, less what the sun brings: negative
    where the sun alone warms it. Of a preheat tank it is the whole draw, up to its hot water.
    """
    leaving_w = flows.tank_loss_w + flows.drawn_w
    return np.where(district.fleet.is_preheat, flows.demand_w, leaving_w)


def usable_limit_c(district: District) -> Floats:
    """Up to where a site's own control lets its water store heat: its cooler begins there."""
    return np.minimum(district.fleet.limit_temp_c, district.fleet.dump_temp_c)


def room_wh(district: District, state: FleetState) -> Floats:
    """Heat that each store can take before that [Wh], shape (n_sites,); never negative."""
    room_k = np.maximum(usable_limit_c(district) - state.water_temp_c, 0.0)
    return np.asarray(district.fleet.storage_j_per_k * room_k / J_PER_WH)


def _rng(*key: int) -> np.random.Generator:
    """A generator of its own for each draw: what one draw takes changes no other."""
    return np.random.default_rng(key)


def _weather(
    scenario: Scenario, season: Season, district: District, seed: int, file: Path | None
) -> Mapping[str, Weather] | Refused:
    start_s, n_hours = scenario.start_plant_s(season), scenario.n_hours
    found: dict[str, Weather] = {}
    for index, zone in enumerate(sorted(set(district.zones))):
        series: Weather | Refused
        if file is None:
            # The second generator begins anew for each zone: cold spells come over all together.
            series = draw_weather(
                zone,
                _rng(seed, 2, index),
                start_plant_s=start_s,
                n_hours=n_hours,
                country_rng=_rng(seed, 6),
            )
        else:
            series = read_weather(file, zone=zone, start_plant_s=start_s, n_hours=n_hours)
        if isinstance(series, Refused):
            return series
        for fault in scenario.faults:
            if fault.kind is FaultKind.WEATHER_ANOMALY:
                arrivals_s = scenario.arrivals_plant_s(season)
                series = series.warmed(
                    fault.anomaly_k,
                    from_plant_s=arrivals_s + fault.from_day * DAY_S,
                    to_plant_s=arrivals_s + fault.to_day * DAY_S,
                )
        found[zone] = series
    return found


def _workload(
    scenario: Scenario, season: Season, district: District, seed: int, file: Path | None
) -> Workload | Refused:
    start_s = scenario.arrivals_plant_s(season)
    servers = [site.n_servers for site in district.sites]
    if file is None:
        return draw_workload(
            scenario.workload,
            _rng(seed, 4),
            start_plant_s=start_s,
            arrival_days=scenario.arrival_days,
            site_servers=servers,
        )
    trace = read_swf(file)
    if isinstance(trace, Refused):
        return trace
    return replay_trace(
        trace,
        scenario.workload,
        _rng(seed, 4),
        start_plant_s=start_s,
        arrival_days=scenario.arrival_days,
        site_servers=servers,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _TwinRun:
    twin: TwinRecord
    arrival_state: FleetState
    demand_w: Floats
    headroom_wh: Floats
    water_temp_c: Floats


def _run_twin(
    scenario: Scenario,
    district: District,
    forcing: HourlyForcing,
    start_s: float,
    arrivals_s: float,
) -> _TwinRun:
    """The sites with no server on, from the first reading to the end."""
    n_sites = district.fleet.n_sites
    start_c = np.array([site.start_temp_c for site in district.sites])
    state = start(district.fleet, plant_time_s=start_s, water_temp_c=start_c)
    off_w = np.zeros(n_sites)
    dt_s = float(scenario.step_s)
    steps_an_hour = round(HOUR_S / dt_s)
    warmup_hours = round((arrivals_s - start_s) / HOUR_S)
    demand_w = np.zeros((warmup_hours, n_sites))
    headroom, water_c = np.zeros((warmup_hours, n_sites)), np.zeros((warmup_hours, n_sites))
    arrival_state = state
    recorder = TwinRecorder(district.fleet, step_s=dt_s, n_hours=scenario.n_hours - warmup_hours)
    for hour in range(scenario.n_hours):
        if hour == warmup_hours:
            arrival_state = state
        now = forcing.at(hour)
        for _ in range(steps_an_hour):
            before = state
            state, flows = step(district.fleet, state, off_w, now, dt_s)
            if hour >= warmup_hours:
                recorder.add(before, flows, state, now)
            else:
                demand_w[hour] += net_demand_w(district, flows) / steps_an_hour
        if hour < warmup_hours:
            headroom[hour], water_c[hour] = room_wh(district, state), state.water_temp_c
    return _TwinRun(
        twin=recorder.record(),
        arrival_state=arrival_state,
        demand_w=demand_w,
        headroom_wh=headroom,
        water_temp_c=water_c,
    )
