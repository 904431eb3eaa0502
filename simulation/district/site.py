"""One site of a district as a person would describe it, and the district."""

from dataclasses import dataclass
from enum import StrEnum

from simulation.plant.fleet import Fleet
from simulation.plant.server import RACK_SERVER


class SiteKind(StrEnum):
    """What the servers of a site heat."""

    INDOOR_POOL = "indoor_pool"
    OUTDOOR_POOL = "outdoor_pool"  #: Open all year round.
    HOT_WATER_LOOP = "hot_water_loop"  #: The tank of dwellings, kept hot, with its warm loop.
    PREHEAT_TANK = "preheat_tank"  #: Mains water of dwellings on its way to the boiler.
    STRATIFIED_TANK = "stratified_tank"  #: The same in layers.
    BUILDING = "building"  #: The buffer tank of a heating circuit.


@dataclass(frozen=True, slots=True, kw_only=True)
class Basin:
    """The water of a pool and who swims in it."""

    indoor_area_m2: float
    outdoor_area_m2: float
    open_m_per_h: float  #: Mass transfer of the indoor basin; see `simulation.plant.pool`.
    closed_m_per_h: float
    opens_at_h: int
    closes_at_h: int
    bathers_per_day: float  #: Mean over a year.


@dataclass(frozen=True, slots=True, kw_only=True)
class Residents:
    """Those who draw hot water at home."""

    dwellings: int
    persons: float
    recirculation_w: float  #: Zero where the loop is behind the boiler.


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """A public building that is heated, with hot water for its users."""

    loss_w_per_k: float  #: Through walls and by fresh air.
    base_w: float  #: Wanted in any weather.


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSite:
    """A rack of servers, the water it heats, and the people who use that water."""

    name: str
    kind: SiteKind
    zone: str  #: Whose weather it has.
    n_servers: int
    storage_wh_per_k: float
    tank_loss_w_per_k: float
    set_temp_c: float  #: Kept by the boiler; of a preheat tank, of the mains in the mean.
    limit_temp_c: float
    hot_water_temp_c: float
    start_temp_c: float
    has_dump_cooler: bool
    heat_meter_bias_frac: float = 0.0
    mean_demand_w: float = 0.0  #: Heat wanted, mean over a typical year.
    basin: Basin | None = None
    residents: Residents | None = None
    building: Building | None = None

    @property
    def is_preheat(self) -> bool:
        """Whether the boiler stands behind the store, not in it."""
        return self.kind in {SiteKind.PREHEAT_TANK, SiteKind.STRATIFIED_TANK}

    @property
    def floor_temp_c(self) -> float:
        """Water at this temperature holds no useful heat."""
        return self.set_temp_c

    @property
    def cores(self) -> int:
        """Cores of all servers."""
        return self.n_servers * RACK_SERVER.cores

    @property
    def idle_power_w(self) -> float:
        """With all servers on and none at work."""
        return self.n_servers * RACK_SERVER.idle_power_w

    @property
    def max_power_w(self) -> float:
        """With all servers at work."""
        return self.n_servers * RACK_SERVER.max_power_w

    @property
    def standby_power_w(self) -> float:
        """With all servers off."""
        return self.n_servers * RACK_SERVER.standby_power_w


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """The sites of a fleet and the plant they make, in the same order."""

    sites: tuple[DrawnSite, ...]
    fleet: Fleet
    zones: tuple[str, ...]  #: Every zone that a site lies in, each once.
