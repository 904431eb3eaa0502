"""Puts the commands into a directory that every job of the node finds first on its PATH."""

import os
import shlex
import sys
from pathlib import Path

import node_agent

#: Commands that a job's script may call, and that speak to the server with the job's own key.
CLIENT_COMMANDS = ("sbatch", "squeue", "sacct", "scancel", "scontrol")
#: As ssh, but to the other nodes of the job and to no others; launchers of MPI are told of it.
GANG_SHELL = "gang-ssh"
COMMANDS = ("srun", "module", "ml", GANG_SHELL, *CLIENT_COMMANDS)
_FOLDER = "shims"

_MODULE = """#!/bin/sh
# There are no environment modules on this node: what it has is on the PATH.
name=module
case "${0##*/}" in
ml)
    name=ml
    case "${1:-list}" in
    -*) set -- unload "$@" ;;
    load|add|try-load|unload|rm|del|purge|list|avail|av|spider|use|unuse) ;;
    swap|switch|show|display) ;;
    help|whatis|keyword|save|restore|reset|refresh|is-loaded) ;;
    *) set -- load "$@" ;;
    esac ;;
esac
while :; do
    case "${1:-}" in -*) shift ;; *) break ;; esac
done
word="${1:-list}"
[ $# -gt 0 ] && shift
case "$word" in
load|add|try-load|swap|switch)
    echo "$name: $word $* does nothing here: this node's programs are on the PATH." >&2 ;;
list|avail|av|spider|show|display|whatis|keyword|help)
    echo "$name: there are no modules here: this node's programs are on the PATH." >&2 ;;
unload|rm|del|purge|use|unuse|save|restore|reset|refresh) ;;
is-loaded) exit 1 ;;
*)
    echo "$name: $word is unknown." >&2
    exit 1 ;;
esac
exit 0
"""


def shims_of(directory: Path) -> Path:
    """Where they lie in a node's directory."""
    return directory / _FOLDER


def install_shims(directory: Path) -> None:
    """Write them; those of an earlier version are replaced."""
    folder = shims_of(directory)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in COMMANDS:
        fresh = folder / f".{name}.new"
        fresh.write_text(_text(name), encoding="utf-8")
        fresh.chmod(0o700)
        fresh.replace(folder / name)


def login_functions(folder: str) -> dict[str, str]:
    """The same commands as functions that a shell of bash imports.

    A login shell (``#!/bin/bash -l``) sets its PATH anew and would lose the directory.
    """
    return {
        f"BASH_FUNC_{name}%%": f'() {{ {shlex.quote(f"{folder}/{name}")} "$@"\n}}'
        for name in COMMANDS
    }


def _text(name: str) -> str:
    if name in {"module", "ml"}:
        return _MODULE
    python = shlex.quote(sys.executable)
    root = os.fspath(Path(node_agent.__file__).resolve().parents[1])
    if name in {"srun", GANG_SHELL}:
        program = "from node_agent.shims.__main__ import run; run()"
        words = name
    else:
        program = "from chaufferie.cli.main import main; main()"
        words = f"slurm {name}"
    # Isolated: what the job does to its own Python must not reach these.
    code = shlex.quote(f"import sys; sys.path.insert(0, {root!r}); {program}")
    return f'#!/bin/sh\nexec {python} -I -c {code} {words} "$@"\n'
