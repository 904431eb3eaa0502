"""The command lines of everything that ``up`` starts."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chaufferie.up.broker import server_argv
from chaufferie.up.layout import Layout
from chaufferie.up.leftovers import MARK_VARIABLE
from chaufferie.up.machine import Machine
from chaufferie.up.process import Program
from chaufferie.up.sites import EmbeddedSite, agent_config_path

BROKER = "broker"
API = "api"
SCHEDULER = "scheduler"
WORKER = "worker"
BOILERS = "boilers"
#: The worker's chores can wait while a person waits for the page and the first job.
_WORKER_NICENESS = 10


def warden_name(site: EmbeddedSite) -> str:
    """How people read it."""
    return f"warden of {site.node_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Makes the programs of one embedded installation."""

    layout: Layout
    port: int
    redis_url: str

    def broker(self, server: Path) -> Program:
        """Valkey, which carries hints."""
        return self._program(BROKER, server_argv(server, self.layout))

    def api(self, listen_fd: int) -> Program:
        """The API, on a socket that is ours, so that no request is refused while it restarts."""
        key_file = os.fspath(self.layout.operator_key)
        argv = _python("api", "--key-file", key_file, "--listen-fd", str(listen_fd))
        return self._program(API, argv, inherits=(listen_fd,))

    def scheduler(self) -> Program:
        """The scheduler's loop."""
        return self._program(SCHEDULER, _python("scheduler"))

    def worker(self) -> Program:
        """Forgets what is old enough, on its own beat."""
        return self._program(WORKER, _python("worker"), niceness=_WORKER_NICENESS)

    def boilers(self) -> Program:
        """All simulated boilers, in one process."""
        config = os.fspath(self.layout.boiler_config)
        return self._program(BOILERS, _python("simulation", "boiler", "--config", config))

    def of_node(self, site: EmbeddedSite, machine: Machine) -> tuple[Program, ...]:
        """A node's warden starts jobs, its agent talks to the API, its keeper to the boiler."""
        folder = os.fspath(self.layout.node(site.node_name))
        config = os.fspath(agent_config_path(self.layout, site))
        warden = ("node_agent.warden", "--directory", folder, "--cores", str(machine.cores))
        return (
            self._program(warden_name(site), _python(*warden)),
            self._program(f"agent of {site.node_name}", _python("node_agent", config)),
            self._program(f"keeper of {site.node_name}", _python("node_agent.keeper", config)),
        )

    def describe_sites(self, count: int) -> Program:
        """Writes the descriptions of the simulated sites, and ends."""
        out = os.fspath(self.layout.sites)
        argv = _python("simulation", "sites", "--count", str(count), "--out", out)
        return self._program("sites", argv)

    def _program(
        self, name: str, argv: tuple[str, ...], *, inherits: tuple[int, ...] = (), niceness: int = 0
    ) -> Program:
        log = self.layout.logs / f"{name.replace(' of ', '-')}.log"
        return Program(
            name=name,
            argv=argv,
            env=self._environment(os.environ),
            log=log,
            inherits=inherits,
            niceness=niceness,
        )

    def _environment(self, ours: Mapping[str, str]) -> dict[str, str]:
        return {
            **ours,
            "CHAUFFERIE_DATA_DIR": os.fspath(self.layout.work),
            "CHAUFFERIE_PORT": str(self.port),
            "CHAUFFERIE_REDIS_URL": self.redis_url,
            MARK_VARIABLE: os.fspath(self.layout.data),
        }


def _python(module: str, *words: str) -> tuple[str, ...]:
    """Run a module by our own interpreter, and never one that lies in the working directory."""
    return (sys.executable, "-P", "-m", module, *words)
