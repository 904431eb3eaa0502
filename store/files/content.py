"""What keeps the bytes of files: a port, so that an object store can come beside the local one.

Content is kept for each tenant by its sha256: what two jobs of a tenant share is there once, and
nothing about one tenant's files can be learned, or fetched, through another's. Whether a tenant
has a file is for ``store.files.stored_files`` to say; here are only bytes.
"""

from dataclasses import dataclass
from typing import BinaryIO, Protocol

from domain.refusal import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentKey:
    """Where content is kept."""

    tenant_id: int
    sha256: str


class BusyError(Exception):
    """Somebody else is sending to the same upload at this moment."""


class NoSpaceError(Exception):
    """What keeps the bytes has no room left."""


class Reception(Protocol):
    """One file being received; it grows at its end, and may be left and taken up again."""

    @property
    def size_bytes(self) -> int:
        """How much of it is here."""
        ...

    def write(self, data: bytes) -> None:
        """Take the next bytes; raises ``NoSpaceError``."""
        ...

    def seal(self) -> str:
        """Make what was received durable; the sha256 of all of it."""
        ...

    def keep(self, key: ContentKey) -> None:
        """Put it in its place, in one step, over what may be there."""
        ...

    def close(self) -> None:
        """Leave it: what was received and not kept can be taken up again by its name."""
        ...


class ContentStore(Protocol):
    """Keeps content by key, and uploads that are not complete by name."""

    def receive(self, name: str) -> Reception:
        """Take up this upload at its end, or begin it; raises ``BusyError``."""
        ...

    def received_bytes(self, name: str) -> int:
        """How much of an upload is here; 0 where it was not begun."""
        ...

    def discard(self, name: str) -> None:
        """Drop an upload; nothing where there is none."""
        ...

    def open(self, key: ContentKey) -> BinaryIO | None:
        """The bytes, which can be read from any offset; None where they are not here."""
        ...

    def remove(self, key: ContentKey) -> None:
        """Drop content; nothing where there is none."""
        ...


def refuse_other_content(found_sha256: str, promised_sha256: str) -> Refused | None:
    """Whether what arrived is what was promised."""
    if found_sha256 == promised_sha256:
        return None
    return Refused(
        code="file.digest", sentence="The bytes received do not have the promised sha256."
    )
