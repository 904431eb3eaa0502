"""``chaufferie up``: everything on this machine, until told to stop."""

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from chaufferie.sdk.endpoint import DATA_DIR_VARIABLE, default_data_dir
from chaufferie.up.asking import AnswerError
from chaufferie.up.embedded import CannotStartError, Embedded, Running
from chaufferie.up.layout import Layout, layout_of
from chaufferie.up.leftovers import end_leftovers
from chaufferie.up.lock import Holder, take
from chaufferie.up.sites import TIME_FACTOR
from chaufferie.up.steps import Steps
from chaufferie.up.typed import typed_command

_OK, _REFUSED, _USAGE = 0, 1, 2
#: What a shell expects of a program that Ctrl-C ended before its work was done.
INTERRUPTED = 130
_LONGEST_QUEUE = 2048
_MOST_SITES = 247  # Addresses behind one Modbus port.

Work = Callable[[Embedded, Running, Steps], Awaitable[int]]


def up(data: Path, port: int, sites: int) -> int:
    """Start everything and stay until Ctrl-C; the exit code."""
    return run_embedded(data, port, sites, _stay)


def run_embedded(data: Path, port: int, sites: int, work: Work, told: int = _OK) -> int:
    """Start everything in this directory, do the work, stop everything; the exit code.

    ``told`` is the exit code where a signal ended the work.
    """
    if not 1 <= sites <= _MOST_SITES:
        return _refuse(f"--sites lies outside 1 to {_MOST_SITES}; choose a number within.", _USAGE)
    try:
        layout = layout_of(data)
        lock = take(layout.lock)
    except OSError as error:
        return _refuse(f"{data} cannot be used: {error.strerror}; name another with --data.")
    if isinstance(lock, Holder):
        return _refuse(lock.sentence(layout.data))
    try:
        lock.tell(pid=os.getpid())
        end_leftovers(layout.data)
        listener = _listen(port)
        if isinstance(listener, str):
            return _refuse(listener)
        with listener:
            lock.tell(pid=os.getpid(), url=f"http://127.0.0.1:{listener.getsockname()[1]}")
            return asyncio.run(_run(layout, listener, sites, work, told))
    finally:
        layout.drop_short_name()
        lock.close()


def _listen(port: int) -> socket.socket | str:
    """A socket that answers from now on, or why there is none."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(_LONGEST_QUEUE)
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            return f"Port {port} is in use; stop what uses it, or choose another with --port."
        return f"Port {port} cannot be used ({error}); choose another with --port."
    return listener


async def _run(layout: Layout, listener: socket.socket, sites: int, work: Work, told: int) -> int:
    """Start, work, stop. The first signal stops in good order, a second one at once."""
    steps = Steps(sys.stdout)
    embedded = Embedded(layout, listener, steps.say, steps.step)
    main = asyncio.current_task()
    is_told = False

    def on_signal() -> None:
        nonlocal is_told
        if is_told:
            embedded.supervisor.kill_all()
        elif main is not None:
            main.cancel()
        is_told = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    try:
        running = await embedded.start(sites)
        return await work(embedded, running, steps)
    except asyncio.CancelledError:
        return told
    except (CannotStartError, AnswerError, OSError) as error:
        steps.done()
        return _refuse(f"{error}")
    finally:
        is_told = True
        steps.step("stopping")
        await embedded.stop()
        steps.done()


async def _stay(embedded: Embedded, running: Running, steps: Steps) -> int:
    page = running.url
    with suppress(AnswerError):
        page += await embedded.sign_in_path(running.token)
    steps.done()
    steps.say(_greeting(running, page, embedded.layout))
    await asyncio.Event().wait()
    return _OK


def _greeting(running: Running, page: str, layout: Layout) -> str:
    cores, count = running.machine.cores, len(running.sites)
    noun = "core is" if cores == 1 else "cores are"
    shared = f"advertised on each of the {count} nodes: shared" if count > 1 else "its one node's"
    command = typed_command()
    is_usual = layout.data.resolve() == default_data_dir().resolve()
    found = "" if is_usual else f"\n  First     export {DATA_DIR_VARIABLE}={layout.data}"
    return f"""
  Chaufferie runs {count} sites with simulated boilers, at {TIME_FACTOR:g} times real time;
  their meters are simulated too. This machine's {cores} {noun} {shared}.

  Look      {page}
            (this link signs you in, once){found}
  Submit    {command} submit -- sleep 10
            {command} submit --stage FILE JOB_SCRIPT
  Follow    {command} jobs | sites | heat | explain JOB | logs JOB -f
  Logs      {layout.logs}
  Stop      Ctrl-C
"""


def _refuse(sentence: str, code: int = _REFUSED) -> int:
    sys.stderr.write(sentence + "\n")
    return code
