"""A real process of simulated boilers on a directory of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from node_agent.devices.modbus import ModbusAddress, ModbusBoiler
from simulation.boiler.sites import default_sites

_PATIENCE_S = 20.0


class BoilerProcess:
    """Starts, kills and restarts ``python -m simulation.boiler``."""

    def __init__(self, directory: Path, n_boilers: int = 2, **changes: object) -> None:
        """Describe the boilers in a file; nothing runs yet."""
        self.directory = directory
        self.port_file = directory / "port.json"
        self.state_file = directory / "boilers.json"
        self.config_file = directory / "config.json"
        self._process: subprocess.Popen[str] | None = None
        boilers = [
            {"site": asdict(site), "unit": unit, "usage_file": str(self.usage_file(unit))}
            for unit, site in enumerate(default_sites(n_boilers), start=1)
        ]
        plain: dict[str, Any] = {
            "boilers": boilers,
            "port_file": str(self.port_file),
            "state_file": str(self.state_file),
            "step_s": 0.02,
            **changes,
        }
        self.config_file.write_text(json.dumps(plain), encoding="utf-8")

    def usage_file(self, unit: int) -> Path:
        """Where the warden of this boiler's node counts CPU seconds."""
        return self.directory / f"usage-{unit}.json"

    def use(self, unit: int, cpu_s: float, cores: int = 4) -> None:
        """Count this much CPU, as a warden does."""
        fresh = self.directory / f"usage-{unit}.new"
        fresh.write_text(json.dumps({"cpu_s": cpu_s, "cores": cores, "at_s": time.monotonic()}))
        fresh.replace(self.usage_file(unit))

    def start(self) -> int:
        """Start, wait until the port is open, and say which it is."""
        before = self.port_file.stat().st_mtime_ns if self.port_file.exists() else None
        command = [sys.executable, "-m", "simulation.boiler", os.fspath(self.config_file)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        end_s = time.monotonic() + _PATIENCE_S
        while not self.port_file.exists() or self.port_file.stat().st_mtime_ns == before:
            if time.monotonic() > end_s or self._process.poll() is not None:
                raise AssertionError(f"the boilers did not start: {self.stop()}")
            time.sleep(0.01)
        return int(json.loads(self.port_file.read_text())["port"])

    def refused(self) -> tuple[int, str]:
        """Start what cannot start; its exit status and what it says."""
        command = [sys.executable, "-m", "simulation.boiler", os.fspath(self.config_file)]
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
        return ended.returncode, ended.stderr

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it by this signal; its exit status and what it said."""
        if self._process is None:
            return 0, ""
        self._process.send_signal(number)
        _, said = self._process.communicate(timeout=_PATIENCE_S)
        status = self._process.returncode
        self._process = None
        return status, said

    def driver(self, unit: int) -> ModbusBoiler:
        """The agent's driver for one of the boilers."""
        return ModbusBoiler(ModbusAddress(unit=unit, port_file=self.port_file))
