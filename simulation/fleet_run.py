"""The plant during one simulation: its state, its books, its local control, and its twin.

The twin has the same sites, water and draws and no server ever on. What its boilers supplied more
is the heat that the servers made useful: boiler energy avoided, as a pair of computations.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.reading import Reading
from domain.refusal import Refused
from metering.registers import Meter, RegisterRow
from node_agent.control import ControlMemory, ControlSettings, decide, settings_for
from simulation.energies import Energies
from simulation.instruments import measurements
from simulation.plant.fleet import Fleet, Orders, start, step
from simulation.plant.server import drive, wanted_power_w
from simulation.sites import SimulatedSite, fleet_of

Floats = NDArray[np.float64]

#: The plant is stepped to learn what its sensors say before any time has passed [s].
_GLANCE_S = 1.0


class FleetRun:
    """The sites of one simulation, from its start to now."""

    def __init__(
        self, sites: Sequence[SimulatedSite], *, plant_time_s: float, period_s: float
    ) -> None:
        """Stand at the start, with new meters; local control looks every ``period_s``."""
        self._sites = sites
        self.fleet = fleet_of(sites)
        self._twin_fleet = _without_standby(self.fleet)
        self._off = Orders(use_frac=np.zeros(len(sites)), power_limit_frac=np.zeros(len(sites)))
        self.start_temp_c = np.array([site.start_temp_c for site in sites])
        self.state = start(self.fleet, plant_time_s=plant_time_s, water_temp_c=self.start_temp_c)
        self._twin_state = self.state
        self._flows = step(self.fleet, self.state, self._off, _GLANCE_S)[1]
        self.hottest_c: Floats = self.start_temp_c
        self.energies = Energies.zero(len(sites))
        self.twin_energies = Energies.zero(len(sites))
        self._settings = [_control_settings(site, period_s) for site in sites]
        self._memories = [ControlMemory() for _ in sites]
        self._power_cap_frac: Floats = np.zeros(len(sites))
        self._seq = 0
        self._rows: list[tuple[list[RegisterRow], list[RegisterRow]]] = [([], []) for _ in sites]

    def look(self, now_s: float) -> list[Reading]:
        """One cycle of every site's local control; what it read, in order of the sites.

        It is the law of the agent, on its own sensors; the cap it sets holds until the next look.
        """
        self._seq += 1
        seen = measurements(self.fleet, self.state, self._flows)
        return [self._control(index, seen[index], now_s) for index in range(len(self._sites))]

    def speed_frac(self, use_frac: Floats) -> Floats:
        """Speed of the processors over the coming step, shape (n_sites,); 1 = unhindered.

        The share that power bears to what the load wants, above idle: a server that is throttled
        computes less by as much as it heats less.
        """
        servers = self.fleet.servers
        running = drive(
            servers,
            use_frac=use_frac,
            power_limit_frac=self._power_cap_frac,
            was_shut_down=self.state.is_shut_down,
            water_temp_c=self.state.water_temp_c,
            room_temp_c=self.fleet.room_temp_c,
        )
        wanted_w = wanted_power_w(servers, use_frac) - servers.idle_power_w
        above_idle_w = np.maximum(running.power_w - servers.idle_power_w, 0.0)
        speed = np.divide(above_idle_w, wanted_w, out=np.ones_like(wanted_w), where=wanted_w > 0)
        return np.minimum(speed, 1.0)

    def advance(self, use_frac: Floats, span_s: float) -> None:
        """Let water, boilers and meters go on for one step under this load."""
        orders = Orders(use_frac=use_frac, power_limit_frac=self._power_cap_frac)
        self.state, self._flows = step(self.fleet, self.state, orders, span_s)
        self.energies = self.energies.after(self._flows, span_s)
        self._twin_state, twin = step(self._twin_fleet, self._twin_state, self._off, span_s)
        self.twin_energies = self.twin_energies.after(twin, span_s)
        self.hottest_c = np.maximum(self.hottest_c, self.state.water_temp_c)

    def note_registers(self, now_s: float) -> None:
        """Write down every register."""
        registers = zip(
            self._rows, self.state.heat.register_wh, self.state.electricity.register_wh, strict=True
        )
        for (heat_rows, electricity_rows), heat_wh, electricity_wh in registers:
            heat_rows.append(_row(len(heat_rows), now_s, int(heat_wh)))
            electricity_rows.append(_row(len(electricity_rows), now_s, int(electricity_wh)))

    def meters(self) -> Iterator[tuple[Meter, list[RegisterRow], Meter, list[RegisterRow]]]:
        """Of each site the heat meter and its rows, the electricity meter and its rows."""
        for site, (heat_rows, electricity_rows) in zip(self._sites, self._rows, strict=True):
            heat = Meter(serial=site.heat_meter_serial, is_simulated=True)
            electricity = Meter(serial=site.electricity_meter_serial, is_simulated=True)
            yield heat, heat_rows, electricity, electricity_rows

    def _control(self, index: int, seen: dict[str, Any], now_s: float) -> Reading:
        site = self._sites[index]
        reading = Reading(
            **seen,
            node_id=index + 1,
            seq=self._seq,
            taken_at_s=now_s,
            time_factor=1.0,
            simulated=True,
            heat_meter_serial=site.heat_meter_serial,
            electricity_meter_serial=site.electricity_meter_serial,
            control_state="undecided",
        )
        self._memories[index], action = decide(
            self._memories[index], reading, now_s, self._settings[index]
        )
        self._power_cap_frac[index] = action.power_cap_frac
        return replace(reading, control_state=action.state.value)


def _control_settings(site: SimulatedSite, period_s: float) -> ControlSettings:
    settings = settings_for(
        limit_temp_c=site.limit_temp_c,
        idle_power_w=site.idle_power_w,
        max_power_w=site.max_power_w,
        storage_wh_per_k=site.storage_wh_per_k,
        time_factor=1.0,
        period_s=period_s,
    )
    if isinstance(settings, Refused):
        raise ValueError(settings.sentence)  # noqa: TRY004 - the value, not its type, is wrong
    return settings


def _without_standby(fleet: Fleet) -> Fleet:
    """The same sites with servers that, once off, take no power at all."""
    servers = replace(fleet.servers, standby_power_w=np.zeros(fleet.n_sites))
    return replace(fleet, servers=servers)


def _row(seq: int, now_s: float, index_wh: int) -> RegisterRow:
    return RegisterRow(epoch=1, seq=seq, taken_at_s=now_s, index_wh=index_wh)
