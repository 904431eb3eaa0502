"""Stand-ins for the running of a cell, called by name in another process."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from domain.refusal import Refused
from simulation.cell_process import OnProgress
from simulation.results.results import CellResult
from tests.support.cells import a_cell

if TYPE_CHECKING:
    from simulation.cell import CellTask

#: A cell of this seed goes wrong in the way of its name.
RAISES, DIES, REFUSES, HANGS = 101, 102, 103, 104
_FOREVER_S = 600.0


def run(task: "CellTask", on_progress: OnProgress) -> CellResult | Refused:
    """A made-up result at once, unless the seed says otherwise."""
    for name in ("twin", "oracle", *task.policies):
        on_progress(name)
    if task.seed == RAISES:
        raise ValueError("the pump is dry")
    if task.seed == DIES:
        os._exit(9)
    if task.seed == REFUSES:
        return Refused(code="season.unknown", sentence="There is no such season.")
    if task.seed == HANGS:
        _say_that_it_hangs(task)
        time.sleep(_FOREVER_S)
    return a_cell(
        scenario=task.scenario.name,
        season=task.season,
        seed=task.seed,
        policies=task.policies,
        with_series=task.with_series,
    )


def _say_that_it_hangs(task: "CellTask") -> None:
    """Leave the number of this process where the test looks for it."""
    if task.workload is not None:
        made = task.workload.with_suffix(".made")
        made.write_text(str(os.getpid()), encoding="ascii")
        made.rename(Path(task.workload))
