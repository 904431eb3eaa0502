"""Keeps child processes running, and stops them."""

import asyncio
import signal
from collections.abc import Callable, Iterable

from chaufferie.up.process import Child, Program, how_it_ended, last_words, start
from chaufferie.up.restart import Ends

#: After this many ends in a row the program's own last words are shown.
_SHOW_WORDS_FROM = 2
#: After this many it is clear that something is wrong that a start does not repair.
_HOPELESS_FROM = 3


class Supervisor:
    """The children of one ``up``; all of it runs in one thread."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Tell a person by ``say``, one line at a time."""
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._children: dict[str, Child] = {}
        self._ends: dict[str, Ends] = {}
        self._restarts: dict[str, asyncio.TimerHandle] = {}
        self._gone: dict[str, asyncio.Event] = {}
        self._hopeless: dict[str, asyncio.Event] = {}
        self._is_stopping = False

    def start(self, program: Program) -> None:
        """Start it and keep it running. May raise ``OSError``."""
        child = start(program, self._loop.time())
        self._children[program.name] = child
        self._gone[program.name] = asyncio.Event()
        self._hopeless.setdefault(program.name, asyncio.Event())
        self._loop.add_reader(child.pidfd, self._on_end, program.name)

    def pids(self) -> dict[str, int]:
        """The process of each program that runs."""
        return {name: child.process.pid for name, child in self._children.items()}

    async def fails_to_start(self, name: str) -> None:
        """Return when this program has ended several times in a row."""
        await self._hopeless[name].wait()

    async def run_once(self, program: Program, limit_s: float) -> int | None:
        """Run a program that is to end by itself; its exit code, None if it took too long."""
        child = start(program, self._loop.time())
        ended = asyncio.Event()
        self._loop.add_reader(child.pidfd, ended.set)
        try:
            async with asyncio.timeout(limit_s):
                await ended.wait()
        except TimeoutError:
            return None
        finally:
            self._loop.remove_reader(child.pidfd)
            if not ended.is_set():
                child.signal(signal.SIGKILL)
            code = child.process.wait()
            child.close()
        return code

    def ask_to_end(self, names: Iterable[str]) -> list[str]:
        """Send TERM to those of these programs that run; from now on nothing starts again."""
        self._is_stopping = True
        for handle in self._restarts.values():
            handle.cancel()
        asked = [name for name in names if name in self._children]
        for name in asked:
            self._children[name].signal(signal.SIGTERM)
        return asked

    async def stop(self, names: Iterable[str], limit_s: float) -> None:
        """Ask these programs to end, and kill what has not within the limit."""
        wanted = self.ask_to_end(names)
        await self._await_end(wanted, limit_s)
        for name in wanted:
            if name in self._children:
                self._say(f"{name} does not stop by itself; it is killed.")
                self._children[name].signal(signal.SIGKILL)
        await self._await_end(wanted, limit_s)

    def kill_all(self) -> None:
        """End everything now."""
        self._is_stopping = True
        for child in self._children.values():
            child.signal(signal.SIGKILL)

    async def _await_end(self, names: list[str], limit_s: float) -> None:
        waiting = [self._gone[name].wait() for name in names if name in self._children]
        if waiting:
            try:
                async with asyncio.timeout(limit_s):
                    await asyncio.gather(*waiting)
            except TimeoutError:
                return

    def _on_end(self, name: str) -> None:
        child = self._children.pop(name)
        self._loop.remove_reader(child.pidfd)
        code = child.process.wait()
        child.close()
        self._gone[name].set()
        if self._is_stopping:
            return
        ends = self._ends.get(name, Ends()).after(self._loop.time() - child.started_s)
        self._ends[name] = ends
        if ends.in_a_row >= _HOPELESS_FROM:
            self._hopeless[name].set()
        self._say(_news(child.program, code, ends))
        self._restarts[name] = self._loop.call_later(ends.pause_s, self._again, child.program)

    def _again(self, program: Program) -> None:
        self._restarts.pop(program.name, None)
        if self._is_stopping:
            return
        try:
            self.start(program)
        except OSError as error:
            ends = self._ends[program.name].after(0.0)
            self._ends[program.name] = ends
            self._say(f"{program.name} cannot be started: {error}; next try in {ends.pause_s:g} s.")
            self._restarts[program.name] = self._loop.call_later(ends.pause_s, self._again, program)


def _news(program: Program, code: int, ends: Ends) -> str:
    how = f"{program.name} ended ({how_it_ended(code)})"
    has_words = code > 0 and ends.in_a_row >= _SHOW_WORDS_FROM  # Who is killed says nothing.
    words = last_words(program.log) if has_words else ""
    said = f", saying: {words.rstrip('.')}" if words else ""
    when = "started again" if ends.pause_s == 0 else f"next try in {ends.pause_s:g} s"
    return f"{how}{said}; {when}."
