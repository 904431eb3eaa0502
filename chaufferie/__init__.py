"""What a user imports and types: the Python SDK and the command line, talking HTTP."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client
    from chaufferie.sdk.errors import ChaufferieError
    from chaufferie.sdk.executor import Executor
    from chaufferie.sdk.futures import JobFuture
    from chaufferie.sdk.job import Job
    from chaufferie.sdk.submission import JobRequest

__all__ = ["ChaufferieError", "Client", "Executor", "Job", "JobFuture", "JobRequest"]

_HOMES = {
    "ChaufferieError": "chaufferie.sdk.errors",
    "Client": "chaufferie.sdk.client",
    "Executor": "chaufferie.sdk.executor",
    "Job": "chaufferie.sdk.job",
    "JobFuture": "chaufferie.sdk.futures",
    "JobRequest": "chaufferie.sdk.submission",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is asked for: `chaufferie --help` then needs no HTTP library."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - likewise

    return getattr(import_module(_HOMES[name]), name)
