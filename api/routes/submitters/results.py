"""What a job leaves, and why it is where it is: output, files, explanation."""

import asyncio
import base64
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse

from api.files.serving import AskedOf, file_response
from api.hub import job_topic, output_topic
from api.jobs import timeline
from api.jobs.explain import explain, explain_array, gather
from api.jobs.job_refs import JobPath, found, instance_found, one_or_all
from api.jobs.live_output import (
    LOOK_AGAIN_S,
    STREAMS,
    Follower,
    Position,
    Stream,
    events,
    is_over,
    latest_attempt,
    position_of,
    writes_no_more,
)
from api.names import LARGEST, LARGEST_SMALL, NO_NUL
from api.problems import Problem, not_found
from api.security import JobsReader, ServicesOf, is_admitted, tenant_seen_by
from api.services import Services
from domain.access import Scope
from domain.jobs.forgotten import forgotten
from domain.refusal import Refused
from store.erasures.forgotten import erased_at_s
from store.files.outputs import output_name
from store.jobs import job_lists, job_queries
from store.jobs.job_refs import Single
from store.rows import Connection

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["results"])

LONGEST_WAIT_S = 60.0
_LONGEST_PATH = 8192
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events.", "content": {"text/event-stream": {}}},
    204: {"description": "Everything was told."},
}
#: For whoever stands between: pass every event on at once, and keep none.
_NOT_KEPT = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get("/explain")
async def explain_job(
    job_id: JobPath, services: ServicesOf, principal: JobsReader
) -> dict[str, Any]:
    """Why this job runs where it runs, or why it does not run yet."""
    target = await found(services, job_id, tenant_seen_by(principal))
    one = target.job_id if isinstance(target, Single) else one_or_all(target)
    if one is None:
        row = await services.read(lambda connection: job_lists.array_row(connection, target.job_id))
        return explain_array(row)
    database = services.store.database
    facts = await services.read(lambda connection: gather(database, connection, one))
    if facts is None:
        raise not_found("job")
    return explain(facts)


@router.get("/timeline")
async def timeline_of_job(
    job_id: JobPath, services: ServicesOf, principal: JobsReader
) -> dict[str, Any]:
    """Every moment of its life so far: what happened, where and why."""
    target = await found(services, job_id, tenant_seen_by(principal))
    one = target.job_id if isinstance(target, Single) else one_or_all(target)
    look = (
        partial(timeline.of_array, job_id=target.job_id)
        if one is None
        else partial(timeline.of_instance, instance_id=one)
    )
    moments = await services.read(look)
    if moments is None:
        raise not_found("job")
    return {"moments": moments}


@router.get("/output")
async def output(  # noqa: PLR0917 - called by name, from the query
    job_id: JobPath,
    services: ServicesOf,
    principal: JobsReader,
    stream: Stream = "stdout",
    offset: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)] = 0.0,
    attempt: Annotated[int | None, Query(ge=1, le=LARGEST_SMALL)] = None,
) -> dict[str, Any]:
    """Output from an offset on; with ``wait_s`` the answer comes when there is more of it.

    Without ``attempt`` it is the last one that wrote something. A follower passes the attempt of
    the answer before, and sees ``is_final`` when that attempt writes no more.
    """
    one = await _instance_kept(services, job_id, tenant_seen_by(principal))
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + wait_s
    with services.hub.subscribe([job_topic(one), output_topic(one)]) as change:
        while True:
            row = await services.read(lambda connection: job_queries.one(connection, one, None))
            if row is None:
                raise not_found("job")
            number = (
                await asyncio.to_thread(latest_attempt, services.outputs, row)
                if attempt is None
                else attempt
            )
            is_final = writes_no_more(row, number)
            name = output_name(one, number, stream)
            data = await asyncio.to_thread(services.outputs.read, name, offset)
            left_s = deadline_s - loop.time()
            if data or is_final or left_s <= 0:
                break
            await change.wait(min(left_s, LOOK_AGAIN_S))
    return {
        "attempt": number,
        "stream": stream,
        "offset": offset,
        "next_offset": offset + len(data),
        "data_base64": base64.b64encode(data).decode(),
        "is_final": is_final and not data,
    }


async def _instance_kept(services: Services, job_id: str, visible: int | None) -> int:
    """The number of the instance; ends the request where its job was forgotten."""
    one = await instance_found(services, job_id, visible)

    def when(connection: Connection) -> float | None:
        row = job_queries.one(connection, one, None)
        return None if row is None else erased_at_s(connection, row["job_id"])

    at_s = await services.read(when)
    if at_s is not None:
        raise Problem(410, forgotten(job_id, at_s))
    return one


@router.get("/logs", response_class=Response, responses=_EVENTS)
async def logs(  # noqa: PLR0917 - called by name, from the query
    job_id: JobPath,
    request: Request,
    services: ServicesOf,
    principal: JobsReader,
    stream: Annotated[list[Stream] | None, Query(description="Default: both.")] = None,
    follow: Annotated[bool, Query(description="Until it has ended.")] = False,  # noqa: FBT002 - as above
    last_event_id: Annotated[str | None, Header(description="Go on behind this one.")] = None,
) -> Response:
    """What it wrote, as server-sent events; with ``follow`` also what it writes until it ends.

    204 where all was told, which is how a browser learns to ask no more.
    """
    one = await _instance_kept(services, job_id, tenant_seen_by(principal))
    row = await services.read(lambda connection: job_queries.one(connection, one, None))
    if row is None:
        raise not_found("job")
    begin = await _where_to_begin(services, row, last_event_id)
    follower = Follower(
        instance_id=one,
        streams=tuple(dict.fromkeys(stream or STREAMS)),
        position=begin,
        waits=follow,
        is_admitted=partial(is_admitted, request, Scope.JOBS_READ),
    )
    is_told = await asyncio.to_thread(is_over, services.outputs, row, follower)
    if last_event_id and is_told:
        return Response(status_code=204)
    return EventSourceResponse(events(services, follower), headers=_NOT_KEPT)


async def _where_to_begin(
    services: Services, row: dict[str, Any], last_event_id: str | None
) -> Position:
    if not last_event_id:
        return Position(attempt=await asyncio.to_thread(latest_attempt, services.outputs, row))
    found = position_of(last_event_id)
    if found is None or found.attempt > int(row["attempt"]):
        sentence = "Last-Event-ID is none of this job's; leave it out to begin at the beginning."
        raise Problem(422, Refused(code="output.event_id", sentence=sentence))
    return found


@router.get("/files/{path:path}")
async def fetch(
    job_id: JobPath,
    path: Annotated[str, Path(max_length=_LONGEST_PATH, pattern=NO_NUL)],
    services: ServicesOf,
    principal: JobsReader,
    conditions: AskedOf,
) -> Response:
    """A file that the job left; ``Range`` is honoured, so that a broken transfer can go on.

    ``If-Match`` and ``If-Range`` take the file's sha256: what a running job writes may be copied
    anew in the middle of a transfer.
    """
    one = await _instance_kept(services, job_id, tenant_seen_by(principal))
    key = await services.read(lambda connection: job_queries.file(connection, one, path))
    if key is None:
        raise not_found("file")
    return await file_response(services, key, conditions)
