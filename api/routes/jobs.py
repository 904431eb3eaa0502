"""Jobs: submit, look, wait, cancel."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field

from api.hub import job_topic
from api.problems import Problem, not_found, problem_document
from api.security import JobsReader, JobsWriter, ServicesOf
from api.services import Services
from api.submission import SubmissionIn, to_spec
from api.views import job_view
from domain.access import Principal
from domain.job import FINAL_STATES, JobState
from domain.refusal import Refused
from store import job_queries, jobs

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

LONGEST_WAIT_S = 60.0
LARGEST_PAGE = 200
LARGEST_BATCH = 5000
#: A wait for many jobs looks at most this often [s].
MANY_JOBS_PAUSE_S = 0.02
MANY_JOBS = 20

IdempotencyKey = Annotated[str | None, Header(max_length=200)]
WaitS = Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)]


class BatchIn(BaseModel):
    """Many jobs in one request; each is accepted or refused by itself."""

    model_config = ConfigDict(extra="forbid")

    jobs: list[SubmissionIn] = Field(max_length=LARGEST_BATCH)
    idempotency_keys: list[str] | None = None


class WaitIn(BaseModel):
    """Jobs to wait for."""

    model_config = ConfigDict(extra="forbid")

    job_ids: list[int] = Field(max_length=LARGEST_BATCH)
    wait_s: float = Field(default=0.0, ge=0, le=LONGEST_WAIT_S)


def _tenant_id(principal: Principal) -> int:
    if principal.tenant_id is None:
        refusal = Refused(code="key.tenant", sentence="This key belongs to no tenant.")
        raise Problem(403, refusal)
    return principal.tenant_id


async def _submit(
    services: Services,
    principal: Principal,
    bodies: list[SubmissionIn],
    keys: list[str | None],
) -> list[tuple[jobs.Accepted | Refused, tuple[str, ...]]]:
    tenant_id = _tenant_id(principal)
    now_s = time.time()  # noqa: TID251 - only to read relative deadlines
    specs = [to_spec(body, now_s) for body in bodies]
    valid = [
        jobs.Submission(
            tenant_id=tenant_id, key_id=principal.key_id, idempotency_key=key, spec=spec
        )
        for spec, key in zip(specs, keys, strict=True)
        if not isinstance(spec, Refused)
    ]
    answers = iter(await services.write(lambda tx: jobs.submit(tx, valid)) if valid else [])
    return [
        (spec, ()) if isinstance(spec, Refused) else (next(answers), spec.notes) for spec in specs
    ]


def _status(refusal: Refused) -> int:
    return 409 if refusal.code == "idempotency.conflict" else 422


@router.post("", status_code=201)
async def submit(
    body: SubmissionIn,
    services: ServicesOf,
    principal: JobsWriter,
    idempotency_key: IdempotencyKey = None,
) -> dict[str, Any]:
    """Accept one job: it is stored before the answer leaves."""
    ((answer, notes),) = await _submit(services, principal, [body], [idempotency_key])
    if isinstance(answer, Refused):
        raise Problem(_status(answer), answer)
    return {"job_id": answer.job_id, "is_repeat": answer.is_repeat, "notes": list(notes)}


@router.post("/batch")
async def submit_batch(
    body: BatchIn, services: ServicesOf, principal: JobsWriter
) -> dict[str, Any]:
    """Accept many jobs in one transaction; the answers stand in the order of the jobs."""
    keys: list[str | None] = [None] * len(body.jobs)
    if body.idempotency_keys is not None:
        if len(body.idempotency_keys) != len(body.jobs):
            refusal = Refused(code="batch.keys", sentence="Send one idempotency key for each job.")
            raise Problem(422, refusal)
        keys = list(body.idempotency_keys)
    answers = await _submit(services, principal, body.jobs, keys)
    return {
        "jobs": [
            problem_document(_status(answer), answer)
            if isinstance(answer, Refused)
            else {"job_id": answer.job_id, "is_repeat": answer.is_repeat, "notes": list(notes)}
            for answer, notes in answers
        ]
    }


@router.post("/wait")
async def wait_for_many(
    body: WaitIn, services: ServicesOf, principal: JobsReader
) -> dict[str, Any]:
    """Answer when all of these jobs have ended, or when the time is up."""
    visible = principal.visible_tenant_id
    final = {state.value for state in FINAL_STATES}
    found: dict[int, str] = {}
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + body.wait_s
    wanted = set(body.job_ids)
    with services.hub.subscribe([job_topic(job_id) for job_id in wanted]) as change:
        while True:
            batch = list(wanted)
            found |= await services.read(
                lambda connection, batch=batch: job_queries.states(connection, batch, visible)
            )
            open_ids = {job_id for job_id in body.job_ids if found.get(job_id, "") not in final}
            left_s = deadline_s - loop.time()
            if not open_ids or left_s <= 0:
                break
            if len(open_ids) > MANY_JOBS:
                await asyncio.sleep(MANY_JOBS_PAUSE_S)
            woken = await change.wait(left_s)
            wanted = {int(topic[1:]) for topic in woken} & open_ids
    return {"states": {str(job_id): found[job_id] for job_id in body.job_ids if job_id in found}}


@router.get("")
async def list_jobs(  # noqa: PLR0913 - one filter an argument
    services: ServicesOf,
    principal: JobsReader,
    state: Annotated[list[JobState] | None, Query()] = None,
    name: str | None = None,
    before_id: int | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
) -> dict[str, Any]:
    """Jobs, newest first."""
    wanted = [item.value for item in state] if state else None
    rows = await services.read(
        lambda connection: job_queries.page(
            connection,
            tenant_id=principal.visible_tenant_id,
            states_wanted=wanted,
            name=name,
            before_id=before_id,
            limit=limit,
        )
    )
    next_id = rows[-1]["id"] if len(rows) == limit else None
    return {"jobs": [job_view(row) for row in rows], "next_before_id": next_id}


@router.get("/{job_id}")
async def look(
    job_id: int, services: ServicesOf, principal: JobsReader, wait_s: WaitS = 0.0
) -> dict[str, Any]:
    """One job; with ``wait_s`` the answer comes when it has ended, or when the time is up."""
    final = {state.value for state in FINAL_STATES}
    visible = principal.visible_tenant_id
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + wait_s
    with services.hub.subscribe([job_topic(job_id)]) as change:
        while True:
            row = await services.read(
                lambda connection: job_queries.one(connection, job_id, visible)
            )
            if row is None:
                raise not_found("job")
            left_s = deadline_s - loop.time()
            if row["state"] in final or left_s <= 0:
                return job_view(row)
            await change.wait(left_s)


@router.post("/{job_id}/cancel")
async def cancel(job_id: int, services: ServicesOf, principal: JobsWriter) -> dict[str, Any]:
    """Cancel a job: at once if it waits, by its node if it runs."""
    visible = principal.visible_tenant_id
    after = await services.write(lambda tx: jobs.cancel(tx, job_id, visible, principal.actor))
    if after is None:
        raise not_found("job")
    return {"job_id": job_id, "state": after.value}


@router.post("/{job_id}/release")
async def release(job_id: int, services: ServicesOf, principal: JobsWriter) -> dict[str, Any]:
    """Let a held job queue."""
    visible = principal.visible_tenant_id
    after = await services.write(lambda tx: jobs.release(tx, job_id, visible, principal.actor))
    if after is None:
        raise not_found("job")
    return {"job_id": job_id, "state": after.value}
