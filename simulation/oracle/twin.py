"""The twin: the same sites under the same weather and draws, with their servers off."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.units import HOUR_S, J_PER_WH
from simulation.plant.fleet import Fleet, FleetState, Flows
from simulation.plant.forcing import Forcing
from simulation.plant.loads import loads_of
from simulation.plant.stepping import step

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinRecord:
    """What the twin did, hour by hour. Arrays have shape (n_sites, n_hours)."""

    step_s: float  #: Of the plant; it divides an hour.
    boiler_wh: Floats
    boiler_peak_w: Floats  #: Largest mean of a step.
    load_w_per_k: Floats  #: Slope of losses and draw together in the water's temperature.
    loss_w_per_k: Floats  #: Of losses alone.
    drawn_w_per_k: Floats  #: Of the draw alone: water that leaves as warm as it is.
    draw_room_wh: Floats  #: What more the draw would carry if it left at the store's limit.
    excess_room_wh: Floats  #: Heat by which a run's store can exceed this one, at the hour's end.
    end_temp_c: Floats  #: Of the water, mean over the ends of the steps.
    intake_temp_c: Floats  #: Of the water at the servers' exchanger, mean over the starts of steps.
    intake_low_c: Floats  #: And the lowest of them.
    risen_k: Floats  #: All that the water rose in the hour, whatever it fell between.
    last_temp_c: Floats  #: Of the water at the end of the hour.

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of sites and of hours."""
        n_sites, n_hours = self.boiler_wh.shape
        return n_sites, n_hours


class TwinRecorder:
    """Takes down a twin step by step.

    The first step added begins a whole hour, and there the run that is to be compared has the
    same state as the twin.
    """

    def __init__(self, fleet: Fleet, *, step_s: float, n_hours: int) -> None:
        self._fleet = fleet
        self._step_s = step_s
        self._per_hour = round(HOUR_S / step_s)
        self._n_steps = 0
        self._lines = {
            name: np.zeros((n_hours, fleet.n_sites))
            for name in TwinRecord.__slots__
            if name != "step_s"
        }
        self._lines["intake_low_c"] += np.inf
        self._excess_room_wh = np.zeros(fleet.n_sites)
        self._top_c = np.minimum(fleet.limit_temp_c, fleet.servers.inlet_limit_c)

    def add(self, before: FleetState, flows: Flows, after: FleetState, forcing: Forcing) -> None:
        """Take down the next step of the twin."""
        fleet, hour = self._fleet, self._n_steps // self._per_hour
        line = {name: values[hour] for name, values in self._lines.items()}
        loads = loads_of(fleet, forcing, self._step_s)
        intake_c = before.water_temp_c.copy()
        intake_c[fleet.layers.site_index] = before.layer_temp_c[:, 0]
        hours = self._step_s / HOUR_S
        line["boiler_wh"] += flows.backup_w * hours
        np.maximum(line["boiler_peak_w"], flows.backup_w, out=line["boiler_peak_w"])
        line["load_w_per_k"][:] = loads.total_w_per_k
        line["loss_w_per_k"][:] = loads.loss_w_per_k
        line["drawn_w_per_k"][:] = loads.drawn_w_per_k
        hottest_draw_w = loads.drawn_w + loads.drawn_w_per_k * (self._top_c - fleet.set_temp_c)
        line["draw_room_wh"] += (hottest_draw_w - flows.drawn_w) * hours
        line["end_temp_c"] += after.water_temp_c / self._per_hour
        line["intake_temp_c"] += intake_c / self._per_hour
        np.minimum(line["intake_low_c"], intake_c, out=line["intake_low_c"])
        risen_k = after.water_temp_c - before.water_temp_c
        if self._n_steps == 0:
            # Water that is already above a cooler's threshold has, so to say, risen there before.
            line["risen_k"] += np.maximum(before.water_temp_c - fleet.dump_temp_c, 0.0)
        line["risen_k"] += np.maximum(risen_k, 0.0)
        line["last_temp_c"][:] = after.water_temp_c
        line["excess_room_wh"][:] = self._room_wh(after, loads.total_w_per_k)
        self._n_steps += 1

    def _room_wh(self, after: FleetState, load_w_per_k: Floats) -> Floats:
        """Servers heat no store beyond its limit; the sun may, and then an excess only decays."""
        fleet = self._fleet
        storage = fleet.storage_j_per_k / J_PER_WH
        kept_frac = np.exp(-load_w_per_k * self._step_s / fleet.storage_j_per_k)
        heated = np.maximum(storage * (self._top_c - after.water_temp_c), 0.0)
        relieved = np.maximum(storage * (fleet.relief_temp_c - after.water_temp_c), 0.0)
        self._excess_room_wh = np.minimum(
            np.maximum(heated, self._excess_room_wh * kept_frac), relieved
        )
        return self._excess_room_wh

    def record(self) -> TwinRecord:
        """What was taken down; every hour must be complete."""
        expected = self._per_hour * len(self._lines["boiler_wh"])
        if self._n_steps != expected:
            raise ValueError(f"{self._n_steps} steps were taken down, not {expected}")
        return TwinRecord(
            step_s=self._step_s,
            **{name: np.ascontiguousarray(values.T) for name, values in self._lines.items()},
        )


def run_twin(
    fleet: Fleet,
    state: FleetState,
    forcing_at: Callable[[int], Forcing],
    *,
    n_hours: int,
    step_s: float,
) -> TwinRecord:
    """Run the twin from this state through hours 0, 1, ... of ``forcing_at``, and record it."""
    recorder = TwinRecorder(fleet, step_s=step_s, n_hours=n_hours)
    off_w = np.zeros(fleet.n_sites)
    for hour in range(n_hours):
        forcing = forcing_at(hour)
        for _ in range(round(HOUR_S / step_s)):
            after, flows = step(fleet, state, off_w, forcing, step_s)
            recorder.add(state, flows, after, forcing)
            state = after
    return recorder.record()
