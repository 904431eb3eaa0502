"""The simulated sites of an embedded installation, their boilers, and the nodes that heat them."""

import json
import os
import re
import socket
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaufferie.up.asking import ask
from chaufferie.up.layout import Layout, write_private
from chaufferie.up.machine import Machine
from domain.fleet.cpu_count import CPU_COUNT_FILE
from domain.fleet.node import MAINS_TEMP_C

#: Seconds of the simulated plant for one second of the clock: water is slow, people are not.
TIME_FACTOR = 120.0
_ENROLMENT_LIFE_S = 900
_IDENTITY_NAME = "identity.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedSite:
    """One site on this machine, with its one node."""

    unit: int  #: Its boiler's address among the boilers.
    plain: dict[str, Any]  #: Its description, as the simulation wrote it.
    node_name: str

    @property
    def name(self) -> str:
        """As people know it."""
        return str(self.plain["name"])


def read_sites(path: Path) -> list[EmbeddedSite]:
    """The sites in this file; none where there is no such file yet."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [
        EmbeddedSite(unit=index + 1, plain=site, node_name=node_name_of(site["name"]))
        for index, site in enumerate(plain["sites"])
    ]


def node_name_of(site_name: str) -> str:
    """A name for the site's node that suits file systems: ``alder-pool-hall``."""
    ascii_name = unicodedata.normalize("NFKD", site_name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name.lower()).strip("-")[:32] or "node"


def write_boiler_config(layout: Layout, sites: list[EmbeddedSite]) -> None:
    """Tell the boilers' process what stands where, and who drives its power."""
    boilers = [
        {
            "site": site.plain,
            "unit": site.unit,
            "usage_file": os.fspath(layout.node(site.node_name) / CPU_COUNT_FILE),
        }
        for site in sites
    ]
    config = {
        "boilers": boilers,
        "state_file": os.fspath(layout.boiler / "state.json"),
        "port_file": os.fspath(layout.boiler_port),
        "time_factor": TIME_FACTOR,
    }
    write_private(layout.boiler_config, json.dumps(config, indent=1))


def is_enrolled(layout: Layout, site: EmbeddedSite) -> bool:
    """Whether the site's node has its own key."""
    return (layout.node(site.node_name) / _IDENTITY_NAME).exists()


def enrol(sites: list[EmbeddedSite], port: int, token: str) -> dict[str, str]:
    """Register these sites where they are not yet, and get an enrolment token for each node.

    What was registered before is found by its name, so that a start that was interrupted, or
    repeated, doubles nothing.
    """
    known = {item["name"]: item["site_id"] for item in _listed(port, token)}
    tokens = {}
    for site in sites:
        site_id = known.get(site.name)
        if site_id is None:
            body = {
                "name": site.name,
                "storage_wh_per_k": site.plain["storage_wh_per_k"],
                "limit_temp_c": site.plain["limit_temp_c"],
                "floor_temp_c": MAINS_TEMP_C,  # their boilers stand behind the tank
                "is_preheat": True,
            }
            site_id = ask(port, "/v1/sites", token=token, body=body)["site_id"]
        leave = {"site_id": site_id, "node_name": site.node_name, "life_s": _ENROLMENT_LIFE_S}
        answer = ask(port, "/v1/enrolments", token=token, body=leave)
        tokens[site.node_name] = str(answer["token"])
    return tokens


def _listed(port: int, token: str) -> list[dict[str, Any]]:
    sites: list[dict[str, Any]] = ask(port, "/v1/sites", token=token)["sites"]
    return sites


def agent_config_path(layout: Layout, site: EmbeddedSite) -> Path:
    """The file that keeper and agent of the site's node are started with."""
    return layout.node(site.node_name) / "agent.json"


def write_agent_config(
    layout: Layout,
    site: EmbeddedSite,
    machine: Machine,
    *,
    url: str,
    redis_url: str,
    enrolment_token: str | None,
) -> None:
    """Tell keeper and agent of the site's node what they are; private: it may hold a token."""
    folder = layout.node(site.node_name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = {
        "directory": os.fspath(folder),
        "url": url,
        "enrolment_token": enrolment_token,
        "redis_url": redis_url,
        "spec": {
            "cores": machine.cores,
            "mem_mib": machine.mem_mib,
            "cores_are_shared": True,
            "idle_power_w": site.plain["idle_power_w"],
            "max_power_w": site.plain["max_power_w"],
            "host_name": socket.gethostname() or "localhost",
            "is_simulated": True,
            "time_factor": TIME_FACTOR,
        },
        "device": {
            "driver": "modbus",
            "unit": site.unit,
            "port_file": os.fspath(layout.boiler_port),
        },
    }
    write_private(agent_config_path(layout, site), json.dumps(config, indent=1))
