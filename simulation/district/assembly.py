"""From the sites of a district to the arrays of the plant."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.units import J_PER_WH
from simulation.district.site import Basin, DrawnSite, SiteKind
from simulation.plant.fleet import NEVER_C, Fleet
from simulation.plant.layers import Layers
from simulation.plant.pool import Pools
from simulation.plant.server import Servers

Floats = NDArray[np.float64]

#: Highest coolant inlet of servers made for warm water, where the water itself stays below.
_INLET_LIMIT_C = 50.0
#: A room with servers and a boiler.
_PLANT_ROOM_C = 25.0
#: Pool halls are kept warmer than the water by 1 to 2 K, at 55 to 65 % of humidity.
_HALL_ABOVE_WATER_K, _HALL_HUMIDITY_FRAC = 2.0, 0.60
#: Fresh water for each bather; the rule asks for 30 L at least.
_MAKEUP_KG_PER_BATHER = 50.0
#: The cooler takes this share of full power, above a threshold that lies this far below the limit:
#: a few kelvins of a tank, so that it works before local control slows the servers down, or part
#: of the band of a pool.
_COOLER_FRAC = 0.30
_DUMP_BELOW_K, _DUMP_BELOW_BAND_FRAC = 4.0, 0.3

_NO_BASIN = Basin(
    indoor_area_m2=0.0,
    outdoor_area_m2=0.0,
    open_m_per_h=0.0,
    closed_m_per_h=0.0,
    opens_at_h=0,
    closes_at_h=24,
    bathers_per_day=0.0,
)


def fleet_of_district(sites: Sequence[DrawnSite]) -> Fleet:
    """The plant that these sites make together, in their order."""

    def each(value: Callable[[DrawnSite], float]) -> Floats:
        return np.array([value(site) for site in sites], dtype=np.float64)

    max_power_w = each(lambda site: site.max_power_w)
    storage_j_per_k = each(lambda site: site.storage_wh_per_k * J_PER_WH)
    loss_w_per_k = each(lambda site: site.tank_loss_w_per_k)
    which = np.array(
        [i for i, site in enumerate(sites) if site.kind is SiteKind.STRATIFIED_TANK], dtype=np.intp
    )
    return Fleet(
        servers=Servers(
            idle_power_w=each(lambda site: site.idle_power_w),
            max_power_w=max_power_w,
            standby_power_w=each(lambda site: site.standby_power_w),
            inlet_limit_c=each(
                lambda site: site.limit_temp_c if site.basin is None else _INLET_LIMIT_C
            ),
        ),
        storage_j_per_k=storage_j_per_k,
        loss_w_per_k=loss_w_per_k,
        room_temp_c=np.full(len(sites), _PLANT_ROOM_C),
        set_temp_c=each(lambda site: site.set_temp_c),
        limit_temp_c=each(lambda site: site.limit_temp_c),
        is_preheat=np.array([site.is_preheat for site in sites]),
        hot_water_temp_c=each(lambda site: site.hot_water_temp_c),
        recirculation_w=each(
            lambda site: 0.0 if site.residents is None else site.residents.recirculation_w
        ),
        pools=_pools(sites),
        layers=Layers.of(which, storage_j_per_k[which], loss_w_per_k[which]),
        relief_temp_c=each(lambda site: NEVER_C if site.basin is None else site.limit_temp_c),
        dump_temp_c=each(dump_temp_c),
        cooler_capacity_w=each(
            lambda site: _COOLER_FRAC * site.max_power_w if site.has_dump_cooler else 0.0
        ),
        heat_meter_bias_frac=each(lambda site: site.heat_meter_bias_frac),
    )


def dump_temp_c(site: DrawnSite) -> float:
    """Where the site's cooler begins to take the heat of the servers; out of reach without one."""
    if not site.has_dump_cooler:
        return NEVER_C
    band_k = site.limit_temp_c - site.set_temp_c
    return site.limit_temp_c - min(_DUMP_BELOW_K, _DUMP_BELOW_BAND_FRAC * band_k)


def _pools(sites: Sequence[DrawnSite]) -> Pools:
    basins = [site.basin or _NO_BASIN for site in sites]
    has_basin = np.array([site.basin is not None for site in sites])
    return Pools(
        indoor_area_m2=np.array([basin.indoor_area_m2 for basin in basins]),
        outdoor_area_m2=np.array([basin.outdoor_area_m2 for basin in basins]),
        hall_temp_c=np.array([site.set_temp_c + _HALL_ABOVE_WATER_K for site in sites]),
        hall_humidity_frac=np.full(len(sites), _HALL_HUMIDITY_FRAC),
        open_m_per_h=np.array([basin.open_m_per_h for basin in basins]),
        closed_m_per_h=np.array([basin.closed_m_per_h for basin in basins]),
        makeup_kg_per_bather=np.where(has_basin, _MAKEUP_KG_PER_BATHER, 0.0),
    )
