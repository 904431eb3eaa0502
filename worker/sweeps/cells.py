"""One cell of a sweep on a worker: taken from the store, run beside it, its result put back."""

import threading
from multiprocessing.connection import wait
from uuid import uuid4

from domain.refusal import Refused
from simulation.cell import run_cell
from simulation.cell_process import CellProcess, Outcome
from store.sweeps import sweeps
from store.sweeps.sweeps import TakenCell
from store.transaction import Store
from worker.sweeps.spec import outcome_to_text, unpacked

#: A worker that is silent for so long has lost its cell [s].
CELL_TTL_S = 60.0
#: It says how far it is at least this often [s].
_KEEP_EVERY_S = 2.0


def run_stored_cell(store: Store, stop: threading.Event, sweep_id: int, number: int) -> None:
    """Run this cell unless another has it; give it back where the worker must stop meanwhile."""
    holder = uuid4().hex
    with store.transaction() as tx:
        taken = sweeps.take(tx, sweep_id, number, holder=holder, ttl_s=CELL_TTL_S)
    if taken is None:
        return
    cell = _HeldCell(store, sweep_id, number, holder)
    outcome = _run(taken, cell, stop)
    if outcome is not None:
        cell.end(outcome)


class _HeldCell:
    """The row of a cell that this worker holds."""

    def __init__(self, store: Store, sweep_id: int, number: int, holder: str) -> None:
        self._store = store
        self._cell = (sweep_id, number)
        self._holder = holder

    def keep(self, done_frac: float) -> bool:
        with self._store.transaction() as tx:
            return sweeps.keep(
                tx, *self._cell, holder=self._holder, done_frac=done_frac, ttl_s=CELL_TTL_S
            )

    def give_back(self) -> None:
        with self._store.transaction() as tx:
            sweeps.give_back(tx, *self._cell, holder=self._holder)

    def end(self, outcome: Outcome) -> None:
        result = outcome_to_text(outcome)
        with self._store.transaction() as tx:
            sweeps.end(tx, *self._cell, holder=self._holder, result=result)


def _run(taken: TakenCell, cell: _HeldCell, stop: threading.Event) -> Outcome | None:
    """The outcome; None where the cell was given back, or is not wanted any more."""
    with unpacked(taken.sweep_spec, taken.cell_spec) as task:
        if isinstance(task, Refused):
            return task
        process = CellProcess(task, run_cell)
        try:
            while cell.keep(process.done_frac):
                _listen(process, stop)
                if process.outcome is not None:
                    return process.outcome
                if stop.is_set():
                    cell.give_back()
                    return None
        finally:
            process.stop()
    return None


def _listen(process: CellProcess, stop: threading.Event) -> None:
    """Take in what the process says until it is time to speak to the store."""
    step_s = _KEEP_EVERY_S / 10
    for _ in range(10):
        if wait([process.connection], step_s):
            process.read()
        if process.outcome is not None or stop.is_set():
            return
