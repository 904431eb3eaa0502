"""A real `chaufferie up` on a directory of its own, as a person starts it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaufferie import Client

COMMAND = Path(sys.executable).with_name("chaufferie")
_START_PATIENCE_S = 60.0
_STOP_PATIENCE_S = 15.0
_LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """One that runs."""

    data: Path
    process: "subprocess.Popen[bytes]"

    def client(self) -> Client:
        """A client with the operator's key."""
        return Client(data_dir=self.data)

    def pids(self, words: str) -> list[int]:
        """The programs of ours whose command line has these words."""
        return [pid for pid, line in programs_of(self.data).items() if words in line]

    def said(self) -> str:
        """All that it wrote so far."""
        return _output_of(self.data).read_text(encoding="utf-8")

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Tell it to end; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(_STOP_PATIENCE_S)


def start_up(data: Path, *words: str) -> "subprocess.Popen[bytes]":
    """Start it; it may not be ready when this returns."""
    output = _output_of(data)
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("ab") as file:
        return subprocess.Popen(
            [COMMAND, "up", "--data", data, *words],
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def _output_of(data: Path) -> Path:
    return data.with_name(f"{data.name}.out")


def refused_up(data: Path, *words: str) -> tuple[int, str]:
    """Start one that is expected to refuse: its exit code, and all that it said."""
    done = subprocess.run(
        [COMMAND, "up", "--data", data, *words],
        capture_output=True,
        text=True,
        timeout=_START_PATIENCE_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@contextmanager
def running_up(data: Path, *, sites: int = 2) -> Iterator[Up]:
    """One that answers, stopped at the end."""
    client_file = data / "client.json"
    client_file.unlink(missing_ok=True)
    process = start_up(data, "--port", "0", "--sites", str(sites))
    try:
        until(lambda: client_file.exists() or process.poll() is not None, _START_PATIENCE_S)
        up = Up(data=data, process=process)
        assert process.poll() is None, up.said()
        yield up
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(_STOP_PATIENCE_S)


def programs_of(data: Path) -> dict[int, str]:
    """Command lines of all programs that an `up` on this directory started, by process."""
    mark = f"CHAUFFERIE_UP={data.resolve()}".encode()
    found = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            folder = Path(entry.path)
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    line = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(entry.name)] = line.decode(errors="replace")
            except OSError:
                continue
    return found


def until(holds: Callable[[], bool], patience_s: float = _START_PATIENCE_S) -> None:
    """Return when the condition holds; raises ``TimeoutError`` when patience ends first."""
    deadline_s = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > deadline_s:
            raise TimeoutError
        time.sleep(_LOOK_EVERY_S)
