"""One cell in a process of its own: stopped at once, and nobody dies with it."""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from domain.refusal import Refused
from simulation.results.results import CellResult

if TYPE_CHECKING:
    from simulation.cell import CellTask

#: Told what was just finished: the twin, the bound, a policy.
OnProgress = Callable[[str], None]
#: Runs a cell; importable by name, since another process calls it.
CellRunner = Callable[["CellTask", OnProgress], CellResult | Refused]
Outcome = CellResult | Refused

#: The twin and the bound, which precede the policies.
_STEPS_BEFORE = 2
#: A process that was told to end has this long before it is killed [s].
_PATIENCE_S = 2.0
#: More threads than one a process only make the processes wait for one another.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class CellProcess:
    """A cell that runs; ``connection`` becomes readable whenever it has something to say."""

    def __init__(self, task: "CellTask", runner: CellRunner) -> None:
        """Start at once. Never a fork: the parent may have threads."""
        context = multiprocessing.get_context("spawn")
        self.connection, sending = context.Pipe(duplex=False)
        self.done_frac = 0.0
        self.outcome: Outcome | None = None  #: None while it runs.
        for name in _ONE_THREAD:
            os.environ.setdefault(name, "1")
        self._process = context.Process(target=_work, args=(task, runner, sending), daemon=True)
        self._process.start()
        sending.close()

    def read(self) -> None:
        """Take in what the process says next; blocks until there is something."""
        try:
            said = self.connection.recv()
        except EOFError:
            self._process.join()
            self.outcome = Refused(
                code="cell.died",
                sentence=f"its process ended by itself, with code {self._process.exitcode}.",
            )
            self.connection.close()
            return
        if isinstance(said, float):
            self.done_frac = said
            return
        self.outcome = said
        self.stop()

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.terminate()
        self._process.join(_PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.connection.close()


def _work(task: "CellTask", runner: CellRunner, sending: Connection) -> None:
    # Ctrl-C reaches every process of the terminal; who started this one decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    n_steps = _STEPS_BEFORE + len(task.policies)
    n_done = 0

    def on_progress(_finished: str) -> None:
        nonlocal n_done
        n_done += 1
        sending.send(min(n_done / n_steps, 1.0))

    try:
        outcome = runner(task, on_progress)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the other cells go on
        outcome = Refused(code="cell.failed", sentence=_told(error))
    sending.send(outcome)
    sending.close()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _told(error: Exception) -> str:
    """A fault in a sentence: what, and where it was noticed."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}, line {last.lineno}"
    return f"{type(error).__name__} in {where}: {error}."
