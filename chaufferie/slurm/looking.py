"""``squeue`` and ``sacct``: jobs in the words of Slurm."""

import argparse
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chaufferie.sdk.errors import NotFoundError
from chaufferie.slurm.arguments import Parser, job_refs
from chaufferie.slurm.arrays import unfolded
from chaufferie.slurm.words import (
    clock,
    elapsed_s,
    exit_code_of,
    fill,
    is_named,
    node_list,
    read_states,
    reason_of,
    short_duration,
    state_of,
    states_behind,
)
from domain.jobs.job import FINAL_STATES, JobState
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S
from domain.sbatch.durations import describe_duration

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client

Document = Mapping[str, Any]

_QUEUE_FORMAT = "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R"
_START_FORMAT = "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %.20Y %R"
_PENDING = frozenset({"PENDING"})
_QUEUE_TITLES = {
    "i": "JOBID",
    "A": "JOBID",
    "F": "ARRAY_JOB_ID",
    "j": "NAME",
    "t": "ST",
    "T": "STATE",
    "M": "TIME",
    "l": "TIME_LIMIT",
    "L": "TIME_LEFT",
    "D": "NODES",
    "C": "CPUS",
    "N": "NODELIST",
    "R": "NODELIST(REASON)",
    "r": "REASON",
    "a": "ACCOUNT",
    "P": "PARTITION",
    "u": "USER",
    "U": "USER",
    "S": "START_TIME",
    "e": "END_TIME",
    "V": "SUBMIT_TIME",
    "Y": "SCHEDNODES",
}
_MOST_ENDED = 1000
_EVERY = frozenset({"ALL"})
#: What only the attempts of a job tell.
_USED = frozenset({"maxrss", "totalcpu", "consumedenergyraw"})
_J_PER_WH = 3600
_ACCOUNT_FORMAT = "JobID,JobName,Partition,Account,AllocCPUS,State,ExitCode"
_COLUMN_WIDTH = 12


def squeue(client: "Client", words: Sequence[str]) -> list[str]:
    """The lines that ``squeue`` prints."""
    parser = Parser("squeue")
    parser.add_argument("-h", "--noheader", action="store_true")
    parser.add_argument("-j", "--jobs", "--job", type=job_refs, action="extend", default=[])
    parser.add_argument("-o", "--format")
    parser.add_argument("--start", action="store_true")
    parser.add_argument("-t", "--states", "--state", type=_states)
    parser.add_argument("-n", "--name", "--names")
    parser.add_argument("-A", "--account", "--accounts")
    parser.add_argument("-r", "--array", action="store_true")
    parser.ignore("--me", "-a", "--all", "-l", "--long", "-v", "--verbose")
    parser.ignore_values("-u", "--user", "--users", "-p", "--partition", "-S", "--sort")
    asked = parser.parse_args(words)
    if asked.start:
        asked.states = _PENDING
    pattern = asked.format or (_START_FORMAT if asked.start else _QUEUE_FORMAT)
    states = states_behind(asked.states)
    found = _jobs(client, asked.jobs, asked.name, states)
    lines_of = (unfolded(client, job, states, each=asked.array) for job in found)
    shown = [
        line
        for job in lines_of
        for line in job
        if is_named(line, asked.states) and asked.account in {None, line["project"]}
    ]
    now_s = time.time()  # noqa: TID251 - how long jobs have run by the reader's clock
    lines = [] if asked.noheader else [fill(pattern, _QUEUE_TITLES)]
    return lines + [fill(pattern, _queue_values(job, now_s)) for job in shown]


def sacct(client: "Client", words: Sequence[str]) -> list[str]:
    """The lines that ``sacct`` prints."""
    parser = Parser("sacct")
    parser.add_argument("-j", "--jobs", "--job", type=job_refs, action="extend", default=[])
    parser.add_argument("-n", "--noheader", action="store_true")
    parser.add_argument("-P", "--parsable2", action="store_true")
    parser.add_argument("-p", "--parsable", action="store_true")
    parser.add_argument("-o", "--format", default=_ACCOUNT_FORMAT)
    parser.add_argument("-s", "--state", type=_states)
    parser.add_argument("--name")
    parser.add_argument("-A", "--accounts", "--account")
    parser.ignore("-X", "--allocations", "-a", "--allusers", "-D", "--duplicates", "-L")
    parser.ignore_values("-S", "--starttime", "-E", "--endtime", "-u", "--user", "--uid")
    parser.ignore_values("--units", "-M", "--clusters")
    asked = parser.parse_args(words)
    columns = [part.partition("%")[0].strip() for part in asked.format.split(",") if part.strip()]
    unknown = [name for name in columns if name.lower() not in _ACCOUNT_FIELDS]
    if unknown:
        parser.error(f"the field {unknown[0]!r} is unknown")
    states = states_behind(asked.state or _EVERY)
    found = sorted(_jobs(client, asked.jobs, asked.name, states), key=lambda job: job["job_id"])
    lines_of = (unfolded(client, job, states, each=False) for job in found)
    shown = [
        line
        for job in lines_of
        for line in job
        if is_named(line, asked.state) and asked.accounts in {None, line["project"]}
    ]
    if not _USED.isdisjoint(name.lower() for name in columns):
        shown = [_in_full(client, line) for line in shown]
    now_s = time.time()  # noqa: TID251 - how long jobs have run by the reader's clock
    rows = [[_ACCOUNT_FIELDS[name.lower()](job, now_s) for name in columns] for job in shown]
    lines = rows if asked.noheader else [columns, *rows]
    return _laid_out(lines, is_parsable=asked.parsable or asked.parsable2, ends=asked.parsable)


def _laid_out(rows: Iterable[Sequence[str]], *, is_parsable: bool, ends: bool) -> list[str]:
    if is_parsable:
        return ["|".join(row) + ("|" if ends else "") for row in rows]
    return [" ".join(cell[:_COLUMN_WIDTH].rjust(_COLUMN_WIDTH) for cell in row) for row in rows]


def _states(text: str) -> frozenset[str]:
    try:
        return read_states(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"the state {error} is unknown") from None


def _jobs(
    client: "Client", wanted: Sequence[str], name: str | None, states: frozenset[JobState]
) -> list[Document]:
    """These jobs, or those in these states; what does not exist is left out.

    Of jobs that have ended it is the newest thousand.
    """
    if not wanted:
        limit = None if states.isdisjoint(FINAL_STATES) else _MOST_ENDED
        return list(client.job_documents(states=sorted(states), name=name, limit=limit))
    found: list[Document] = []
    for number in wanted:
        try:
            document = client.job(number).document
        except NotFoundError:
            continue
        if name is None or document["name"] == name:
            found.append(document)
    return found


def _in_full(client: "Client", line: Document) -> Document:
    """A line with the attempts of its job; of elements that wait together there are none."""
    return line if "array" in line else client.job(line["job_id"]).document


def _limit_s(job: Document) -> int:
    return int(job["time_limit_s"] or DEFAULT_TIME_LIMIT_S)


def _queue_values(job: Document, now_s: float) -> dict[str, str]:
    long, short = state_of(job)
    run_s = elapsed_s(job, now_s)
    nodes = node_list(job)
    reason = reason_of(job, now_s)
    started_s = job["started_at_s"]
    number = str(job["ref"])
    return {
        "i": number,
        "A": number,
        "F": number.partition("_")[0],
        "j": job["name"],
        "t": short,
        "T": long,
        "M": short_duration(run_s),
        "l": short_duration(_limit_s(job)),
        "L": short_duration(max(0, _limit_s(job) - run_s)),
        "D": str(job["nodes"]),
        "C": str(job["cores"]),
        "N": nodes,
        "R": nodes or f"({reason})",
        "r": reason,
        "a": job["project"] or "(null)",
        "P": job["scheduling_type"],
        "u": job["tenant"],
        "U": job["tenant"],
        "S": _start(job),
        "e": "N/A" if started_s is None else clock(started_s + _limit_s(job)),
        "V": clock(job["submitted_at_s"]),
        "Y": nodes or "(null)",
    }


def _start(job: Document) -> str:
    """When it began, or before which moment it does not."""
    at_s = job.get("begin_s") if job["started_at_s"] is None else job["started_at_s"]
    return "N/A" if at_s is None else clock(at_s)


def _used(job: Document, field: str) -> float:
    """What its newest attempt used, where that is known."""
    attempts = job.get("attempts") or ()
    return float(attempts[-1].get(field) or 0.0) if attempts else 0.0


_Field = Callable[[Document, float], str]
_ACCOUNT_FIELDS: Mapping[str, _Field] = {
    "jobid": lambda job, _: str(job["ref"]),
    "jobidraw": lambda job, _: str(job["job_id"]),
    "jobname": lambda job, _: str(job["name"]),
    "partition": lambda job, _: str(job["scheduling_type"]),
    "account": lambda job, _: job["project"] or "",
    "user": lambda job, _: str(job["tenant"]),
    "alloccpus": lambda job, _: str(job["cores"]),
    "ncpus": lambda job, _: str(job["cores"]),
    "reqcpus": lambda job, _: str(job["cores"]),
    "nnodes": lambda job, _: str(job["nodes"]),
    "allocnodes": lambda job, _: str(job["nodes"]),
    "nodelist": lambda job, _: node_list(job) or "None assigned",
    "state": lambda job, _: state_of(job)[0],
    "reason": reason_of,
    "qos": lambda job, _: str(job["scheduling_type"]),
    "priority": lambda job, _: str(job.get("priority") or 0),
    "exitcode": lambda job, _: exit_code_of(job),
    "derivedexitcode": lambda job, _: exit_code_of(job),
    "elapsed": lambda job, now_s: describe_duration(elapsed_s(job, now_s)),
    "elapsedraw": lambda job, now_s: str(elapsed_s(job, now_s)),
    "timelimit": lambda job, _: describe_duration(_limit_s(job)),
    "start": lambda job, _: clock(job["started_at_s"]),
    "end": lambda job, _: clock(job["finished_at_s"]),
    "eligible": lambda job, _: clock(max(job["submitted_at_s"], job.get("begin_s") or 0.0)),
    "deadline": lambda job, _: clock(job.get("deadline_s")),
    "submit": lambda job, _: clock(job["submitted_at_s"]),
    "maxrss": lambda job, _: f"{int(_used(job, 'max_rss_bytes') / 1024)}K",
    "totalcpu": lambda job, _: describe_duration(int(_used(job, "cpu_s"))),
    "cputime": lambda job, now_s: describe_duration(elapsed_s(job, now_s) * int(job["cores"])),
    "consumedenergyraw": lambda job, _: str(int(_used(job, "energy_estimate_wh") * _J_PER_WH)),
    "cputimeraw": lambda job, now_s: str(elapsed_s(job, now_s) * int(job["cores"])),
}
