"""What the command's exit code says; documented in docs/reference/cli.md."""

from enum import IntEnum

from chaufferie.sdk.errors import (
    BadInputError,
    ChaufferieError,
    NotAllowedError,
    NotConfiguredError,
    NotFoundError,
    ServerUnreachableError,
    WaitTimedOutError,
)


class ExitCode(IntEnum):
    """The codes that are ours; ``wait`` and ``submit --wait`` end with the job's own."""

    OK = 0
    FAILED = 1  #: Refused by the server, or failed there; a job that ended without a code.
    USAGE = 2  #: The command, the script or a file named is wrong; nothing was sent.
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    UNREACHABLE = 5  #: No server answers, or none is known.
    TIMED_OUT = 6  #: The time given for waiting is over.
    INTERRUPTED = 130  #: Ctrl-C.


_CODES: tuple[tuple[type[ChaufferieError], ExitCode], ...] = (
    (BadInputError, ExitCode.USAGE),
    (NotFoundError, ExitCode.NOT_FOUND),
    (NotAllowedError, ExitCode.NOT_ALLOWED),
    (NotConfiguredError, ExitCode.UNREACHABLE),
    (ServerUnreachableError, ExitCode.UNREACHABLE),
    (WaitTimedOutError, ExitCode.TIMED_OUT),
)


def exit_code_of(error: ChaufferieError) -> ExitCode:
    """The code that an error ends the command with."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.FAILED)
