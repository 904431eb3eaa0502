"""`chaufferie slurm COMMAND`: what jobs find under Slurm's own names, and others by choice."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from chaufferie.cli.speaking.arguments import open_client
from chaufferie.cli.speaking.speech import say
from chaufferie.cli.work.submit import submit_words
from chaufferie.sdk.errors import BadInputError

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client

_NAMES = ("sbatch", "sinfo", "squeue", "sacct", "scancel", "scontrol")


def slurm(context: typer.Context) -> None:
    """Run one of sbatch, sinfo, squeue, sacct, scancel and scontrol, with its own words.

    Jobs find them on their PATH. Elsewhere they are asked for by this name, so that a real Slurm
    is never in the way.
    """
    name, *words = context.args or [""]
    if name == "sbatch":
        _sbatch(words)
        return
    if name not in _NAMES:
        raise BadInputError(f"There is no command {name!r} here; there are {', '.join(_NAMES)}.")
    from chaufferie.slurm.steering import hostnames

    names = hostnames(words) if name == "scontrol" else None
    if names is not None:
        _print(names)
        return
    with open_client(None) as client:
        _print(_command(name)(client, words))


def _command(name: str) -> "Callable[[Client, Sequence[str]], list[str]]":
    from chaufferie.slurm import looking, nodes, steering

    return {
        "sinfo": nodes.sinfo,
        "squeue": looking.squeue,
        "sacct": looking.sacct,
        "scancel": steering.scancel,
        "scontrol": steering.scontrol,
    }[name]


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        say(line)


def _sbatch(words: Sequence[str]) -> None:
    from chaufferie.slurm.submitting import files_to_take_along

    taken = files_to_take_along(Path.cwd(), os.environ)
    submit_words([*(f"--stage={name}" for name in taken), *words])
