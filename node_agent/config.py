"""What one agent is told at its start: a JSON file."""

import json
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from pathlib import Path
from typing import Any

from domain.fleet.gpus import gpu_model
from domain.fleet.node import NodeSpec, node_spec_of
from domain.jobs.requirements import is_feature
from domain.refusal import Refused

#: What the network of jobs may be.
OPEN, CLOSED = "open", "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """One node's agent."""

    directory: Path  #: Private to the node: journal, jobs, the warden's socket.
    url: str  #: The API.
    spec: NodeSpec
    enrolment_token: str | None = None  #: Used once; the node's own key is kept in the directory.
    redis_url: str | None = None  #: Where hints travel, if they do.
    heartbeat_s: float = 15.0
    kill_grace_s: float = 30.0  #: Between TERM and KILL, as Slurm's KillWait.
    output_limit_mib: int = 1024  #: What one attempt may print, to stdout and to stderr each.
    disk_limit_mib: int = 51_200  #: What its files, temporary ones too, may take.
    profiles_folder: Path | None = None  #: Of the operator's recipes; None = ``profiles`` there.
    look_again_every_s: float = 600.0  #: For features and programs, which come and go.
    #: Where the other nodes of the site reach this one, with the size of their network.
    neighbour_address: str = "127.0.0.1/8"
    network: str = OPEN  #: Of jobs: the machine's, or none but a few doors.
    device: dict[str, Any] = field(default_factory=dict)  #: The boiler's driver and address.

    @property
    def is_closed(self) -> bool:
        """Whether jobs are kept off the network."""
        return self.network == CLOSED

    @property
    def profile_folders(self) -> tuple[Path, ...]:
        """Where the operator's recipes are."""
        return (self.profiles_folder or self.directory / "profiles",)


def load_config(path: Path) -> AgentConfig | Refused:
    """The configuration in this file, or what is wrong with it."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        values = {
            **plain,
            "directory": Path(plain["directory"]),
            "spec": node_spec_of(plain["spec"]),
        }
        if values.get("profiles_folder") is not None:
            values["profiles_folder"] = Path(values["profiles_folder"])
        config = AgentConfig(**values)
        if config.spec.gpus:
            models = tuple(gpu_model(str(model)) for model in config.spec.gpus)
            config = replace(config, spec=replace(config.spec, gpus=models))
        wrong = next((name for name in config.spec.features if not is_feature(str(name))), None)
        if wrong is not None:
            sentence = f"The agent's configuration {path} declares the feature {wrong!r}; write "
            sentence += "letters, digits and . _ + - only."
            return Refused(code="agent.config", sentence=sentence)
        if neighbour_interface(config.neighbour_address) is None:
            sentence = f"The agent's configuration {path} has the neighbour_address "
            sentence += f"{config.neighbour_address!r}; write an address such as 10.1.0.7/24."
            return Refused(code="agent.config", sentence=sentence)
        if config.network not in {OPEN, CLOSED}:
            sentence = (
                f"The agent's configuration {path} has the network {config.network!r}; write "
            )
            sentence += f"{OPEN!r} or {CLOSED!r}."
            return Refused(code="agent.config", sentence=sentence)
        config = replace(config, spec=replace(config.spec, is_closed=config.is_closed))
        too_low = _too_low(config)
        if too_low is None:
            return config
        sentence = f"The agent's configuration {path} sets {too_low} too low; write a higher value."
    except OSError as error:
        sentence = f"The agent's configuration cannot be read: {error}."
    except (ValueError, KeyError, TypeError) as error:
        sentence = f"The agent's configuration {path} is not complete: {error}."
    return Refused(code="agent.config", sentence=sentence)


def neighbour_interface(text: object) -> IPv4Interface | IPv6Interface | None:
    """The address and network that this means; None where it means none."""
    try:
        found = ip_interface(str(text))
    except ValueError:
        return None
    return None if found.ip.is_unspecified or found.ip.is_multicast else found


def _too_low(config: AgentConfig) -> str | None:
    """The name of a limit under which no job could work, if one is."""
    if not config.kill_grace_s >= 0:
        return "kill_grace_s"
    if not config.look_again_every_s >= 1:
        return "look_again_every_s"
    limits = {name: getattr(config, name) for name in ("output_limit_mib", "disk_limit_mib")}
    return next((name for name, value in limits.items() if not value >= 1), None)
