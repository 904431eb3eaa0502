"""The Standard Workload Format of the Parallel Workloads Archive, version 2.2.

Comments begin with ``;`` and may hold ``; Key: value``. Every other line is a job of 18 numbers
divided by white space; -1 means unknown (Chapin et al. 1999, doi:10.1007/3-540-47954-6_4).
"""

import re
from pathlib import Path

import numpy as np

from domain.refusal import Refused
from domain.units import DAY_S, WEEK_S
from simulation.number_file import NumberField, Place, numbered_lines, read_text
from simulation.workload.capacity import CODE
from simulation.workload.trace import Trace

_COLUMNS = 18
_UNKNOWN = -1.0
_TEN_YEARS_S = 315_360_000.0
_MOST_PROCESSORS = 100_000_000.0
_MOST_ROWS = 10_000_000
_EPOCH_DAY_OF_WEEK = 3  # The first of January 1970 was a Thursday.


def _field(name: str, meaning: str, high: float, low: float = _UNKNOWN) -> NumberField:
    return NumberField(name=name, meaning=meaning, low=low, high=high)


_SUBMITTED = _field("submit_time", "seconds since the log began", 10 * _TEN_YEARS_S, 0.0)
_RUN = _field("run_time", "seconds, or -1 if unknown,", _TEN_YEARS_S)
_ALLOCATED = _field("allocated_processors", "a count, or -1 if unknown,", _MOST_PROCESSORS)
_REQUESTED = _field("requested_processors", "a count, or -1 if unknown,", _MOST_PROCESSORS)
_LIMIT = _field("requested_time", "seconds, or -1 if unknown,", _TEN_YEARS_S)
_USER = _field("user_id", "a number, or -1 if unknown,", 1e9)
_PROGRAM = _field("executable_number", "a number, or -1 if unknown,", 1e9)
#: Column from 0, in the order of the columns of the array that is read.
_READ = (
    (1, _SUBMITTED),
    (3, _RUN),
    (4, _ALLOCATED),
    (7, _REQUESTED),
    (8, _LIMIT),
    (11, _USER),
    (13, _PROGRAM),
)


def read_swf(path: Path) -> Trace | Refused:
    """The jobs of an SWF log, packed by gzip or not."""
    text = read_text(path, CODE)
    if isinstance(text, Refused):
        return text
    headings: dict[str, str] = {}
    rows: list[list[float]] = []
    for number, line in numbered_lines(text):
        if line.lstrip().startswith(";"):
            _note(line, headings)
            continue
        row = _row(line, Place(path=path, code=CODE, line=number))
        if isinstance(row, Refused):
            return row
        rows.append(row)
        if len(rows) > _MOST_ROWS:
            sentence = f"{path} holds more than {_MOST_ROWS} jobs; cut out the months wanted."
            return Refused(code=CODE, sentence=sentence, line=number)
    if not rows:
        return Refused(code=CODE, sentence=f"{path} holds no job; name a log with jobs.")
    return _trace(path, headings, np.array(rows, dtype=np.float64))


def _note(line: str, headings: dict[str, str]) -> None:
    match = re.match(r"\s*;+\s*(\w+)\s*:\s*(.*)", line)
    if match is not None:
        headings.setdefault(match.group(1).lower(), match.group(2).strip())


def _row(line: str, place: Place) -> list[float] | Refused:
    cells = line.split()
    if len(cells) != _COLUMNS:
        return place.refused(f"{_COLUMNS} columns", found=f"{len(cells)} columns")
    values: list[float] = []
    for column, field in _READ:
        value = place.number(cells[column], field)
        if isinstance(value, Refused):
            return value
        values.append(value)
    return values


def _trace(
    path: Path, headings: dict[str, str], rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> Trace | Refused:
    """``rows`` is (n_rows, 7), in the order of ``_READ``."""
    processors = np.where(rows[:, 2] > 0, rows[:, 2], rows[:, 3])
    is_whole = (rows[:, 1] > 0) & (processors > 0)
    if not is_whole.any():
        sentence = f"{path} holds no job with a run time and processors; name another log."
        return Refused(code=CODE, sentence=sentence)
    order = np.argsort(rows[is_whole, 0], kind="stable")
    kept, processors = rows[is_whole][order], processors[is_whole][order]
    limit_s = kept[:, 4]
    return Trace(
        name=path.name,
        submitted_s=kept[:, 0],
        first_week_s=_week_s(headings),
        run_s=kept[:, 1],
        processors=processors.astype(np.int64),
        time_limit_s=np.where(limit_s > 0, limit_s, np.nan),
        user=kept[:, 5].astype(np.int64),
        program=kept[:, 6].astype(np.int64),
        n_incomplete=int((~is_whole).sum()),
    )


def _week_s(headings: dict[str, str]) -> float:
    """The log's first instant since midnight of a Monday at its place; 0 where it does not say."""
    try:
        local_s = int(headings["unixstarttime"]) + int(headings.get("timezone", "0"))
    except (KeyError, ValueError):
        return 0.0
    return (local_s + _EPOCH_DAY_OF_WEEK * DAY_S) % WEEK_S
