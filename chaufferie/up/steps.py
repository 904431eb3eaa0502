"""Progress on a terminal or in a log: what goes on, from the moment that it is worth saying."""

import asyncio
from typing import TextIO

#: What is over sooner needs no words [s].
_WORTH_SAYING_AFTER_S = 1.0
_EVERY_S = 0.5
_CLEAR_LINE = "\r\x1b[K"


class Steps:
    """One line that says what goes on now, above it the lines that stay."""

    def __init__(self, out: TextIO) -> None:
        """Write there; rewrite the line only where a person watches it."""
        self._out = out
        self._loop = asyncio.get_running_loop()
        self._is_live = out.isatty()
        self._text = ""
        self._began_s = 0.0
        self._is_shown = False
        self._timer: asyncio.TimerHandle | None = None

    def step(self, text: str) -> None:
        """Say from now on that this is being done."""
        self._wipe()
        self._text = text
        self._began_s = self._loop.time()
        self._is_shown = False
        self._wait(_WORTH_SAYING_AFTER_S)

    def say(self, line: str) -> None:
        """Write a line that stays."""
        self._wipe()
        self._out.write(line + "\n")
        self._out.flush()

    def done(self) -> None:
        """Nothing goes on any more."""
        self._wipe()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, pause_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(pause_s, self._show)

    def _show(self) -> None:
        passed_s = self._loop.time() - self._began_s
        if self._is_live:
            self._out.write(f"{_CLEAR_LINE}  {self._text} … {passed_s:.0f} s")
            self._wait(_EVERY_S)
        elif not self._is_shown:
            self._out.write(f"{self._text} …\n")
        self._is_shown = True
        self._out.flush()

    def _wipe(self) -> None:
        if self._is_shown and self._is_live:
            self._out.write(_CLEAR_LINE)
            self._out.flush()
