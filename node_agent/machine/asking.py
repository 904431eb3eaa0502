"""Runs a command of the machine's to learn something, and never waits for it longer than told."""

import contextlib
import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: More than this is no answer to a question.
_MOST_BYTES = 256 * 1024
#: What hangs in a driver outlives even KILL: it is left behind after so long [s].
_KILL_PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command answered."""

    exit_code: int
    text: str  #: Output and errors, as they came.


def ask(
    command: Sequence[str], *, patience_s: float, environment: Mapping[str, str] | None = None
) -> Asked | None:
    """The answer of a command; None where it cannot be started or takes too long.

    It writes to a file and has a process group of its own: whatever it starts and leaves behind
    can neither hold the answer up nor stay.
    """
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                env=None if environment is None else dict(environment),
                start_new_session=True,
            )
        except (OSError, ValueError):
            return None
        with contextlib.suppress(OSError):
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (_MOST_BYTES, _MOST_BYTES))
        exit_code = _waited(process, patience_s)
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        if exit_code is None:
            _waited(process, _KILL_PATIENCE_S)
        if exit_code is None:
            return None
        said.seek(0)
        return Asked(exit_code=exit_code, text=said.read(_MOST_BYTES).decode(errors="replace"))


def _waited(process: "subprocess.Popen[bytes]", patience_s: float) -> int | None:
    try:
        return process.wait(patience_s)
    except subprocess.TimeoutExpired:
        return None
