"""Commands that look at jobs."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import (
    PATIENCE_WHILE_WAITING_S,
    AsJson,
    DataDir,
    JobId,
    JobIds,
    open_client,
)
from chaufferie.cli.speaking.exits import ExitCode
from chaufferie.cli.speaking.instants import past_instant_s
from chaufferie.cli.speaking.speech import remark, remarks, say, say_fields, say_json, say_table
from chaufferie.cli.work.waiting import wait_for
from domain.jobs.endings import describe_reason
from domain.jobs.job import JobState

if TYPE_CHECKING:
    from chaufferie.sdk.job import Job

_JOB_COLUMNS = (
    "ID",
    "NAME",
    "STATE",
    "REASON",
    "TYPE",
    "CORES",
    "NODE",
    "SITE",
    "SUBMITTED",
    "TIME",
)
_INSTANCE_COLUMNS = ("ID", "NUMBER", "STATE", "REASON", "CODE", "NODE", "SITE", "TIME")
_ATTEMPT_COLUMNS = ("TRY", "NODE", "SITE", "STATE", "REASON", "CODE", "WALL", "CPU", "MEMORY", "WH")


def jobs(  # noqa: PLR0913 - each is an option
    *,
    state: Annotated[
        list[JobState] | None, typer.Option("--state", help="Only these; may be repeated.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Only jobs of this name.")] = None,
    project: Annotated[str | None, typer.Option(help='Only of this project; "" for none.')] = None,
    user: Annotated[
        str | None, typer.Option(help="Only those submitted with a key in this user's name.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Only with this program: openfoam, openfoam/2312.")
    ] = None,
    node: Annotated[str | None, typer.Option(help="Only those tried on this node.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    begin: Annotated[
        float | None,
        typer.Option(
            "--from",
            metavar="TIME",
            parser=past_instant_s,
            help="Submitted then or later: 2026-01-31T08:00, 08:00, yesterday, -2d.",
        ),
    ] = None,
    end: Annotated[
        float | None,
        typer.Option("--to", metavar="TIME", parser=past_instant_s, help="Submitted before then."),
    ] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="At most so many.")] = 50,
    every: Annotated[bool, typer.Option("--all", help="All of them, however many.")] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """List jobs, newest first; filters may be combined."""
    with open_client(data) as client:
        found = list(
            client.job_documents(
                limit=None if every else limit,
                states=state or (),
                name=name,
                tenant=tenant,
                project=project,
                user=user,
                profile=profile,
                node=node,
                from_s=begin,
                to_s=end,
            )
        )
    if as_json:
        say_json(found)
        return
    say_table(_JOB_COLUMNS, (_job_row(job) for job in found))
    if not every and len(found) == limit:
        remark(f"These are the newest {limit}; --all shows every one.")


def job(
    *,
    job_id: JobId,
    instances: Annotated[
        bool, typer.Option("--instances", help="Of an array, its instances.")
    ] = False,
    state: Annotated[
        list[JobState] | None, typer.Option("--state", help="Only these instances.")
    ] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="At most so many.")] = 50,
    every: Annotated[bool, typer.Option("--all", help="All of them, however many.")] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show one job: where it is, what happened to it, what it used, what it left."""
    with open_client(data) as client:
        found = client.job(job_id)
        if instances:
            listed = islice(found.instances(states=state or ()), None if every else limit)
            _show_instances([one.document for one in listed], as_json=as_json)
            return
        document = found.document
        moments = found.timeline()
        waiting = _waiting(found)
    if as_json:
        timeline = [asdict(moment) for moment in moments]
        say_json({**document, "timeline": timeline, "waiting": waiting})
        return
    because = None if waiting is None else waiting["sentence"]
    say_fields({**_job_fields(document), "Waits because": because})
    attempts = document.get("attempts", ())
    if attempts:
        say("")
        say_table(_ATTEMPT_COLUMNS, (_attempt_row(attempt) for attempt in attempts))
    say("")
    for moment in moments:
        where = "" if moment.node is None else f" [{moment.node}, try {moment.attempt}]"
        say(f"{quantities.clock(moment.at_s)}  {moment.sentence}{where}")
    if document.get("files"):
        say("")
        rows = ((file["path"], quantities.size(file["size_bytes"])) for file in document["files"])
        say_table(("FILE", "SIZE"), rows)
    if (document.get("energy") or {}).get("is_simulated"):
        remark("Energy here is of simulated meters.")
    remarks(document.get("notes", ()))


def _waiting(found: "Job") -> dict[str, str] | None:
    """Why a job that queues does not start; of an array each instance has its own reason."""
    if found.document["state"] != JobState.QUEUED or "array" in found.document:
        return None
    why = found.explain()
    return {"code": why.code, "sentence": why.sentence}


def _job_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Job": document["ref"],
        **_array_fields(document),
        "Name": document["name"],
        "State": document["state"],
        "Reason": describe_reason(document["reason"]),
        "Detail": document.get("detail"),
        "Waits for": _waited_for(document),
        "Exit code": document["exit_code"],
        "Type": document["scheduling_type"],
        "Cores": document["cores"],
        "Time limit": quantities.duration(document["time_limit_s"]),
        "Failures": _failures(document),
        "Begins after": _while_it_waits(document, "begin_s"),
        "Must end by": _while_it_waits(document, "deadline_s"),
        "Waits until": _while_it_waits(document, "not_before_s"),
        "Given up at": _while_it_waits(document, "give_up_at_s"),
        "Project": document["project"],
        "User": document["user"],
        "Profile": document["profile"],
        "Reservation": document.get("reservation"),
        "Priority": document.get("priority") or None,
        "Node": document["node"],
        "Site": document["site"],
        "Water": _water(document),
        "Energy": _energy(document),
        "Heat": _heat(document),
        "Submitted": quantities.clock(document["submitted_at_s"]),
        "Started": quantities.clock(document["started_at_s"]),
        "Finished": quantities.clock(document["finished_at_s"]),
        "Forgotten": quantities.clock(document.get("forgotten_at_s")),
        "Inputs kept": _until(document.get("inputs_kept_until_s")),
        "Results kept": _until(document.get("results_kept_until_s")),
    }


def _water(document: Mapping[str, Any]) -> str | None:
    """How warm the water is that it heats; nothing of a job on no node."""
    water = document.get("water")
    if water is None:
        return None
    age = quantities.duration(water["reading_age_s"])
    if water["water_temp_c"] is not None:
        return f"{quantities.celsius(water['water_temp_c'])} C, read {age} ago"
    return "unknown: it was never read" if age is None else f"unknown: silent for {age}"


def _energy(document: Mapping[str, Any]) -> str | None:
    metered, energy = document.get("metered"), document.get("energy")
    if metered is not None and metered["is_complete"]:
        return f"{metered['electricity_wh']} Wh (meter)"
    if energy is None:
        return None
    so_far = " so far, as if its cores were always busy" if energy["is_running"] else ""
    return f"{energy['energy_estimate_wh']:.2f} Wh{so_far} (estimate)"


def _heat(document: Mapping[str, Any]) -> str | None:
    metered, energy = document.get("metered"), document.get("energy")
    if metered is not None and metered["is_complete"]:
        return f"{metered['heat_wh']} Wh (meter){_in_quarantine(metered)}"
    if energy is None or energy["heat_frac"] is None:
        return None
    frac = quantities.share(energy["heat_frac"])
    return f"{energy['heat_estimate_wh']:.2f} Wh, {frac} of it (estimate)"


def _in_quarantine(metered: Mapping[str, Any]) -> str:
    most_wh = metered["quarantined_wh_at_most"]
    return f"; in quarantine at its site while it ran: {most_wh} Wh at most" if most_wh else ""


def _until(instant_s: float | None) -> str | None:
    return None if instant_s is None else f"until {quantities.clock(instant_s)}"


def wait(
    *,
    job_ids: JobIds,
    timeout_s: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", min=0, help="At most so long.")
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Wait until jobs have ended.

    The exit code is that of the first that did not succeed, in the order given.
    """
    ends_at_s = None if timeout_s is None else time.monotonic() + timeout_s
    with open_client(data) as client:
        waited_for = [client.job(job_id) for job_id in job_ids]
        client.transport.patience_s = PATIENCE_WHILE_WAITING_S
        codes: list[int] = []
        for one in waited_for:
            left_s = None if ends_at_s is None else max(ends_at_s - time.monotonic(), 0.0)
            codes.append(wait_for(one, left_s))
    documents = [one.document for one in waited_for]
    if as_json:
        say_json(documents)
    raise typer.Exit(next((code for code in codes if code != ExitCode.OK), ExitCode.OK))


_LONGEST_INDEXES = 24


def _shown_ref(document: Mapping[str, Any]) -> str:
    """As Slurm's queue shows it: ``12``, ``12_7``, and ``12_[0-99%5]`` for a whole array."""
    array = document.get("array")
    if array is None:
        return str(document["ref"])
    indexes: str = array["indexes"]
    if len(indexes) > _LONGEST_INDEXES:
        indexes = f"{indexes[:_LONGEST_INDEXES]}..."
    limit = "" if array["at_once"] is None else f"%{array['at_once']}"
    return f"{document['ref']}_[{indexes}{limit}]"


def _waited_for(document: Mapping[str, Any]) -> str | None:
    conditions = document.get("dependencies", ())
    words = {"waiting": "", "met": " (met)", "never": " (never)", "unneeded": ""}
    shown = (f"{one['condition']}{words[one['state']]}" for one in conditions)
    return ", ".join(shown) or None


def _array_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    array = document.get("array")
    if array is None:
        return {}
    counts = ", ".join(f"{count} {state}" for state, count in document["counts"].items())
    return {
        "Array": f"{array['indexes']} ({array['count']} instances)",
        "At once": array["at_once"],
        "Instances": counts,
    }


def _job_row(document: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        _shown_ref(document),
        document["name"],
        document["state"],
        _few_words(document["reason"]),
        document["scheduling_type"],
        document["cores"],
        document["node"],
        document["site"],
        quantities.clock(document["submitted_at_s"]),
        quantities.duration(_running_s(document)),
    )


def _show_instances(documents: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        say_json(list(documents))
        return
    say_table(
        _INSTANCE_COLUMNS,
        (
            (
                document["ref"],
                document["job_id"],
                document["state"],
                _few_words(document["reason"]),
                document["exit_code"],
                document["node"],
                document["site"],
                quantities.duration(_running_s(document)),
            )
            for document in documents
        ),
    )


def _running_s(document: Mapping[str, Any]) -> float | None:
    started_s, finished_s = document["started_at_s"], document["finished_at_s"]
    if started_s is None:
        return None
    now_s = time.time()  # noqa: TID251 - how long it has run by the reader's clock
    ended_s: float = finished_s or now_s
    return max(ended_s - float(started_s), 0.0)


def _failures(document: Mapping[str, Any]) -> str | None:
    """How often its program failed, where it may fail more than once."""
    most = document.get("max_attempts", 1)
    return f"{document['failures']} of {most}" if most > 1 else None


def _while_it_waits(document: Mapping[str, Any], field: str) -> str | None:
    """An instant that only matters to a job that waits."""
    at_s = document.get(field)
    waits = document["state"] in {JobState.QUEUED, JobState.HELD, JobState.BLOCKED}
    return quantities.clock(at_s) if waits and at_s is not None else None


def _few_words(reason: str | None) -> str | None:
    return None if reason is None else reason.replace("_", " ")


def _attempt_row(attempt: Mapping[str, Any]) -> tuple[object, ...]:
    memory = attempt.get("max_rss_bytes")
    energy_wh = attempt.get("energy_estimate_wh")
    return (
        attempt["attempt"],
        ", ".join([attempt["node"], *attempt.get("members", ())]),
        attempt["site"],
        attempt["state"],
        _few_words(attempt["reason"]),
        attempt["exit_code"],
        quantities.duration(attempt.get("wall_s")),
        quantities.duration(attempt.get("cpu_s")),
        None if memory is None else quantities.size(memory),
        None if energy_wh is None else f"{energy_wh:.2f}",
    )
