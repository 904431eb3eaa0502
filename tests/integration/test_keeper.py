"""The keeper between a boiler served as Modbus TCP and a warden: all real processes, no server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from node_agent.heat.readings_journal import ReadingsJournal
from simulation.boiler.sites import default_sites
from tests.support.warden import WardenClient, WardenProcess, an_order, until

_HOT_C = 49.7
_COOL_C = 25.0


class Boilers:
    """Starts boilers, wardens and keepers, and ends them all."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._directory = directory
        self._stack = stack

    def start(self, *argv: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([sys.executable, "-m", *argv])
        self._stack.callback(process.wait, 10)
        self._stack.callback(process.terminate)
        return process

    def node(self, start_temp_c: float) -> WardenProcess:
        """A node whose water starts at this temperature."""
        (site,) = default_sites(1)
        node = self._directory / "node"
        warden = WardenProcess(node)
        self._stack.callback(warden.stop)
        house = {
            "boilers": [
                {
                    "site": asdict(replace(site, start_temp_c=start_temp_c, daily_draw_kg=0.0)),
                    "unit": 1,
                    "usage_file": str(node / "usage.json"),
                }
            ],
            "state_file": str(self._directory / "state.json"),
            "port_file": str(self._directory / "port.json"),
        }
        config = {
            "directory": str(node),
            "url": "http://127.0.0.1:9",
            "spec": {"cores": 2, "mem_mib": 1000, "idle_power_w": 400, "max_power_w": 2000},
            "device": {
                "driver": "modbus",
                "unit": 1,
                "port_file": str(self._directory / "port.json"),
            },
        }
        (self._directory / "house.json").write_text(json.dumps(house))
        (self._directory / "agent.json").write_text(json.dumps(config))
        self.start("simulation", "boiler", "--config", str(self._directory / "house.json"))
        self.start("node_agent.keeper", str(self._directory / "agent.json"))
        return warden


@pytest.fixture
def boilers(tmp_path: Path) -> Iterator[Boilers]:
    with ExitStack() as stack:
        yield Boilers(tmp_path, stack)


def _is_frozen(warden: WardenProcess) -> bool:
    client = WardenClient(warden.directory)
    frozen = bool(client.hello["frozen"])
    client.close()
    return frozen


def _readings(warden: WardenProcess) -> list[dict[str, object]]:
    journal = ReadingsJournal(warden.directory)
    found = [values for _, values in journal.unsent(100)]
    journal.close()
    return found


def test_hot_water_freezes_jobs_without_any_server(boilers: Boilers, tmp_path: Path) -> None:
    warden = boilers.node(_HOT_C)
    until(lambda: _is_frozen(warden), "the keeper froze the jobs")
    client = WardenClient(warden.directory)
    client.start(an_order(tmp_path, "sh", "-c", "echo ran > ran"))
    until(lambda: _readings(warden), "a reading was kept")
    client.close()
    assert not (tmp_path / "ran").exists()
    assert _readings(warden)[0]["control_state"] == "stopped"


def test_cool_water_lets_jobs_run_and_is_kept_for_the_server(boilers: Boilers) -> None:
    warden = boilers.node(_COOL_C)
    found = until(lambda: _readings(warden), "a reading was kept")
    until(lambda: not _is_frozen(warden), "the jobs may run")
    assert found[0]["simulated"] is True
    assert found[0]["time_factor"] == 120.0
    until(lambda: len(_readings(warden)) >= 3, "readings go on with no server")
    registers = [int(str(item["electricity_register_wh"])) for item in _readings(warden)]
    assert registers == sorted(registers)


def test_power_meter_follows_the_work_of_real_processes(boilers: Boilers, tmp_path: Path) -> None:
    warden = boilers.node(_COOL_C)
    until(lambda: _readings(warden), "the keeper is at work")
    client = WardenClient(warden.directory)
    client.start(an_order(tmp_path, "sh", "-c", "while :; do :; done"))

    def newest_power_w() -> float:
        return float(str(_readings(warden)[-1]["power_w"]))

    assert until(lambda: newest_power_w() > 600, "the meter follows the work of the job")
    client.tell({"do": "stop", "key": [1, 1], "reason": "cancelled", "grace_s": 0.0})
    client.close()
    assert until(lambda: newest_power_w() < 450, "the meter falls back to idle power")
