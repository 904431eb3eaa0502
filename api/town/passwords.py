"""Passwords of a town's people: kept as Argon2id, compared a few at a time.

Each comparison takes 64 MiB and a tenth of a second or more (RFC 9106, second recommended
parameters), so a crowd of tries waits in line, and a longer line is turned away.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE = 2
_LONGEST_LINE = 32
#: What is compared where no account has the address, so that both answers take as long.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$3th+0CoJIWbnVIU9MbynTw$OKQKFG1"
    "8Vfe0/r1Q429/FD3SX7zbOBxtD5NyteIkxyk"
)


class Passwords:
    """One per API process."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Nobody waits yet."""
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    @property
    def is_crowded(self) -> bool:
        """Whether so many tries wait that another should come back later."""
        return self._waiting >= _LONGEST_LINE

    async def hashed(self, password: str) -> str:
        """What is kept of a password."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, kept: str | None, password: str) -> bool:
        """Whether this is the password; None = there is no such account."""
        self._waiting += 1
        try:
            async with self._turn:
                found = await asyncio.to_thread(self._verify, kept or _NOBODY, password)
        finally:
            self._waiting -= 1
        return found and kept is not None

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
