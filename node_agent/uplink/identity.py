"""Who this node is to the API: its number and its own key, kept in a private file."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

IDENTITY_NAME = "identity.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What enrolment gave."""

    node_id: int
    name: str
    token: str


def load_identity(directory: Path) -> Identity | None:
    """The identity kept in this directory, or None before enrolment."""
    try:
        text = (directory / IDENTITY_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return Identity(**json.loads(text))


def keep_identity(directory: Path, identity: Identity) -> None:
    """Keep it, readable by its owner only."""
    fresh = directory / f"{IDENTITY_NAME}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(identity), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(directory / IDENTITY_NAME)
