"""States, times and formats as Slurm writes them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.jobs.job import FINAL_STATES, EndReason, JobState
from domain.sbatch.durations import describe_duration
from domain.sbatch.hostlist import fold_hostlist

#: Long and short state of a job that has not ended, by ours.
_OPEN = {
    JobState.HELD: ("PENDING", "PD"),
    JobState.BLOCKED: ("PENDING", "PD"),
    JobState.QUEUED: ("PENDING", "PD"),
    JobState.ASSIGNED: ("CONFIGURING", "CF"),
    JobState.RUNNING: ("RUNNING", "R"),
    JobState.PREEMPTED: ("COMPLETING", "CG"),
    JobState.CANCELLING: ("COMPLETING", "CG"),
    JobState.SUCCEEDED: ("COMPLETED", "CD"),
}
_ENDED = {
    EndReason.TIME_LIMIT: ("TIMEOUT", "TO"),
    EndReason.MEMORY_LIMIT: ("OUT_OF_MEMORY", "OOM"),
    EndReason.DEADLINE_PASSED: ("DEADLINE", "DL"),
}
_PENDING_REASONS = {
    JobState.HELD: "JobHeldUser",
    JobState.BLOCKED: "Dependency",
    JobState.QUEUED: "Priority",
}
#: Every state that a filter may name, short forms too.
_SHORT = dict(
    [*_OPEN.values(), *_ENDED.values(), ("FAILED", "F"), ("CANCELLED", "CA"), ("NODE_FAIL", "NF")]
)
_PLACE = re.compile(r"%(?P<right>\.?)(?P<width>\d*)(?P<letter>[A-Za-z])")
_SIGNALLED = 128


def state_of(document: Mapping[str, Any]) -> tuple[str, str]:
    """Long and short name of where a job stands."""
    state = JobState(document["state"])
    if state in _OPEN:
        return _OPEN[state]
    reason = document["reason"]
    if reason in set(_ENDED):
        return _ENDED[EndReason(reason)]
    return ("FAILED", "F") if state is JobState.FAILED else ("CANCELLED", "CA")


def node_list(document: Mapping[str, Any]) -> str:
    """All its nodes as Slurm writes them; empty where it has none."""
    if not document["node"]:
        return ""
    return fold_hostlist([document["node"], *document.get("members", ())])


def is_named(document: Mapping[str, Any], wanted: frozenset[str] | None) -> bool:
    """Whether a filter names the job's state, in its long or short form, or there is none."""
    return wanted is None or bool(wanted & {"ALL", *state_of(document)})


def read_states(text: str) -> frozenset[str]:
    """The states that a filter names, upper case; ``ValueError`` for one that does not exist."""
    wanted = frozenset(part.strip().upper() for part in text.split(",") if part.strip())
    known = {
        *_SHORT,
        *_SHORT.values(),
        "ALL",
        "PREEMPTED",
        "PR",
        "REQUEUED",
        "RQ",
        "SUSPENDED",
        "S",
    }
    strange = sorted(wanted - known)
    if strange:
        raise ValueError(strange[0])
    return wanted


def states_behind(wanted: frozenset[str] | None) -> frozenset[JobState]:
    """Our states that a filter may mean; None = whatever has not ended."""
    open_states = frozenset(JobState) - FINAL_STATES
    if wanted is None:
        return open_states
    if "ALL" in wanted:
        return frozenset(JobState)
    meant = {state for state, names in _OPEN.items() if wanted & {*names}}
    # Which end it was is told by the reason, which the server is not asked by.
    is_end = not wanted <= {name for state in open_states for name in _OPEN[state]}
    return frozenset(meant | (FINAL_STATES if is_end else frozenset()))


def reason_of(document: Mapping[str, Any], now_s: float) -> str:
    """Why a job waits, or why it ended, in one word."""
    state = JobState(document["state"])
    if state is JobState.QUEUED and (document.get("begin_s") or 0.0) > now_s:
        return "BeginTime"
    if state in _PENDING_REASONS:
        return _PENDING_REASONS[state]
    words = (document["reason"] or "").split("_")
    return "".join(word.capitalize() for word in words) or "None"


def exit_code_of(document: Mapping[str, Any]) -> str:
    """Exit code and signal: ``1:0``, ``0:9``."""
    code = document["exit_code"] or 0
    return f"0:{code - _SIGNALLED}" if code > _SIGNALLED else f"{code}:0"


def elapsed_s(document: Mapping[str, Any], now_s: float) -> int:
    """Seconds that its newest attempt has run."""
    started_s = document["started_at_s"]
    if started_s is None:
        return 0
    return max(0, int((document["finished_at_s"] or now_s) - started_s))


def short_duration(seconds: int) -> str:
    """As squeue writes it: ``5:07``, ``1:02:03``, ``2-00:00:00``."""
    text = describe_duration(seconds)
    if "-" in text:
        return text
    hours, minutes, rest = text.split(":")
    return f"{int(minutes)}:{rest}" if hours == "00" else f"{int(hours)}:{minutes}:{rest}"


def clock(at_s: float | None) -> str:
    """An instant in the reader's zone."""
    if at_s is None:
        return "Unknown"
    return datetime.fromtimestamp(at_s).astimezone().strftime("%Y-%m-%dT%H:%M:%S")


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """A line by a format such as ``%.8i %T``; ``.`` puts it to the right, a number cuts it."""

    def put_in(found: re.Match[str]) -> str:
        value = values.get(found["letter"], "N/A")
        width = int(found["width"][:4] or 0)
        if not width:
            return value
        return value[:width].rjust(width) if found["right"] else value[:width].ljust(width)

    return _PLACE.sub(put_in, pattern)
