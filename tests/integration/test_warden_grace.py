"""The grace of a stop is for the whole job, though its shell may be gone at once."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from node_agent.warden.processes import all_processes, variable_of
from node_agent.warden.protocol import WARDEN_VARIABLE
from tests.support.warden import WardenClient, WardenProcess, an_order, until

#: A shell without a trap, which TERM ends, and a program of it that needs a moment to save.
SAVES_SLOWLY = """python3 -c '
import pathlib, signal, sys, time
def save(*_):
    time.sleep(1.0)
    pathlib.Path("saved").write_text("all of it")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
pathlib.Path("ready").touch()
while True:
    time.sleep(0.05)
'
echo never
"""
DOES_NOT_LISTEN = """python3 -c '
import pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path("ready").touch()
time.sleep(600)
'
echo never
"""


@pytest.fixture
def warden(tmp_path: Path) -> Iterator[WardenProcess]:
    made = WardenProcess(tmp_path / "node")
    yield made
    made.stop()


@pytest.fixture
def client(warden: WardenProcess) -> Iterator[WardenClient]:
    made = WardenClient(warden.directory)
    yield made
    made.close()


def _processes_of(warden: WardenProcess) -> list[int]:
    mark = str(warden.directory.resolve())
    return [p.pid for p in all_processes() if variable_of(p.pid, WARDEN_VARIABLE) == mark]


def _stop_when_ready(client: WardenClient, folder: Path) -> None:
    until((folder / "ready").exists, "the program runs")
    client.tell({"do": "stop", "key": [1, 1], "reason": "preempted"})


def test_a_program_saves_its_state_though_its_shell_died_of_the_signal(
    client: WardenClient, tmp_path: Path
) -> None:
    client.start(an_order(tmp_path, "sh", "-c", SAVES_SLOWLY, grace_s=60.0))
    _stop_when_ready(client, tmp_path)

    end = client.next_end()

    assert (end.reason, end.exit_code) == ("preempted", 128 + signal.SIGTERM)
    assert (tmp_path / "saved").read_text() == "all of it"
    assert end.wall_s < 60.0


def test_a_program_that_does_not_listen_ends_with_the_grace(
    warden: WardenProcess, client: WardenClient, tmp_path: Path
) -> None:
    client.start(an_order(tmp_path, "sh", "-c", DOES_NOT_LISTEN, grace_s=1.0))
    _stop_when_ready(client, tmp_path)

    end = client.next_end()

    assert end.reason == "preempted"
    assert end.wall_s >= 1.0
    until(lambda: not _processes_of(warden), "nothing is left")
