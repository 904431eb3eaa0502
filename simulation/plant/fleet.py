"""The sites of a fleet, as arrays: what is fixed about them, and what changes."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from domain.units import J_PER_WH
from simulation.plant.layers import LAYER_COUNT, Layers
from simulation.plant.meter import Meters
from simulation.plant.pool import Pools
from simulation.plant.server import Servers

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: A temperature that no water reaches: where a site has no cooler, or nothing is let in.
NEVER_C = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What is fixed about the sites. Every array has shape (n_sites,).

    A site has servers and one store of water that they heat. In a *thermostat* store (a pool, the
    tank of a hot-water loop, the buffer of a heating circuit) the backup boiler keeps the water
    at ``set_temp_c``, and servers may lift it further. A *preheat* tank has no boiler inside: its
    draw leaves at the top and is brought to ``hot_water_temp_c`` by the boiler behind.
    """

    servers: Servers
    storage_j_per_k: Floats
    loss_w_per_k: Floats  #: Through the walls of the store into its room.
    room_temp_c: Floats
    set_temp_c: Floats  #: Kept by the boiler; of a preheat tank, the water of no use: mains.
    limit_temp_c: Floats  #: The water is never to be heated above this.
    is_preheat: Flags
    hot_water_temp_c: Floats  #: Of the water drawn, after the boiler.
    recirculation_w: Floats  #: What a loop that is always warm takes from its tank.
    pools: Pools
    layers: Layers  #: Which preheat tanks are stratified, and how.
    #: Fresh water holds the store at this when the sun alone would make it hotter.
    relief_temp_c: Floats
    dump_temp_c: Floats  #: Above this the dump cooler takes the servers' heat before the store.
    cooler_capacity_w: Floats  #: Zero where there is no cooler.
    heat_meter_bias_frac: Floats  #: Systematic error of the heat meter.
    kept_temp_c: Floats = field(init=False)  #: What the boiler inside keeps; none in preheat tanks.
    has_pools: bool = field(init=False)
    heat_meter_gain: Floats = field(init=False)  #: What the heat meter shows, of what passes.

    def __post_init__(self) -> None:
        kept_c = np.where(self.is_preheat, -NEVER_C, self.set_temp_c)
        area_m2 = self.pools.indoor_area_m2 + self.pools.outdoor_area_m2
        object.__setattr__(self, "kept_temp_c", kept_c)
        object.__setattr__(self, "has_pools", bool(area_m2.any()))
        object.__setattr__(self, "heat_meter_gain", 1.0 + self.heat_meter_bias_frac)

    @property
    def n_sites(self) -> int:
        """How many sites there are."""
        return len(self.storage_j_per_k)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetState:
    """What changes about the sites. Arrays have shape (n_sites,) unless they say otherwise."""

    plant_time_s: float  #: Since midnight of the plant's first Monday in January.
    water_temp_c: Floats  #: Mean over the store.
    layer_temp_c: Floats  #: Of stratified tanks, lowest first. Shape (n_stratified, n_layers).
    is_shut_down: Flags  #: By the servers' own protection; see `simulation.boiler.always_on`.
    heat: Meters
    electricity: Meters


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Means over a step. Every array has shape (n_sites,).

    A thermostat store closes as ``C dT/dt = heat + backup - dumped - tank_loss - drawn``; a
    preheat tank likewise without the backup, which stands behind it.
    """

    power_w: Floats
    heat_w: Floats  #: From the servers into the water; what the heat meter sees.
    cabinet_loss_w: Floats  #: The rest of the power, into the room.
    dumped_w: Floats  #: Taken from the servers' heat by the dump cooler.
    cooler_power_w: Floats  #: What the cooler's fans and pumps took.
    tank_loss_w: Floats  #: Standing losses: walls, evaporation, sky, ground; less the sun.
    drawn_w: Floats  #: What users took: hot water above mains, loops, heating, make-up.
    backup_w: Floats  #: What the backup boiler had to add.
    demand_w: Floats  #: What the site asks for with its store at the set-point.
    supply_temp_c: Floats  #: Coolant from the servers, at the end of the step.
    inlet_temp_c: Floats  #: Coolant to the servers, at the end of the step.

    @classmethod
    def none(cls, n_sites: int) -> Self:
        """Nothing flows anywhere."""
        nothing = np.zeros(n_sites)
        return cls(**dict.fromkeys(cls.__slots__, nothing))


def start(
    fleet: Fleet, *, plant_time_s: float, water_temp_c: Floats, meters: Meters | None = None
) -> FleetState:
    """Sites with water at these temperatures, shape (n_sites,), the same in all layers."""
    temps_c = np.array(water_temp_c, dtype=np.float64)
    layers = fleet.layers
    return FleetState(
        plant_time_s=plant_time_s,
        water_temp_c=temps_c,
        layer_temp_c=np.repeat(temps_c[layers.site_index, None], LAYER_COUNT, axis=1),
        is_shut_down=np.zeros(fleet.n_sites, dtype=np.bool_),
        heat=meters or Meters.at_zero(fleet.n_sites),
        electricity=meters or Meters.at_zero(fleet.n_sites),
    )


def headroom_wh(fleet: Fleet, state: FleetState) -> Floats:
    """Heat that each store can take before its limit [Wh], shape (n_sites,); never negative.

    Of a stratified tank it is the room of all layers together: none of them is above the limit.
    """
    room_k = np.maximum(0.0, fleet.limit_temp_c - state.water_temp_c)
    return np.asarray(fleet.storage_j_per_k * room_k / J_PER_WH, dtype=np.float64)


def stored_wh(fleet: Fleet, state: FleetState, floor_temp_c: Floats) -> Floats:
    """Heat in each store above a temperature [Wh], shape (n_sites,); negative where it is below."""
    above_k = state.water_temp_c - floor_temp_c
    return np.asarray(fleet.storage_j_per_k * above_k / J_PER_WH, dtype=np.float64)
