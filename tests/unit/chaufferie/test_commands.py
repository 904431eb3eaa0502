"""What holds of every command."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import COMMANDS

#: Prints what a job wrote, byte for byte.
BYTES_ONLY = {"logs"}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_that_asks_the_server_has_json(name: str) -> None:
    parameters = inspect.signature(COMMANDS[name]).parameters
    asks = "data" in parameters and name not in BYTES_ONLY | {"up", "demo", "submit"}

    assert ("as_json" in parameters) == asks


def test_the_commands_are_found() -> None:
    assert {"cancel", "keys revoke", "tenants close", "job"} <= set(COMMANDS)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_is_no_reason_for_a_traceback(closed: str) -> None:
    program = Path(sys.executable).parent / "chaufferie"
    words = ["sh", "-c", f'"$0" --version {closed}', str(program)]

    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
