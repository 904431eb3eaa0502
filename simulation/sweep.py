"""Many cells: each in a process of its own, so many at a time, their news as they come."""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from simulation.cell_process import CellProcess, CellRunner, Outcome

if TYPE_CHECKING:
    from simulation.cell import CellTask
    from simulation.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class CellAdvanced:
    """So much of a cell is done."""

    index: int
    done_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEnded:
    """A cell has its result, or a sentence that says why it has none."""

    index: int
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRemark:
    """Something that a person who waits should know."""

    sentence: str


News = CellAdvanced | CellEnded | SweepRemark
#: Runs the cells of a plan somewhere; closing the iterator stops whatever still runs.
FanOut = Callable[["Plan"], Generator[News, None, None]]


def run_locally(
    tasks: Sequence["CellTask"], *, n_jobs: int, runner: CellRunner
) -> Generator[News, None, None]:
    """Run every task on this machine, at most ``n_jobs`` at a time.

    A cell that fails ends with its sentence, and the others go on. No process is left behind
    when the iterator is closed, nor when this process dies.
    """
    waiting = deque(enumerate(tasks))
    running: dict[int, CellProcess] = {}
    try:
        while waiting or running:
            while waiting and len(running) < n_jobs:
                index, task = waiting.popleft()
                running[index] = CellProcess(task, runner)
            readable = wait([process.connection for process in running.values()])
            for index, process in list(running.items()):
                if process.connection in readable:
                    yield _heard(index, process)
                    if process.outcome is not None:
                        del running[index]
    finally:
        for process in running.values():
            process.stop()


def _heard(index: int, process: CellProcess) -> CellAdvanced | CellEnded:
    process.read()
    if process.outcome is None:
        return CellAdvanced(index=index, done_frac=process.done_frac)
    return CellEnded(index=index, outcome=process.outcome)
