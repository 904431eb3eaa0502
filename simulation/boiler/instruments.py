"""What the instruments of a simulated boiler show, under the names of the register map."""

from collections.abc import Mapping

from domain.fleet.modbus_map import MAP_VERSION, Value
from simulation.boiler.sites import SimulatedSite
from simulation.plant.fleet import Fleet, FleetState, Flows, headroom_wh


def nameplate(site: SimulatedSite, time_factor: float) -> Mapping[str, Value]:
    """The values of `domain.fleet.modbus_map.NAMEPLATE` for a site."""
    return {
        "map_version": MAP_VERSION,
        "is_simulated": 1,
        "time_factor": time_factor,
        "idle_power_w": site.idle_power_w,
        "max_power_w": site.max_power_w,
        "storage_wh_per_k": site.storage_wh_per_k,
        "limit_temp_c": site.limit_temp_c,
        "heat_meter_serial": site.heat_meter_serial,
        "electricity_meter_serial": site.electricity_meter_serial,
    }


def measurements(fleet: Fleet, state: FleetState, flows: Flows) -> list[dict[str, Value]]:
    """For each site, what its sensors and meters say of the plant after a step."""
    room_wh = headroom_wh(fleet, state)
    return [
        {
            "water_temp_c": float(state.water_temp_c[index]),
            "supply_temp_c": float(flows.supply_temp_c[index]),
            "inlet_temp_c": float(flows.inlet_temp_c[index]),
            "power_w": float(flows.power_w[index]),
            "heat_power_w": float(flows.heat_w[index]),
            "heat_demand_w": float(flows.demand_w[index]),
            "headroom_wh": float(room_wh[index]),
            "heat_register_wh": int(state.heat.register_wh[index]),
            "electricity_register_wh": int(state.electricity.register_wh[index]),
        }
        for index in range(fleet.n_sites)
    ]
