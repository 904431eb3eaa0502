"""Several boilers on one plant: stepped in clock time, read and written by registers."""

from collections.abc import Sequence

import numpy as np

from domain.fleet.modbus_map import LONGEST_LIMIT_VALID_S, MEASUREMENTS, NAMEPLATE, SET_POINT
from domain.fleet.modbus_map import decode as decode_block
from domain.fleet.modbus_map import encode as encode_block
from domain.refusal import Refused
from simulation.boiler.always_on import Orders, advance
from simulation.boiler.config import HouseConfig
from simulation.boiler.cpu_use import CpuUse, read_count
from simulation.boiler.instruments import measurements, nameplate
from simulation.boiler.memory import BoilerMemory
from simulation.boiler.sites import fleet_of
from simulation.plant.fleet import FleetState, start

#: A step never covers more than this much clock time [s]: if the machine slept or the process
#: was stopped, the plant's time stood still with it.
LONGEST_CLOCK_STEP_S = 2.0


class BoilerHouse:
    """The boilers of one process. Clock times are arguments, of any clock that never goes back."""

    def __init__(
        self, config: HouseConfig, memory: BoilerMemory, state: FleetState, now_s: float
    ) -> None:
        """Stand ready with this state."""
        sites = [boiler.site for boiler in config.boilers]
        self._config = config
        self._boilers = fleet_of(sites)
        self._memory = memory
        self._state = state
        self._started_s = self._stepped_s = now_s
        self._use = [CpuUse(cores=1.0) for _ in sites]
        # Without a set-point a boiler idles: who is not told to heat does not.
        self._idle_frac = [site.idle_power_w / site.max_power_w for site in sites]
        self._limits: list[tuple[float, float] | None] = [None] * len(sites)
        self._nameplates = [
            encode_block(NAMEPLATE, nameplate(site, config.time_factor)) for site in sites
        ]
        self._shown: list[list[int]] = []

    @classmethod
    def resumed(cls, config: HouseConfig, now_s: float) -> "BoilerHouse | Refused":
        """Boilers as the last process left them, or new ones; or why that cannot be told."""
        sites = [boiler.site for boiler in config.boilers]
        memory = BoilerMemory(config.state_file, sites)
        new = start(
            fleet_of(sites).fleet,
            plant_time_s=config.start_plant_time_s,
            water_temp_c=np.array([site.start_temp_c for site in sites]),
        )
        state = memory.resume(new)
        if isinstance(state, Refused):
            return state
        house = cls(config, memory, state, now_s)
        # One second of the plant, so that the instruments have something to show.
        house.step(now_s, clock_step_s=1.0 / config.time_factor)
        return house

    @property
    def state(self) -> FleetState:
        """The plant as it is."""
        return self._state

    def step(self, now_s: float, clock_step_s: float | None = None) -> None:
        """Bring the plant to this instant of the clock, remember it, then show it."""
        passed_s = now_s - self._stepped_s if clock_step_s is None else clock_step_s
        passed_s = min(passed_s, LONGEST_CLOCK_STEP_S)
        if passed_s <= 0:
            return
        self._stepped_s = now_s
        limits = np.array([self._limit_frac(index, now_s) for index in range(len(self._use))])
        orders = Orders(use_frac=self._use_frac(passed_s), power_limit_frac=limits)
        span_s = passed_s * self._config.time_factor
        self._state, flows = advance(self._boilers, self._state, orders, span_s)
        self._memory.keep(self._state)
        shown = measurements(self._boilers.fleet, self._state, flows)
        for index, values in enumerate(shown):
            values["power_limit_frac"] = float(limits[index])
            values["uptime_s"] = int(now_s - self._started_s)
        self._shown = [encode_block(MEASUREMENTS, values) for values in shown]

    def registers(self, index: int) -> tuple[Sequence[int], Sequence[int]]:
        """The words of the nameplate and of the measurements of one boiler."""
        return self._nameplates[index], self._shown[index]

    def set_point(self, index: int, words: Sequence[int], now_s: float) -> bool:
        """Take a power limit for a time; whether it was one that can be taken."""
        values = decode_block(SET_POINT, words)
        limit_frac, valid_for_s = float(values["power_limit_frac"]), float(values["valid_for_s"])
        if limit_frac > 1 or not 0 < valid_for_s <= LONGEST_LIMIT_VALID_S:
            return False
        self._limits[index] = (limit_frac, now_s + valid_for_s)
        return True

    def _limit_frac(self, index: int, now_s: float) -> float:
        limit = self._limits[index]
        if limit is None or now_s >= limit[1]:
            return self._idle_frac[index]
        return limit[0]

    def _use_frac(self, passed_s: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        shares = []
        for boiler, use in zip(self._config.boilers, self._use, strict=True):
            found = None if boiler.usage_file is None else read_count(boiler.usage_file)
            cpu_s, cores = (None, None) if found is None else (found.cpu_s, found.cores)
            shares.append(use.step(cpu_s, cores, passed_s))
        return np.array(shares)
