import json
from pathlib import Path

import numpy as np

from simulation.boiler.always_on import Orders, advance
from simulation.boiler.memory import BoilerMemory
from simulation.boiler.sites import default_sites, fleet_of
from simulation.plant.fleet import FleetState, start

SITES = default_sites(3)


def _new(n_sites: int) -> FleetState:
    fleet = fleet_of(SITES[:n_sites]).fleet
    return start(fleet, plant_time_s=0.0, water_temp_c=np.full(n_sites, 30.0))


def _ran() -> FleetState:
    orders = Orders(use_frac=np.array([0.0, 0.5, 1.0]), power_limit_frac=np.ones(3))
    state, _ = advance(fleet_of(SITES), _new(3), orders, 5000.0)
    return state


def _resumed(memory: BoilerMemory, n_sites: int) -> FleetState:
    state = memory.resume(_new(n_sites))
    assert isinstance(state, FleetState)
    return state


def test_what_was_kept_is_resumed_to_the_last_bit(tmp_path: Path) -> None:
    left = _ran()
    BoilerMemory(tmp_path / "state.json", SITES).keep(left)
    found = _resumed(BoilerMemory(tmp_path / "state.json", SITES), 3)

    assert found.plant_time_s == left.plant_time_s
    assert (found.water_temp_c == left.water_temp_c).all()
    assert (found.heat.register_wh == left.heat.register_wh).all()
    assert (found.heat.carried_j == left.heat.carried_j).all()
    assert (found.electricity.register_wh == left.electricity.register_wh).all()
    assert (found.electricity.carried_j == left.electricity.carried_j).all()
    assert (found.is_shut_down == left.is_shut_down).all()


def test_without_a_file_boilers_are_new(tmp_path: Path) -> None:
    found = _resumed(BoilerMemory(tmp_path / "state.json", SITES), 3)

    assert found.heat.register_wh.tolist() == [0, 0, 0]


def test_a_site_that_is_away_for_a_run_keeps_its_registers(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    left = _ran()
    BoilerMemory(path, SITES).keep(left)
    fewer = BoilerMemory(path, SITES[:1])
    fewer.keep(_resumed(fewer, 1))
    found = _resumed(BoilerMemory(path, SITES), 3)

    assert (found.heat.register_wh == left.heat.register_wh).all()
    assert left.heat.register_wh[2] > 0


def test_a_site_that_is_new_begins_beside_those_that_are_known(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    BoilerMemory(path, SITES[2:]).keep(_new(1))
    plain = json.loads(path.read_text())
    plain["sites"]["SIM-000003-H"]["heat_wh"] = 70
    path.write_text(json.dumps(plain))
    found = _resumed(BoilerMemory(path, SITES), 3)

    assert found.heat.register_wh.tolist() == [0, 0, 70]
