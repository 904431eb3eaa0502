"""``simulate``: plan the cells, run them, and show what came of them."""

import json
import os
import signal
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from types import FrameType

from rich.console import Console

from domain.refusal import Refused
from simulation.cell import run_cell
from simulation.options import STANDARD_OUTPUT, Ask
from simulation.plan import Plan, plan_of
from simulation.progress import Display, cell_name
from simulation.report.page import write_report
from simulation.results.results import CellResult
from simulation.results.summary import document, summarise
from simulation.results.table import WIDTH, write_tables
from simulation.sweep import CellEnded, FanOut, News, run_locally

_DONE, _FAILED, _WRONG_INPUT, _INTERRUPTED = 0, 1, 2, 130


def simulate(ask: Ask, fan_out: FanOut | None = None) -> int:
    """Do what was asked; the exit code. Without a fan-out the cells run on this machine."""
    try:
        with _ended_by_term():
            return _simulate(ask, fan_out)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; nothing was written.\n")
        return _INTERRUPTED


def _simulate(ask: Ask, fan_out: FanOut | None) -> int:
    plan = plan_of(ask)
    if isinstance(plan, Refused):
        return _refuse(plan.sentence)

    def here(planned: Plan) -> Generator[News, None, None]:
        return run_locally(planned.tasks, n_jobs=ask.n_jobs, runner=run_cell)

    cells, refused = _run(plan, fan_out or here)
    if not cells:
        return _FAILED if any(item.code.startswith("cell.") for item in refused) else _WRONG_INPUT
    alarms = [item.sentence for item in refused]
    try:
        _show(ask, tuple(plan.sources), cells, alarms)
    except BrokenPipeError:
        # Whoever read us has enough; Python must not complain about it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    except OSError as error:
        return _refuse(f"The results cannot be written: {error}.")
    return _FAILED if alarms else _DONE


def _run(plan: Plan, fan_out: FanOut) -> tuple[list[CellResult], list[Refused]]:
    """The cells that succeeded, in the order of the tasks, and why the others did not."""
    found: dict[int, CellResult] = {}
    refused: list[Refused] = []
    tasks, news = plan.tasks, fan_out(plan)
    with Display(tasks) as display, closing(news):
        for item in news:
            display.show(item)
            match item:
                case CellEnded(index=index, outcome=CellResult() as cell):
                    found[index] = cell
                case CellEnded(index=index, outcome=Refused() as why):
                    sentence = f"{cell_name(tasks[index])} failed: {why.sentence}"
                    refused.append(replace(why, sentence=sentence))
    return [found[index] for index in sorted(found)], refused


def _show(
    ask: Ask, scenarios: Sequence[str], cells: Sequence[CellResult], alarms: Sequence[str]
) -> None:
    if ask.json == STANDARD_OUTPUT:
        sys.stdout.write(_json(cells, scenarios))
        sys.stdout.flush()
    else:
        is_terminal = sys.stdout.isatty()
        console = Console(highlight=False, width=None if is_terminal else WIDTH)
        write_tables(summarise(cells), console)
        sys.stdout.flush()
        if ask.json is not None:
            ask.json.write_text(_json(cells, scenarios), encoding="utf-8")
    if ask.report is not None:
        page = write_report(ask.report, cells, alarms)
        sys.stderr.write(f"The report is in {page}.\n")


def _json(cells: Sequence[CellResult], scenarios: Sequence[str]) -> str:
    return json.dumps(document(cells, scenarios), indent=1, allow_nan=False) + "\n"


@contextmanager
def _ended_by_term() -> Iterator[None]:
    """TERM ends the sweep as Ctrl-C does: no process stays behind."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return _WRONG_INPUT
