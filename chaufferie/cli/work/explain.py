"""The command that says why a job is where it is, and what makes up its place in the line."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, JobId, open_client
from chaufferie.cli.speaking.speech import say, say_json, say_table
from domain.jobs.job import FINAL_STATES

_TERMS = {
    "age": ("age", "h"),
    "tenant_share": ("fair share of its tenant", "of 1"),
    "project_share": ("fair share of its project", "of 1"),
    "size": ("size", "of the largest node"),
    "priority": ("said by a person", "points"),
}


def explain(
    *,
    job_id: JobId,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Say why a job is where it is, or why it still waits."""
    with open_client(data) as client:
        answer = client.transport.get(f"/v1/jobs/{quote(job_id)}/explain")
    if as_json:
        say_json(answer)
        return
    ended = answer["state"] in FINAL_STATES
    say(f"Job {answer['ref']} {'' if ended else 'is '}{answer['state']}. {answer['sentence']}")
    for line in answer["lines"]:
        say(f"  {line}")
    _say_kept(answer.get("kept"))
    _say_priority(answer.get("priority"))
    if answer["notes"]:
        say("Said when it was submitted:")
        for note in answer["notes"]:
            say(f"  {note}")


def _say_kept(kept: Mapping[str, Any] | None) -> None:
    if kept is None:
        return
    names, from_s = " and ".join(kept["nodes"]), kept["from_s"]
    when = "" if from_s is None else f" from about {quantities.clock(from_s)} at the latest"
    say(f"{names} {'is' if len(kept['nodes']) == 1 else 'are'} kept for it{when}.")


def _say_priority(priority: Mapping[str, Any] | None) -> None:
    """Each term of the priority with its value and weight, as Slurm's ``sprio -l`` shows them."""
    if priority is None:
        return
    say(f"Priority: {priority['points']:.1f} points")
    say_table(
        ("TERM", "VALUE", "UNIT", "WEIGHT", "POINTS"),
        (_term_row(term) for term in priority["terms"]),
    )


def _term_row(term: Mapping[str, Any]) -> tuple[object, ...]:
    name, unit = _TERMS.get(term["name"], (term["name"], ""))
    value, weight, points = term["value"], term["weight"], term["points"]
    return name, f"{value:.3f}", unit, f"{weight:g}", f"{points:.1f}"
