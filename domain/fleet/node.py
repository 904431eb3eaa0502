"""What a node declares of itself, and the site whose water it heats."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.fleet.profiles import NodeProfile, profile_of
from domain.units import HOUR_S


class NodeState(StrEnum):
    """Whether work may be sent to a node."""

    UP = "up"
    DOWN = "down"  #: Not heard of for too long.
    DRAINED = "drained"  #: An operator wants no new work on it.


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """The inventory and power model of one server-boiler."""

    cores: int
    mem_mib: int
    cores_are_shared: bool = False  #: Its cores are also advertised by other nodes.
    idle_power_w: float
    max_power_w: float  #: Electric power with every core busy.
    capture_frac: float = 0.95  #: Share of the electricity that reaches the water.
    host_name: str = "localhost"
    is_simulated: bool = False  #: Its boiler and meters are a plant model, not metal.
    time_factor: float = 1.0  #: Seconds of its plant for one second of the clock; 1 = real.
    features: tuple[str, ...] = ()  #: What a job may ask for by name.
    gpus: tuple[str, ...] = ()  #: The model of each device, in the order of the devices.
    profiles: tuple[NodeProfile, ...] = ()  #: Programs for simulation that were found on it.
    is_closed: bool = False  #: Its jobs are kept off the network, so none runs on several nodes.

    def job_power_w(self, cores: int) -> float:
        """Electric power [W] that a job on this many cores adds to the idle node.

        Linear power model, Fan, Weber and Barroso 2007, doi:10.1145/1250662.1250665.
        """
        return (self.max_power_w - self.idle_power_w) * cores / self.cores

    def job_energy_wh(self, busy_core_s: float) -> float:
        """Electricity [Wh] that so many seconds of one busy core take, by the power model.

        Seconds of the clock; on a plant whose time runs faster they are as many more.
        """
        return self.job_power_w(1) * busy_core_s * self.time_factor / HOUR_S


def node_spec_of(plain: Mapping[str, Any]) -> NodeSpec:
    """The inventory that was written as JSON, by this version or an earlier one."""
    lists = {name: tuple(value) for name, value in plain.items() if isinstance(value, list | tuple)}
    profiles = tuple(profile_of(item) for item in plain.get("profiles", ()))
    return NodeSpec(**{**plain, **lists, "profiles": profiles})


#: Mains water where nothing else is said: annual mean of the ADEME and COSTIC campaign, 2016.
MAINS_TEMP_C = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSpec:
    """A place with a heat demand, as the scheduler believes it to be."""

    name: str
    storage_wh_per_k: float  #: Heat its water takes up for each kelvin.
    limit_temp_c: float = 50.0  #: Water is never heated above this.
    #: Water this warm holds no useful heat: the set-point of the boiler, or mains water.
    floor_temp_c: float = MAINS_TEMP_C
    is_preheat: bool = True  #: The boiler stands behind the tank and brings a draw to its heat.
