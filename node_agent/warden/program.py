"""Which file a job's first word means, and why it could not be started."""

import errno
import os
from collections.abc import Mapping

_FIRST_LINE_BYTES = 256
_MARK = b"#!"


def program_of(word: str, environment: Mapping[str, str]) -> str | None:
    """The file that a shell of the job would start; None where there is none.

    A bare name is looked for on the job's PATH, and nowhere else.
    """
    if "/" in word:
        return word
    for folder in os.get_exec_path(environment):
        path = os.path.join(folder, word)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def why_not_started(word: str, program: str | None, error: Exception | None = None) -> str:
    """The sentence for a job whose program did not start; ``program`` is what its word meant."""
    return f"It could not be started: {word}: {_why(program, error)}."


def _why(program: str | None, error: Exception | None) -> str:
    if program is None:
        return "no program of this name is on the job's PATH"
    if not isinstance(error, OSError):
        return str(error)
    if error.errno == errno.EACCES and os.path.isfile(program):
        return "the file is not executable"
    if error.errno == errno.ENOEXEC:
        return "it is no program of this machine, and no script with a #! line"
    interpreter = _interpreter(program) if error.errno == errno.ENOENT else None
    if interpreter is not None:
        return f"its first line names {interpreter}, which is not on the node"
    return error.strerror or str(error)


def _interpreter(program: str) -> str | None:
    """What the first line of a script says that it is read by."""
    try:
        with open(program, "rb") as file:
            line = file.readline(_FIRST_LINE_BYTES)
    except OSError:
        return None
    words = line.removeprefix(_MARK).split()
    return words[0].decode(errors="replace") if line.startswith(_MARK) and words else None
