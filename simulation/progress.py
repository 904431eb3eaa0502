"""What a person sees of a sweep that runs: a bar on a terminal, a line for each cell elsewhere."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from domain.refusal import Refused
from simulation.cell import CellTask
from simulation.sweep import CellAdvanced, CellEnded, News, SweepRemark


def cell_name(task: CellTask) -> str:
    """A cell as a person names it."""
    return f"{task.scenario.name}, {task.season}, seed {task.seed}"


class Display:
    """Follows the news of a sweep, on standard error."""

    def __init__(self, tasks: Sequence[CellTask]) -> None:
        """Follow these cells."""
        self._tasks = tasks
        self._done_frac = [0.0] * len(tasks)
        self._n_ended = 0
        self._console = Console(stderr=True, highlight=False)
        self._progress: Progress | None = None
        self._bar = TaskID(0)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:3.0f} %"),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._progress.start()
            self._bar = self._progress.add_task(self._described(), total=len(self._tasks))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, news: News) -> None:
        """Take in one piece of news."""
        match news:
            case SweepRemark(sentence=sentence):
                self._say(sentence)
            case CellAdvanced(index=index, done_frac=done_frac):
                self._done_frac[index] = done_frac
            case CellEnded(index=index, outcome=outcome):
                self._done_frac[index] = 1.0
                self._n_ended += 1
                self._say_ended(index, outcome if isinstance(outcome, Refused) else None)
        if self._progress is not None:
            self._progress.update(
                self._bar, completed=sum(self._done_frac), description=self._described()
            )

    def _say_ended(self, index: int, refused: Refused | None) -> None:
        name = cell_name(self._tasks[index])
        if refused is not None:
            self._say(f"{name} failed: {refused.sentence}")
        elif self._progress is None:
            self._say(f"{self._n_ended} of {len(self._tasks)} cells done: {name}")

    def _say(self, sentence: str) -> None:
        if self._progress is not None:
            self._console.print(sentence, markup=False)
        else:
            sys.stderr.write(sentence + "\n")
            sys.stderr.flush()

    def _described(self) -> str:
        return f"{self._n_ended} of {len(self._tasks)} cells done"
