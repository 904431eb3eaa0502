"""Cells in processes of their own, whose work is made up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from domain.refusal import Refused
from simulation.cell import CellTask
from simulation.results.results import CellResult
from simulation.scenario.loading import load_scenario
from simulation.scenario.scenario import Scenario
from simulation.sweep import CellAdvanced, CellEnded, News, run_locally
from tests.support import cell_runners
from tests.support.cell_runners import DIES, HANGS, RAISES, REFUSES
from tests.support.warden import until


def _task(seed: int, told: Path | None = None) -> CellTask:
    scenario = load_scenario("hard")
    assert isinstance(scenario, Scenario)
    return CellTask(
        scenario=scenario,
        season="summer",
        seed=seed,
        policies=("coldest", "chaufferie"),
        workload=told,
        with_series=True,
    )


def _run(*seeds: int, n_jobs: int = 2) -> list[News]:
    tasks = [_task(seed) for seed in seeds]
    return list(run_locally(tasks, n_jobs=n_jobs, runner=cell_runners.run))


def _outcomes(news: list[News]) -> dict[int, CellResult | Refused]:
    return {item.index: item.outcome for item in news if isinstance(item, CellEnded)}


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_every_cell_ends_with_the_result_of_its_own_task() -> None:
    outcomes = _outcomes(_run(5, 6, 7))

    assert sorted(outcomes) == [0, 1, 2]
    seeds = [cell.seed for _, cell in sorted(outcomes.items()) if isinstance(cell, CellResult)]
    assert seeds == [5, 6, 7]
    cell = outcomes[0]
    assert isinstance(cell, CellResult)
    assert [run.policy for run in cell.runs] == ["coldest", "chaufferie"]
    assert all(run.series is not None for run in cell.runs)


def test_a_cell_says_how_far_it_is_and_never_goes_back() -> None:
    told = [item.done_frac for item in _run(5) if isinstance(item, CellAdvanced)]

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) == 4  # twin, oracle, two policies


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        (RAISES, "ValueError in cell_runners.py"),
        (DIES, "ended by itself, with code 9"),
        (REFUSES, "no such season"),
    ],
)
def test_one_cell_that_goes_wrong_says_so_and_the_others_go_on(seed: int, said: str) -> None:
    outcomes = _outcomes(_run(5, seed, 6))
    wrong = outcomes.pop(1)

    assert isinstance(wrong, Refused)
    assert said in wrong.sentence
    assert all(isinstance(outcome, CellResult) for outcome in outcomes.values())
    assert len(outcomes) == 2


def test_whoever_stops_listening_leaves_no_process(tmp_path: Path) -> None:
    told = tmp_path / "process"
    tasks = [_task(HANGS, told), _task(5)]
    news = run_locally(tasks, n_jobs=2, runner=cell_runners.run)
    ended = next(item for item in news if isinstance(item, CellEnded))
    until(told.exists, "the other cell hangs")
    process_id = int(told.read_text())
    assert ended.index == 1
    assert _is_alive(process_id)

    news.close()

    assert not _is_alive(process_id)


def test_a_parent_that_is_killed_takes_its_cells_along(tmp_path: Path) -> None:
    told = tmp_path / "process"
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from simulation.sweep import run_locally\n"
        "from tests.integration.test_sweep_processes import _task\n"
        "from tests.support import cell_runners\n"
        "if __name__ == '__main__':\n"
        "    task = _task(cell_runners.HANGS, Path(sys.argv[1]))\n"
        "    list(run_locally([task], n_jobs=1, runner=cell_runners.run))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sys.path))}
    parent = subprocess.Popen([sys.executable, str(script), str(told)], env=environment)
    until(told.exists, "the cell hangs")
    process_id = int(told.read_text())

    parent.kill()
    parent.wait()

    until(lambda: not _is_alive(process_id), "the cell has followed its parent")
