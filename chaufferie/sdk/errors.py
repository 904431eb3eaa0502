"""What can go wrong between a program and the server; each error is one plain sentence."""

from collections.abc import Mapping
from pathlib import Path


class ChaufferieError(Exception):
    """Anything that this package tells its user; ``str(error)`` says what to do."""


class NotConfiguredError(ChaufferieError):
    """It is not said where the server is, or with what key."""


class BadInputError(ChaufferieError):
    """What was asked cannot be sent: a missing file, a wrong option; nothing was submitted."""

    def __init__(
        self, sentence: str, *, code: str = "client.input", line: int | None = None
    ) -> None:
        """Name the code of the refusal, and the line of the script where there is one."""
        super().__init__(sentence)
        self.code = code
        self.line = line


class ServerUnreachableError(ChaufferieError):
    """Nobody answered, or the server said that it cannot work now."""


class ServerFailedError(ChaufferieError):
    """The server answered with a fault of its own."""


class RefusedByServerError(ChaufferieError):
    """The server understood and refused."""

    def __init__(
        self,
        sentence: str,
        *,
        status: int,
        code: str,
        line: int | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        """Keep what a program may want to look at."""
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.line = line
        #: What is wrong with each field of the request, where its form was refused.
        self.fields = dict(fields or {})


class NotAllowedError(RefusedByServerError):
    """The key is missing, wrong, expired, revoked, or may not do this."""


class NotFoundError(RefusedByServerError):
    """There is no such thing, or no more, or it belongs to somebody else."""

    def __init__(
        self, sentence: str, *, status: int = 404, code: str = "not_found", line: int | None = None
    ) -> None:
        """Say what is not there."""
        super().__init__(sentence, status=status, code=code, line=line)


class WaitTimedOutError(ChaufferieError):
    """The time given for waiting is over; the job goes on."""


class JobFailedError(ChaufferieError):
    """A job whose result was asked for did not succeed."""

    def __init__(self, sentence: str, *, job_id: int, exit_code: int | None) -> None:
        """Keep which job, and what its program returned."""
        super().__init__(sentence)
        self.job_id = job_id
        self.exit_code = exit_code


class RemoteError(JobFailedError):
    """A call raised an exception on its node that cannot be had here as itself."""

    def __init__(
        self, sentence: str, *, job_id: int, exit_code: int | None, kind: str, remote_traceback: str
    ) -> None:
        """Keep what it was there."""
        super().__init__(sentence, job_id=job_id, exit_code=exit_code)
        self.kind = kind  #: The name of its class.
        self.remote_traceback = remote_traceback


class FileInTheWayError(ChaufferieError):
    """A file with other content is where a result would go."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        super().__init__(
            f"{path} exists and differs; name another directory, or overwrite (get --force)."
        )
        self.path = path


class DamagedFileError(ChaufferieError):
    """What arrived is not what the job wrote."""


class FileChangedError(ChaufferieError):
    """A job that still runs has written a file anew while it was fetched."""

    def __init__(self, path: str) -> None:
        """Name the file."""
        super().__init__(f"{path} is not there any more as it was listed; fetch it again.")
        self.path = path
