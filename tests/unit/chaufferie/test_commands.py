"""What holds of every command."""

import inspect
from collections.abc import Callable, Iterator

import pytest
import typer

from chaufferie.cli.main import app

#: Prints what a job wrote, byte for byte.
BYTES_ONLY = {"logs"}


def callbacks(group: typer.Typer, before: str = "") -> Iterator[tuple[str, Callable[..., object]]]:
    for command in group.registered_commands:
        assert command.callback is not None
        yield f"{before}{command.name or command.callback.__name__}", command.callback
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from callbacks(inner.typer_instance, f"{before}{inner.name} ")


COMMANDS = dict(callbacks(app))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_that_asks_the_server_has_json(name: str) -> None:
    parameters = inspect.signature(COMMANDS[name]).parameters
    asks = "data" in parameters and name not in BYTES_ONLY | {"up", "demo", "submit"}

    assert ("as_json" in parameters) == asks


def test_the_commands_are_found() -> None:
    assert {"cancel", "keys revoke", "tenants close", "job"} <= set(COMMANDS)
