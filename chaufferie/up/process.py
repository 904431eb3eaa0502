"""One program as a child process that cannot outlive us."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

#: ``PR_SET_PDEATHSIG``, prctl(2): the signal a process gets when the thread that made it ends.
_SIGNAL_AT_PARENTS_DEATH = 1
#: A log longer than this is set aside when its program starts [bytes].
_LONGEST_LOG_BYTES = 8 << 20
_TAIL_BYTES = 4096

_prctl = ctypes.CDLL(None, use_errno=True).prctl


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run."""

    name: str  #: As people read it: ``scheduler``, ``agent of alder-pool``.
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    inherits: tuple[int, ...] = ()  #: File descriptors that it receives from us.
    niceness: int = 0  #: How readily it gives way to the others while all start.


@dataclass(slots=True, kw_only=True)
class Child:
    """A program that was started."""

    program: Program
    process: subprocess.Popen[bytes]
    started_s: float
    pidfd: int = field(default=-1)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        self.process.send_signal(number)

    def close(self) -> None:
        """Forget it, once it has ended."""
        with suppress(OSError):
            os.close(self.pidfd)


def start(program: Program, now_s: float) -> Child:
    """Start it with a log, without a terminal. May raise ``OSError``.

    It gets TERM when we die, however we die; and a Ctrl-C at the terminal is ours alone.
    """
    _set_aside(program.log)
    own_pid = os.getpid()

    def die_with_parent() -> None:
        # Our own handler would take a TERM that comes before the program begins, and lose it.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _prctl(_SIGNAL_AT_PARENTS_DEATH, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != own_pid:
            os._exit(1)  # We died before the line above.
        if program.niceness:
            os.nice(program.niceness)

    with program.log.open("ab") as log:
        process = subprocess.Popen(
            program.argv,
            env=program.env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=program.inherits,
            start_new_session=True,
            # A few system calls between fork and exec, resolved before: safe beside threads.
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )
    return Child(
        program=program,
        process=process,
        started_s=now_s,
        pidfd=os.pidfd_open(process.pid),
    )


def _set_aside(log: Path) -> None:
    with suppress(FileNotFoundError):
        if log.stat().st_size > _LONGEST_LOG_BYTES:
            log.replace(log.with_name(f"{log.name}.1"))


def how_it_ended(code: int) -> str:
    """An exit status in words."""
    if code < 0:
        return f"killed by signal {-code}"
    return f"exit code {code}"


def last_words(log: Path) -> str:
    """The last line that a program wrote to its log; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
