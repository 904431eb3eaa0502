"""``scancel`` and ``scontrol``: what can be done to jobs, in the words of Slurm."""

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chaufferie.sdk.errors import BadInputError, NotFoundError
from chaufferie.slurm.arguments import Parser, job_refs
from chaufferie.slurm.nodes import described_nodes
from chaufferie.slurm.updating import update
from chaufferie.slurm.words import (
    clock,
    elapsed_s,
    exit_code_of,
    node_list,
    reason_of,
    state_of,
    states_behind,
)
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S
from domain.sbatch.durations import describe_duration
from domain.sbatch.hostlist import parse_hostlist

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client
    from chaufferie.sdk.licences import LicenceView


_STOPPABLE = ("PENDING", "PD", "RUNNING", "R")


def scancel(client: "Client", words: Sequence[str]) -> list[str]:
    """Stop jobs by number, or all that have a name, a user or a state; it prints nothing."""
    parser = Parser("scancel")
    parser.add_argument("numbers", nargs="*", type=job_refs)
    parser.add_argument("-n", "--name", "--jobname")
    parser.add_argument("-u", "--user")
    parser.add_argument("-t", "--state", type=str.upper, choices=_STOPPABLE)
    parser.ignore("-Q", "--quiet", "-v", "--verbose", "--me")
    asked = parser.parse_args(words)
    wanted = [number for numbers in asked.numbers for number in numbers]
    if not wanted and {asked.name, asked.user, asked.state} == {None}:
        parser.error("name the jobs to stop, by number, --name, --user or --state")
    if not wanted:
        wanted = [str(job["ref"]) for job in _open_jobs(client, asked)]
    for number in wanted:
        client.cancel(number)
    return []


def _open_jobs(client: "Client", asked: argparse.Namespace) -> list[Mapping[str, Any]]:
    """Those that have not ended and are meant; a user who has none here is refused by name."""
    states = sorted(states_behind(None if asked.state is None else frozenset({asked.state})))
    found = list(client.job_documents(states=states, name=asked.name, limit=None))
    users = {str(job["user"] or job["tenant"]) for job in found}
    if asked.user is not None and found and asked.user not in users:
        raise NotFoundError(
            f"None of these jobs is of {asked.user!r}; they are of {', '.join(sorted(users))}."
        )
    return [job for job in found if asked.user in {None, job["user"] or job["tenant"]}]


def scontrol(client: "Client", words: Sequence[str]) -> list[str]:
    """Show a job, or have it queue again."""
    plain = [word for word in words if not word.startswith("-")]
    shown = _shown(client, plain)
    if shown is not None:
        return shown
    match [word.lower() for word in plain[:2]]:
        case ["requeue", _]:
            for number in _numbers(",".join(plain[1:])):
                client.requeue(number)
            return []
        case ["hold", _]:
            for number in _numbers(",".join(plain[1:])):
                client.hold(number)
            return []
        case ["release", _]:
            for number in _numbers(",".join(plain[1:])):
                client.release(number)
            return []
        case ["update", *_]:
            return update(client, plain[1:])
    said = " ".join(plain[:2]) or "nothing"
    raise BadInputError(
        f"scontrol: {said} is not possible here; show hostnames, show job, show node, show lic, "
        "requeue, hold, release and update are.",
        code="slurm.words",
    )


def _shown(client: "Client", words: Sequence[str]) -> list[str] | None:
    """What ``scontrol show`` prints of what there is; None where something else was asked."""
    match [word.lower() for word in words[:2]]:
        case ["show", "job" | "jobs" | "jobid"] if len(words) > 2:  # noqa: PLR2004 - a number
            return [_described(client.job(number).document) for number in _numbers(words[2])]
        case ["show", joined] if joined.startswith(("job=", "jobid=")):
            numbers = _numbers(joined.partition("=")[2])
            return [_described(client.job(number).document) for number in numbers]
        case ["show", "node" | "nodes"]:
            return described_nodes(client, ",".join(words[2:]))
        case ["show", "lic" | "license" | "licenses"]:
            found = client.licences()
            return [_licence(one) for one in found if one.name in (words[2:] or [one.name])]
    return None


def hostnames(words: Sequence[str]) -> list[str] | None:
    """The names of ``scontrol show hostnames [LIST]``; None where something else was asked."""
    match [word.lower() for word in words[:2]]:
        case ["show", "hostname" | "hostnames"]:
            text = words[2] if len(words) > 2 else os.environ.get("SLURM_JOB_NODELIST", "")  # noqa: PLR2004
        case _:
            return None
    names = parse_hostlist(text)
    if names is None:
        raise BadInputError(f"scontrol: {text!r} is no list of nodes.", code="slurm.words")
    return list(names)


def _numbers(text: str) -> list[str]:
    try:
        return job_refs(text)
    except argparse.ArgumentTypeError as error:
        raise BadInputError(f"scontrol: {error}.", code="slurm.words") from None


def _licence(one: "LicenceView") -> str:
    """As Slurm shows a licence; what waits is not reserved for anybody."""
    return (
        f"LicenseName={one.name}\n"
        f"    Total={one.total} Used={one.used} Free={one.free} Reserved=0 Remote=no"
    )


def _licences(job: Mapping[str, Any]) -> str:
    """``starccm:2,hpc:8``."""
    counts = job.get("licences") or {}
    return ",".join(f"{name}:{count}" for name, count in counts.items()) or "(null)"


def _described(job: Mapping[str, Any]) -> str:
    now_s = time.time()  # noqa: TID251 - how long it has run by the reader's clock
    own = os.environ if os.environ.get("SLURM_JOB_ID") == str(job["job_id"]) else {}
    limit = describe_duration(job["time_limit_s"] or DEFAULT_TIME_LIMIT_S)
    deadline_s = job.get("deadline_s")
    eligible_s = max(job["submitted_at_s"], job.get("begin_s") or 0.0)
    lines = [
        f"JobId={job['job_id']} JobName={job['name']}",
        f"   UserId={job['tenant']} Account={job['project'] or '(null)'}",
        f"   JobState={state_of(job)[0]} Reason={reason_of(job, now_s)}",
        f"   Restarts={max(0, job['attempt'] - 1)} ExitCode={exit_code_of(job)}",
        f"   RunTime={describe_duration(elapsed_s(job, now_s))} TimeLimit={limit}",
        f"   SubmitTime={clock(job['submitted_at_s'])} EligibleTime={clock(eligible_s)}",
        f"   StartTime={clock(job['started_at_s'])} EndTime={clock(job['finished_at_s'])}",
        f"   Deadline={'N/A' if deadline_s is None else clock(deadline_s)}",
        f"   Partition={job['scheduling_type']} NodeList={node_list(job) or '(null)'}",
        f"   NumNodes={job['nodes']} NumCPUs={job['cores']}",
        f"   Licenses={_licences(job)}",
        f"   Command={own.get('CHAUFFERIE_SCRIPT', '(null)')}",
        f"   WorkDir={own.get('SLURM_SUBMIT_DIR', '(null)')}",
        f"   StdOut={own.get('CHAUFFERIE_OUTPUTS', '(null)').split(os.pathsep)[0]}",
    ]
    return "\n".join([*lines, ""])
