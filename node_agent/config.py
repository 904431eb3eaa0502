"""What one agent is told at its start: a JSON file."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.node import NodeSpec
from domain.refusal import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """One node's agent."""

    directory: Path  #: Private to the node: journal, jobs, the warden's socket.
    url: str  #: The API.
    spec: NodeSpec
    enrolment_token: str | None = None  #: Used once; the node's own key is kept in the directory.
    redis_url: str | None = None  #: Where hints travel, if they do.
    heartbeat_s: float = 15.0
    device: dict[str, Any] = field(default_factory=dict)  #: The boiler's driver and address.


def load_config(path: Path) -> AgentConfig | Refused:
    """The configuration in this file, or what is wrong with it."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        values = {**plain, "directory": Path(plain["directory"]), "spec": NodeSpec(**plain["spec"])}
        return AgentConfig(**values)
    except OSError as error:
        sentence = f"The agent's configuration cannot be read: {error}."
    except (ValueError, KeyError, TypeError) as error:
        sentence = f"The agent's configuration {path} is not complete: {error}."
    return Refused(code="agent.config", sentence=sentence)
