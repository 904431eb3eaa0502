"""Districts with every kind of store, and trajectories of their plant that obey no scheduler."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from domain.units import HOUR_S
from simulation.district.build import build_district
from simulation.district.hourly_forcing import HourlyForcing
from simulation.district.setting import FleetSetting
from simulation.district.site import District
from simulation.district.use import draw_forcing
from simulation.oracle.bound import Bound
from simulation.oracle.plant_series import series_of
from simulation.oracle.series import SiteSeries
from simulation.oracle.twin import TwinRecord, run_twin
from simulation.plant.fleet import FleetState, start
from simulation.plant.forcing import Forcing
from simulation.plant.stepping import allowed_power_w, step
from simulation.weather.drawing import draw_weather

Floats = NDArray[np.float64]

ZONES = ("H1b", "H3")
YEAR_HOURS = 8760


@cache
def district_of(storage_factor: float, power_factor: float) -> District:
    """Every kind of site at least once, with coolers wherever there may be some."""
    setting = FleetSetting(
        indoor_pools=2,
        outdoor_pools=1,
        dwellings=3,
        buildings=2,
        storage_factor=storage_factor,
        power_factor_low=power_factor,
        power_factor_high=2.0 * power_factor,
        dump_share=0.6,
    )
    return build_district(setting, np.random.default_rng(7), ZONES)


@cache
def year_of(storage_factor: float, power_factor: float) -> HourlyForcing:
    """A year of weather and draws of that district."""
    district, rng = district_of(storage_factor, power_factor), np.random.default_rng(8)
    weather = {
        zone: draw_weather(zone, rng, start_plant_s=0.0, n_hours=YEAR_HOURS)
        for zone in district.zones
    }
    return draw_forcing(district, weather, rng, 0.0, YEAR_HOURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Some hours of a district, from one state that a run and its twin share."""

    storage_factor: float
    power_factor: float
    first_hour: int
    n_hours: int
    step_s: float
    fill_seed: int

    @property
    def district(self) -> District:
        return district_of(self.storage_factor, self.power_factor)

    @property
    def steps_per_hour(self) -> int:
        return round(HOUR_S / self.step_s)

    @property
    def base_w(self) -> Floats:
        return self.district.fleet.servers.standby_power_w

    @property
    def span_w(self) -> Floats:
        return self.district.fleet.servers.max_power_w - self.base_w

    def forcing(self, hour: int) -> Forcing:
        return year_of(self.storage_factor, self.power_factor).at(self.first_hour + hour)

    def start(self) -> FleetState:
        """Some sites at their set-point, some warmer, some at their limit."""
        fleet, rng = self.district.fleet, np.random.default_rng(self.fill_seed)
        fill_frac = rng.choice([0.0, 0.0, 0.3, 1.0], fleet.n_sites)
        temp_c = fleet.set_temp_c + fill_frac * (fleet.limit_temp_c - fleet.set_temp_c)
        return start(fleet, plant_time_s=HOUR_S * self.first_hour, water_temp_c=temp_c)

    def twin(self) -> TwinRecord:
        return run_twin(
            self.district.fleet,
            self.start(),
            self.forcing,
            n_hours=self.n_hours,
            step_s=self.step_s,
        )

    def series(self) -> SiteSeries:
        return series_of(self.district.fleet, self.twin())


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """What a run did on the plant, hour by hour. Arrays have shape (n_sites, n_hours)."""

    power_wh: Floats  #: Above standby.
    useful_wh: Floats
    excess_wh: Floats  #: At the end of each hour.
    step_power_w: Floats  #: Above standby. Shape (n_sites, n_steps).


def drive(stage: Stage, wanted_frac: Floats) -> Trajectory:
    """Let servers take what they want of their power, as far as their firmware allows.

    ``wanted_frac`` has shape (n_sites, n_steps), 0 is standby and 1 full power.
    """
    fleet, per_hour = stage.district.fleet, stage.steps_per_hour
    shape = (fleet.n_sites, stage.n_hours)
    power, useful, excess = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    taken = np.zeros(wanted_frac.shape)
    run = twin = stage.start()
    for number in range(per_hour * stage.n_hours):
        hour, forcing = number // per_hour, stage.forcing(number // per_hour)
        allowed_w = allowed_power_w(fleet, run, forcing, stage.step_s)
        power_w = np.minimum(stage.base_w + wanted_frac[:, number] * stage.span_w, allowed_w)
        run, flows = step(fleet, run, power_w, forcing, stage.step_s)
        twin, twin_flows = step(fleet, twin, np.zeros(shape[0]), forcing, stage.step_s)
        taken[:, number] = np.maximum(power_w - stage.base_w, 0.0)
        power[:, hour] += taken[:, number] / per_hour
        useful[:, hour] += (twin_flows.backup_w - flows.backup_w) / per_hour
        excess[:, hour] = fleet.storage_j_per_k * (run.water_temp_c - twin.water_temp_c) / HOUR_S
    return Trajectory(power_wh=power, useful_wh=useful, excess_wh=excess, step_power_w=taken)


def excess_over_cuts(series: SiteSeries, run: Trajectory) -> dict[str, float]:
    """By how much the run violates each inequality at its worst, as a share of the power."""
    before = _hour_before(run.excess_wh)
    dumping = np.maximum(0.0, run.excess_wh - series.undumped_max_wh)
    risen = dumping - _hour_before(dumping)
    scale = series.power_max_wh[:, None]
    worst = {
        "power": float(((run.power_wh - scale) / scale).max()),
        "useful": float(((run.useful_wh - series.useful_max_wh) / scale).max()),
        "excess": float(((run.excess_wh - series.excess_max_wh) / scale).max()),
    }
    for number, cut in enumerate(series.cuts):
        total = (
            cut.power * run.power_wh
            + cut.start * before
            + cut.end * run.excess_wh
            + cut.useful * run.useful_wh
        )
        if cut.dumping is not None:
            total = total + cut.dumping * risen
        is_imposed = np.isfinite(cut.room)
        over = np.where(is_imposed, total - np.where(is_imposed, cut.room, 0.0), -np.inf)
        worst[f"cut {number}"] = float((over / scale).max())
    return worst


def _hour_before(values: Floats) -> Floats:
    return np.concatenate([np.zeros((len(values), 1)), values[:, :-1]], axis=1)


def schedule_frac(stage: Stage, target: Bound) -> Floats:
    """The bound's own schedule as shares of the power, shape (n_sites, n_steps)."""
    share = target.site_power_w / stage.span_w[:, None]
    return np.repeat(share, stage.steps_per_hour, axis=1)
