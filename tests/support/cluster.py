"""A small real cluster: API, scheduler, wardens and agents as processes, boilers made up by us.

The readings come over HTTP with each node's own key, as an agent would send them, so that water is
as warm as a test wants it and no plant need run.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx2

from domain.access import Role
from domain.fleet.node import NodeSpec, SiteSpec
from domain.refusal import Refused
from store.access.keys import KeyRequest, add_key, add_tenant
from store.fleet import nodes
from store.opening import default_url, open_store
from store.transaction import Store
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SITE_STORAGE_WH_PER_K = 348.0
FIRST_WATER_C = 20.0

_PATIENCE_S = 120.0
_READ_EVERY_S = 1.0
_STOP_PATIENCE_S = 5.0
_LOG_TAIL = 2000


@dataclass(slots=True)
class Cluster:
    """Programs on one data directory; the sites are ``site0`` with the coldest water, and so on."""

    data_dir: Path
    sites: int = 2
    cores: int = 2
    heartbeat_s: float = 15.0
    disk_limit_mib: int = 64
    #: What differs from the usual node: fields of its inventory, further settings of its agent,
    #: and variables that its agent finds set; by the number of the node.
    specs: Mapping[int, Mapping[str, object]] = field(default_factory=dict)
    settings: Mapping[int, Mapping[str, object]] = field(default_factory=dict)
    variables: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    server_variables: Mapping[str, str] = field(default_factory=dict)  #: Of the API.
    one_site: bool = False  #: All nodes heat the water of ``site0``.
    #: What goes before the command of a node's warden, by the name of the node.
    warden_prefix: Callable[[str], Sequence[str]] = lambda _: ()
    port: int = 0
    token: str = ""
    programs: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    _reads: "threading.Thread | None" = None
    _enough: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where the API listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start everything; returns when each node has enrolled and its water is known."""
        self.port = self.port or free_port()
        key_file = self.data_dir / "operator.key"
        subprocess.run(
            [sys.executable, "-m", "api", "init", "--key-file", str(key_file)],
            env=self.environment(),
            cwd=ROOT,
            check=True,
        )
        self.token = key_file.read_text().strip()
        folders = self._prepare_nodes()
        self.run("api", "api", **self.server_variables)
        self.run("scheduler", "scheduler")
        for folder in folders:
            self.run(
                f"warden-{folder.name}",
                "node_agent.warden",
                "--directory",
                str(folder),
                "--cores",
                str(self.cores),
                prefix=self.warden_prefix(folder.name),
            )
        self.until_answers()
        for index in range(self.sites):
            self.run_agent(index)
        for folder in folders:
            self._until((folder / "identity.json").exists, f"{folder.name} has enrolled")
        self._send_readings(0)
        self._reads = threading.Thread(target=self._keep_reading, name="readings", daemon=True)
        self._reads.start()
        document = {"url": self.url, "token": self.token}
        (self.data_dir / "client.json").write_text(json.dumps(document))

    def environment(self, **more: str) -> dict[str, str]:
        """What the programs and the command line of this cluster find set."""
        kept = {key: text for key, text in os.environ.items() if not key.startswith("CHAUFFERIE_")}
        return {
            **kept,
            "CHAUFFERIE_DATA_DIR": str(self.data_dir),
            "CHAUFFERIE_PORT": str(self.port),
            **more,
        }

    def run_agent(self, index: int) -> None:
        """Start the agent of a node."""
        config = self.data_dir / "nodes" / f"node{index}" / "agent.json"
        self.run(f"agent-node{index}", "node_agent", str(config), **self.variables.get(index, {}))

    def run(
        self, name: str, module: str, *words: str, prefix: Sequence[str] = (), **variables: str
    ) -> None:
        """Start a program under this name, its log beside the data."""
        with (self.data_dir / f"{name}.log").open("ab") as log:
            self.programs[name] = subprocess.Popen(
                [*prefix, sys.executable, "-m", module, *words],
                env=self.environment(**variables),
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def key_for_tenant(self, tenant: str) -> str:
        """A tenant's key, for a tenant of this name made anew."""
        with self.store() as store, store.transaction() as tx:
            tenant_id = add_tenant(tx, tenant, actor="test")
            request = KeyRequest(name=tenant, role=Role.TENANT, tenant_id=tenant_id)
            key = add_key(tx, request, actor="test")
        assert not isinstance(key, Refused)
        return key.token

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The cluster's store, to look at or to change behind the programs' back."""
        store = open_store(default_url(self.data_dir), self.data_dir)
        try:
            yield store
        finally:
            store.wakeups.close()
            store.database.close()

    def until_answers(self) -> None:
        """Wait until the API serves."""
        self._until(self._answers, "the API answers")

    def stop(self) -> None:
        """Stop every program, wardens and their jobs included."""
        self._enough.set()
        if self._reads is not None:
            self._reads.join()
        for program in reversed(self.programs.values()):
            program.terminate()
        for program in self.programs.values():
            try:
                program.wait(_STOP_PATIENCE_S)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()

    def _prepare_nodes(self) -> list[Path]:
        folders = []
        site_id: int | Refused = 0
        with self.store() as store:
            for index in range(self.sites):
                spec = SiteSpec(name=f"site{index}", storage_wh_per_k=SITE_STORAGE_WH_PER_K)
                with store.transaction() as tx:
                    if index == 0 or not self.one_site:
                        site_id = nodes.add_site(tx, spec, "test")
                    assert isinstance(site_id, int)
                    nodes.add_enrolment(
                        tx,
                        token=f"enrol-{index}",
                        site_id=site_id,
                        node_name=f"node{index}",
                        ttl_s=900,
                        actor="test",
                    )
                folders.append(self._prepare_node(index))
        return folders

    def _prepare_node(self, index: int) -> Path:
        folder = self.data_dir / "nodes" / f"node{index}"
        folder.mkdir(parents=True)
        spec = NodeSpec(
            cores=self.cores,
            mem_mib=4096,
            idle_power_w=400.0,
            max_power_w=2000.0,
            is_simulated=True,
        )
        config = {
            "directory": str(folder),
            "url": self.url,
            "enrolment_token": f"enrol-{index}",
            "heartbeat_s": self.heartbeat_s,
            "kill_grace_s": 2.0,
            "output_limit_mib": 16,
            "disk_limit_mib": self.disk_limit_mib,
            "spec": {**asdict(spec), **self.specs.get(index, {})},
            **self.settings.get(index, {}),
        }
        (folder / "agent.json").write_text(json.dumps(config))
        return folder

    def _keep_reading(self) -> None:
        round_number = 1
        while not self._enough.wait(_READ_EVERY_S):
            try:
                self._send_readings(round_number)
            except httpx2.TransportError:
                continue  # a test has stopped the API; its water is read when it is back
            round_number += 1

    def _send_readings(self, round_number: int) -> None:
        for index in range(self.sites):
            path = self.data_dir / "nodes" / f"node{index}" / "identity.json"
            identity = json.loads(path.read_text())
            reading = _reading(identity["node_id"], round_number, FIRST_WATER_C + index)
            httpx2.post(
                f"{self.url}/v1/agent/readings",
                json=[reading],
                headers={"Authorization": f"Bearer {identity['token']}"},
            ).raise_for_status()

    def _answers(self) -> bool:
        try:
            httpx2.get(f"{self.url}/v1/jobs")
        except httpx2.TransportError:
            return False
        return True

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        deadline_s = time.monotonic() + _PATIENCE_S
        while not condition():
            dead = [name for name, program in self.programs.items() if program.poll() is not None]
            assert not dead, f"{dead[0]} ended: {self._log(dead[0])}"
            assert time.monotonic() < deadline_s, f"never came true: {what}"
            time.sleep(0.02)

    def _log(self, name: str) -> str:
        return (self.data_dir / f"{name}.log").read_text(errors="replace")[-_LOG_TAIL:]


@contextmanager
def running_cluster(
    data_dir: Path,
    *,
    sites: int = 2,
    cores: int = 2,
    disk_limit_mib: int = 64,
    specs: Mapping[int, Mapping[str, object]] | None = None,
    settings: Mapping[int, Mapping[str, object]] | None = None,
    variables: Mapping[int, Mapping[str, str]] | None = None,
    server_variables: Mapping[str, str] | None = None,
    one_site: bool = False,
    warden_prefix: Callable[[str], Sequence[str]] = lambda _: (),
) -> Iterator[Cluster]:
    """A cluster for as long as the block runs; its nodes may differ, as `Cluster` says."""
    cluster = Cluster(
        data_dir,
        sites=sites,
        cores=cores,
        disk_limit_mib=disk_limit_mib,
        specs=specs or {},
        settings=settings or {},
        variables=variables or {},
        server_variables=server_variables or {},
        one_site=one_site,
        warden_prefix=warden_prefix,
    )
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def until(holds: Callable[[], bool], patience_s: float = _PATIENCE_S) -> None:
    """Return when the condition holds; raises ``TimeoutError`` when patience ends first."""
    deadline_s = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > deadline_s:
            raise TimeoutError
        time.sleep(0.02)


def _reading(node_id: int, round_number: int, water_temp_c: float) -> Mapping[str, object]:
    """What a calm boiler would say: far from its limit, its registers going up."""
    return {
        "node_id": node_id,
        "seq": round_number + 1,
        "taken_at_s": time.time(),  # noqa: TID251 - readings carry the real instant
        "water_temp_c": water_temp_c,
        "supply_temp_c": 30.0,
        "inlet_temp_c": 25.0,
        "power_w": 400.0,
        "heat_power_w": 300.0,
        "heat_demand_w": 3000.0,
        "headroom_wh": 9000.0,
        "heat_register_wh": 100 * round_number,
        "electricity_register_wh": 110 * round_number,
        "time_factor": 120.0,
        "simulated": True,
        "heat_meter_serial": f"H{node_id}",
        "electricity_meter_serial": f"E{node_id}",
        "control_state": "normal",
    }
