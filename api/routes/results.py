"""What a job leaves, and why it is where it is: output, files, explanation."""

import asyncio
import base64
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.files.serving import AskedOf, file_response
from api.hub import job_topic, output_topic
from api.jobs import timeline
from api.jobs.explain import explain, explain_array, gather
from api.jobs.job_refs import JobPath, found, instance_found, one_or_all
from api.problems import not_found
from api.security import JobsReader, ServicesOf, tenant_seen_by
from api.services import Services
from domain.job import FINAL_STATES
from store.files.outputs import output_name
from store.jobs import job_lists, job_queries
from store.jobs.job_refs import Single

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["results"])

LONGEST_WAIT_S = 60.0
#: Output that came through another API process is looked for this often [s].
_LOOK_AGAIN_S = 2.0

Stream = Literal["stdout", "stderr"]


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
    offset: Annotated[int, Query(ge=0)] = 0,
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)] = 0.0,
    attempt: Annotated[int | None, Query(ge=1)] = None,
) -> dict[str, Any]:
    """Output from an offset on; with ``wait_s`` the answer comes when there is more of it.

    Without ``attempt`` it is the last one that wrote something. A follower passes the attempt of
    the answer before, and sees ``is_final`` when that attempt writes no more.
    """
    one = await instance_found(services, job_id, tenant_seen_by(principal))
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + wait_s
    with services.hub.subscribe([job_topic(one), output_topic(one)]) as change:
        while True:
            row = await services.read(lambda connection: job_queries.one(connection, one, None))
            if row is None:
                raise not_found("job")
            number, is_final = await asyncio.to_thread(_attempt_shown, services, row, attempt)
            data = await asyncio.to_thread(_read_output, services, (one, number), stream, offset)
            left_s = deadline_s - loop.time()
            if data or is_final or left_s <= 0:
                break
            await change.wait(min(left_s, _LOOK_AGAIN_S))
    return {
        "attempt": number,
        "stream": stream,
        "offset": offset,
        "next_offset": offset + len(data),
        "data_base64": base64.b64encode(data).decode(),
        "is_final": is_final and not data,
    }


def _attempt_shown(services: Services, row: dict[str, Any], wanted: int | None) -> tuple[int, bool]:
    """Which attempt's output is read, and whether that attempt writes no more."""
    has_ended = row["state"] in {state.value for state in FINAL_STATES}
    current = int(row["attempt"])
    if wanted is not None:
        return wanted, has_ended or wanted < current
    for number in range(current, 0, -1):
        sizes = (
            services.outputs.size_bytes(output_name(row["id"], number, stream))
            for stream in ("stdout", "stderr")
        )
        if any(sizes):
            return number, has_ended
    return current, has_ended


def _read_output(services: Services, key: tuple[int, int], stream: str, offset: int) -> bytes:
    return services.outputs.read(output_name(key[0], key[1], stream), offset)


@router.get("/files/{path:path}")
async def fetch(
    job_id: JobPath,
    path: str,
    services: ServicesOf,
    principal: JobsReader,
    conditions: AskedOf,
) -> Response:
    """A file that the job left; ``Range`` is honoured, so that a broken transfer can go on.

    ``If-Match`` and ``If-Range`` take the file's sha256: what a running job writes may be copied
    anew in the middle of a transfer.
    """
    one = await instance_found(services, job_id, tenant_seen_by(principal))
    key = await services.read(lambda connection: job_queries.file(connection, one, path))
    if key is None:
        raise not_found("file")
    return await file_response(services, key, conditions)
