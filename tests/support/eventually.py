"""Waiting on a condition, for tests of things that happen in their own time."""

import asyncio
from collections.abc import Awaitable, Callable

_PATIENCE_S = 20.0
_LOOK_EVERY_S = 0.01


async def eventually(holds: Callable[[], Awaitable[bool]], patience_s: float = _PATIENCE_S) -> None:
    """Return when the condition holds; raises ``TimeoutError`` when patience ends first."""
    async with asyncio.timeout(patience_s):
        while True:
            if await holds():
                return
            await asyncio.sleep(_LOOK_EVERY_S)
