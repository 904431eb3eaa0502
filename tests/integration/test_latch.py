"""A tripped boiler stays off over every restart, until a person releases it."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from node_agent.heat.control import ControlState
from node_agent.heat.readings_journal import ReadingsJournal
from node_agent.keeper import LATCH_NAME, Keeper
from tests.support.scripted_boiler import ScriptedBoiler

_IMPOSSIBLE_C = 55.0
_COOL_C = 25.0


def _keep(directory: Path, temp_c: float) -> ControlState:
    """What a keeper that has just started lets a boiler with this water do."""
    boiler = ScriptedBoiler()
    boiler.shown = replace(boiler.shown, water_temp_c=temp_c, inlet_temp_c=temp_c)

    async def turns() -> None:
        keeper = Keeper(boiler=boiler, directory=directory)
        for _ in range(3):
            await keeper.turn()

    asyncio.run(turns())
    journal = ReadingsJournal(directory)
    *_, (_, newest) = journal.unsent(1000)
    journal.close()
    return ControlState(newest["control_state"])


def _release(directory: Path) -> int:
    config = directory / "agent.json"
    spec = {"cores": 1, "mem_mib": 1, "idle_power_w": 400, "max_power_w": 2000}
    config.write_text(json.dumps({"directory": str(directory), "url": "", "spec": spec}))
    command = [sys.executable, "-m", "node_agent.keeper", str(config), "--release"]
    return subprocess.run(command, check=False).returncode


def test_water_hotter_than_it_can_be_trips_for_good(tmp_path: Path) -> None:
    assert _keep(tmp_path, _IMPOSSIBLE_C) is ControlState.TRIPPED
    assert (tmp_path / LATCH_NAME).exists()
    assert _keep(tmp_path, _COOL_C) is ControlState.TRIPPED


def test_a_person_who_has_looked_releases_it_by_one_command(tmp_path: Path) -> None:
    _keep(tmp_path, _IMPOSSIBLE_C)
    assert _release(tmp_path) == 0
    assert _keep(tmp_path, _COOL_C) is ControlState.NORMAL
