"""Every command of `chaufferie`, found in the program itself."""

from collections.abc import Callable, Iterator
from typing import Any, get_args, get_type_hints

import typer

from chaufferie.cli.main import app


def callbacks(group: typer.Typer, before: str = "") -> Iterator[tuple[str, Callable[..., object]]]:
    """The name of each command, with what it runs."""
    for command in group.registered_commands:
        assert command.callback is not None
        yield f"{before}{command.name or command.callback.__name__}", command.callback
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from callbacks(inner.typer_instance, f"{before}{inner.name} ")


COMMANDS = dict(callbacks(app))


def parameters(name: str) -> dict[str, Any]:
    """What typer was told of each option and argument of a command."""
    hints = get_type_hints(COMMANDS[name], include_extras=True)
    return {key: get_args(hint)[1] for key, hint in hints.items() if len(get_args(hint)) > 1}
