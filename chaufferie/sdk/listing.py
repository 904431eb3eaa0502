"""Lists of jobs, page by page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

from chaufferie.sdk.transport import Transport
from domain.jobs.job import JobState

_PAGE = 200


class JobFilter(TypedDict, total=False):
    """What jobs must be to be listed; what is not named leaves nothing out."""

    states: Sequence[JobState]
    name: str | None
    tenant: str | None  #: For operators, who see everybody's.
    project: str | None  #: '' = of no project.
    user: str | None  #: In whose name the key was by which it was submitted.
    profile: str | None  #: With a version, or without: then of any.
    node: str | None  #: On which any try of it was, or is.
    from_s: float | None  #: Submitted at this instant [Unix time], or later.
    to_s: float | None  #: Submitted before this one.


def job_documents(
    transport: Transport, limit: int | None, wanted: JobFilter
) -> Iterator[Mapping[str, Any]]:
    """Jobs, newest first, each as the server shows it; None = all of them."""
    asked: dict[str, Any] = {key: value for key, value in wanted.items() if value is not None}
    states: Sequence[JobState] = asked.pop("states", ())
    if states:
        asked["state"] = [state.value for state in states]
    left = limit
    while left is None or left > 0:
        asked["limit"] = _PAGE if left is None else min(left, _PAGE)
        answer = transport.get("/v1/jobs", asked)
        yield from answer["jobs"]
        asked["before_id"] = answer["next_before_id"]
        if asked["before_id"] is None:
            return
        left = None if left is None else left - len(answer["jobs"])
