"""Arrays as Slurm lists them: what runs or has ended line by line, what waits in one line."""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from domain.jobs.job import JobState

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client

Document = Mapping[str, Any]

_WAITING = frozenset({JobState.HELD, JobState.BLOCKED, JobState.QUEUED})


def unfolded(
    client: "Client", document: Document, states: Collection[JobState], *, each: bool
) -> Iterator[Document]:
    """The lines of a job; of an array one for each element in these states.

    Elements that wait share a line (``12_[3-9%2]``) unless each is wanted.
    """
    if "array" not in document:
        if JobState(document["state"]) in states:
            yield document
        return
    there = {JobState(state) for state in document["counts"]} & frozenset(states)
    alone = there if each else there - _WAITING
    if there - alone:
        yield from _together(client.job(document["job_id"]).document, there - alone)
    if alone:
        job = client.job(document["job_id"])
        yield from (one.document for one in job.instances(states=sorted(alone)))


def _together(document: Document, states: Collection[JobState]) -> Iterator[Document]:
    """A line for each state in which elements wait, under the indexes of these."""
    at_once = document["array"]["at_once"]
    limit = "" if at_once is None else f"%{at_once}"
    for state, indexes in document["waiting"].items():
        if state in states:
            yield {**document, "ref": f"{document['job_id']}_[{indexes}{limit}]", "state": state}
