"""Commands that start the programs of the server side, each as a process of its own."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from chaufferie.sdk.endpoint import DATA_DIR_VARIABLE, default_data_dir

_DEFAULT_PORT = 8080
_DEFAULT_SITES = 4
#: The module of each command, and the words before those of the user.
PROGRAMS = {
    "api": ("api",),
    "scheduler": ("scheduler",),
    "worker": ("worker",),
    "agent": ("node_agent",),
    "simulate": ("simulation",),
    "doctor": ("scheduler", "doctor"),
    "statement verify": ("metering", "verify"),
    "invoice verify": ("metering", "verify-invoice"),
    "collectivities export": ("metering", "export"),
    "collectivities import": ("metering", "import"),
}
#: Every word, --help too, is the program's.
PROGRAM_WORDS = {"ignore_unknown_options": True, "allow_extra_args": True}
_BROKER_VARIABLE = "CHAUFFERIE_REDIS_URL"
_BOILER_COMMANDS = frozenset({"sites", "boiler"})

Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 = any that is free.")]
Sites = Annotated[int, typer.Option("--sites", min=1, max=64, help="How many simulated sites.")]


def up(
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Where everything is kept.", show_default=False),
    ] = None,
    port: Port = _DEFAULT_PORT,
    sites: Sites = _DEFAULT_SITES,
) -> None:
    """Start everything on this machine and stay; Ctrl-C stops it."""
    from chaufferie.up import command

    raise typer.Exit(command.up(data or default_data_dir(), port, sites))


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="DIR", help="Keep it here; default: nowhere.", show_default=False
        ),
    ] = None,
    sites: Sites = _DEFAULT_SITES,
) -> None:
    """Start everything, run real jobs, print a report, stop."""
    from chaufferie.demo.command import run_demo

    raise typer.Exit(run_demo(data, sites))


def api(context: typer.Context) -> None:
    """Serve the API."""
    become("api", context.args)


def scheduler(context: typer.Context) -> None:
    """Run the scheduler."""
    become("scheduler", context.args)


def worker(context: typer.Context) -> None:
    """Run the Celery worker and its beat."""
    become("worker", context.args)


def agent(context: typer.Context) -> None:
    """Run the agent of one node, with its configuration file."""
    become("agent", context.args)


def simulate(context: typer.Context) -> None:
    """Run scenarios under virtual time: here, or on the workers of CHAUFFERIE_REDIS_URL."""
    become("simulate", context.args)


def doctor(context: typer.Context) -> None:
    """Check every invariant on the live store."""
    become("doctor", context.args)


def become(command: str, words: Sequence[str]) -> None:
    """Replace this process by the program: signals and the exit code are then its own."""
    module, *first = PROGRAMS[command]
    # The two sub-commands for boilers concern no worker.
    is_sweep = command == "simulate" and not _BOILER_COMMANDS.intersection(words[:1])
    if is_sweep and os.environ.get(_BROKER_VARIABLE):
        module, first = "worker", ["sweep"]
    environment = {DATA_DIR_VARIABLE: str(default_data_dir()), **os.environ}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, "-m", module, *first, *words], environment)  # noqa: S606 - no shell is the point
