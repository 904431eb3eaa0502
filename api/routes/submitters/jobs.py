"""Jobs: submit, look, wait, cancel."""

import asyncio
import time
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.fleet.profiles import check_profile
from api.hub import job_topic
from api.jobs.capacity import (
    NO_NODES_YET,
    Capacity,
    Sizes,
    check_fits,
    fitting,
    knowing_nodes,
    least_cores,
)
from api.jobs.heating import heating
from api.jobs.job_refs import JobPath, found, one_or_all
from api.jobs.licences import servers_for, with_licences
from api.jobs.mail import knowing_relay
from api.jobs.order import within_rights
from api.jobs.projects import knowing_projects
from api.jobs.prospects import full_run, start_of
from api.jobs.reservations import knowing_reservations
from api.jobs.several_nodes import check_beside
from api.jobs.submission import SubmissionIn, request_hash, to_spec
from api.jobs.waiting_jobs import among_accepted, read_waits, refuse_with_what_they_wait_for
from api.names import NO_NUL, Id, Text
from api.problems import Problem, not_found, problem_document, status_of
from api.security import JobsReader, JobsWriter, ServicesOf, tenant_id_of, tenant_seen_by
from api.services import Services
from api.views import array_detail, job_detail
from domain import wire
from domain.access import Principal
from domain.jobs.array_spec import MAX_ARRAY_SIZE
from domain.jobs.job import FINAL_STATES, JobState
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from store.dependencies import shown as dependency_queries
from store.erasures.forgotten import erased_at_s
from store.files import stored_files
from store.instances.array_sums import array_state
from store.jobs import job_inputs, job_lists, job_queries
from store.jobs.job_refs import Single
from store.jobs.new_conditions import refusal_before
from store.jobs.new_job import Accepted, NewJob
from store.quotas.admission import refusal_of
from store.rows import Connection

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

LONGEST_WAIT_S = 60.0
LARGEST_BATCH = 5000
#: A wait for many jobs looks at most this often [s].
MANY_JOBS_PAUSE_S = 0.02
MANY_JOBS = 20

_LONGEST_KEY = 200
_Key = Annotated[Text, StringConstraints(min_length=1, max_length=_LONGEST_KEY)]
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=_LONGEST_KEY, pattern=NO_NUL)
]
WaitS = Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)]


def capacity_of(request: Request) -> Capacity:
    """The sizes of the nodes, as this process knows them."""
    found: Capacity = request.app.state.capacity
    return found


CapacityOf = Annotated[Capacity, Depends(capacity_of)]


class BatchIn(BaseModel):
    """Many jobs in one request; each is accepted or refused by itself."""

    model_config = ConfigDict(extra="forbid")

    jobs: list[SubmissionIn] = Field(max_length=LARGEST_BATCH)
    idempotency_keys: list[_Key] | None = None


class WaitIn(BaseModel):
    """Jobs to wait for."""

    model_config = ConfigDict(extra="forbid")

    job_ids: list[Id] = Field(max_length=LARGEST_BATCH)
    until: Literal["all", "any"] = "all"  #: How many of them must have ended.
    wait_s: float = Field(default=0.0, ge=0, le=LONGEST_WAIT_S)


async def _submit(
    services: Services,
    capacity: Capacity,
    principal: Principal,
    bodies: list[SubmissionIn],
    keys: list[str | None],
) -> list[tuple[Accepted | Refused, tuple[str, ...]]]:
    tenant_id = tenant_id_of(principal)
    specs = await _read_specs(services, capacity, principal, bodies)
    read = read_waits(_bounded(specs), [body.label for body in bodies])
    specs = refuse_with_what_they_wait_for(specs, read)
    waits = among_accepted(specs, read)
    sizes = await capacity.sizes()
    valid = [
        NewJob(
            tenant_id=tenant_id,
            key_id=principal.key_id,
            idempotency_key=key,
            spec=spec,
            request_hash=None if key is None else request_hash(body),
            conditions=its.conditions,
            any_suffices=its.any_suffices,
            least_cores=least_cores(spec, sizes),
        )
        for body, spec, key, its in zip(bodies, specs, keys, waits, strict=True)
        if not isinstance(spec, Refused)
    ]
    answers = iter(await services.write(lambda tx: job_inputs.submit(tx, valid)) if valid else [])
    no_nodes = () if sizes else (NO_NODES_YET,)
    return [
        (spec, ())
        if isinstance(spec, Refused)
        else (next(answers), (*spec.notes, *no_nodes, *_told(services, spec, sizes)))
        for spec in specs
    ]


async def _read_specs(
    services: Services,
    capacity: Capacity,
    principal: Principal,
    bodies: list[SubmissionIn],
    *,
    only_tries: bool = False,
) -> list[JobSpec | Refused]:
    """What each body asks for, or why it cannot be granted by anybody here.

    Whoever ``only_tries`` need not have sent the input files.
    """
    tenant_id = tenant_id_of(principal)
    now_s = time.time()  # noqa: TID251 - only to read relative deadlines
    sizes = await capacity.sizes()
    digests = {item.sha256 for body in bodies for item in body.inputs}
    owned: set[str] = set()
    if digests:
        owned = await services.read(
            lambda connection: stored_files.owned(connection, tenant_id, digests)
        )
    specs: list[JobSpec | Refused] = []
    mine, everybodys = await servers_for(services, tenant_id), services.operator_file.licences
    for body in bodies:
        spec = to_spec(body, now_s, services.known_names, counts_licences=bool(everybodys.seats()))
        if not isinstance(spec, Refused):
            spec = knowing_nodes(spec, sizes)
        if not isinstance(spec, Refused):
            spec = with_licences(spec, sizes, mine, everybodys)
        if not isinstance(spec, Refused):
            refused = check_profile(spec, sizes) or check_fits(spec, sizes)
            refused = refused or check_beside(spec, sizes, capacity.site_of)
            if refused is None and not only_tries:
                refused = job_inputs.missing_input(spec, owned)
            specs.append(refused or knowing_relay(spec, services.notice_rules))
        else:
            specs.append(spec)
    specs = within_rights(principal, await knowing_projects(services, tenant_id, specs))
    return await knowing_reservations(services, tenant_id, specs, sizes)


def _bounded(specs: list[JobSpec | Refused]) -> list[JobSpec | Refused]:
    """The same with those arrays refused that would make one request too large."""
    count = 0
    bounded: list[JobSpec | Refused] = []
    for spec in specs:
        if not isinstance(spec, Refused) and spec.array is not None:
            count += spec.array.count
            if count > MAX_ARRAY_SIZE:
                sentence = (
                    f"The arrays of one request have at most {MAX_ARRAY_SIZE} instances together; "
                    "send this one by itself."
                )
                bounded.append(Refused(code="batch.too_many_instances", sentence=sentence))
                continue
        bounded.append(spec)
    return bounded


def _told(services: Services, spec: JobSpec, sizes: Sizes) -> tuple[str, ...]:
    """What is said at a submission: how long its files are kept, and what a large one costs."""
    kept = services.keeping.announce(has_inputs=bool(spec.inputs))
    prices = services.operator_file.prices
    if prices is None or prices.large_submit is None:
        return kept
    now_s = time.time()  # noqa: TID251 - the prices of now
    run = full_run(spec, sizes, prices, now_s)
    return kept if run is None or not run.is_large else (*kept, f"It costs {run.sentence}")


def _status(refusal: Refused) -> int:
    return status_of(refusal, 409 if refusal.code == "idempotency.conflict" else 422)


@router.post("", status_code=201)
async def submit(
    body: SubmissionIn,
    services: ServicesOf,
    capacity: CapacityOf,
    principal: JobsWriter,
    idempotency_key: IdempotencyKey = None,
) -> dict[str, Any]:
    """Accept one job: it is stored before the answer leaves."""
    ((answer, notes),) = await _submit(services, capacity, principal, [body], [idempotency_key])
    if isinstance(answer, Refused):
        raise Problem(_status(answer), answer)
    return {"job_id": answer.job_id, "is_repeat": answer.is_repeat, "notes": list(notes)}


@router.post("/batch")
async def submit_batch(
    body: BatchIn, services: ServicesOf, capacity: CapacityOf, principal: JobsWriter
) -> dict[str, Any]:
    """Accept many jobs in one transaction; the answers stand in the order of the jobs."""
    keys: list[str | None] = [None] * len(body.jobs)
    if body.idempotency_keys is not None:
        if len(body.idempotency_keys) != len(body.jobs):
            refusal = Refused(code="batch.keys", sentence="Send one idempotency key for each job.")
            raise Problem(422, refusal)
        keys = list(body.idempotency_keys)
    answers = await _submit(services, capacity, principal, body.jobs, keys)
    return {
        "jobs": [
            problem_document(_status(answer), answer)
            if isinstance(answer, Refused)
            else {"job_id": answer.job_id, "is_repeat": answer.is_repeat, "notes": list(notes)}
            for answer, notes in answers
        ]
    }


@router.post("/check")
async def check(
    body: SubmissionIn,
    services: ServicesOf,
    capacity: CapacityOf,
    principal: JobsWriter,
    *,
    with_start: bool = True,
) -> dict[str, Any]:
    """Say what a submission would mean, cost and wait for; nothing is stored.

    ``with_start=false`` leaves the likely start out, which needs a look at the whole cluster.
    """
    tenant_id = tenant_id_of(principal)
    (spec,) = await _read_specs(services, capacity, principal, [body], only_tries=True)
    if isinstance(spec, Refused):
        raise Problem(_status(spec), spec)
    (waits,) = read_waits([spec], [body.label])
    if isinstance(waits, Refused):
        raise Problem(_status(waits), waits)
    sizes, database = await capacity.sizes(), services.store.database
    refused = await services.read(
        lambda connection: (
            refusal_before(connection, spec, tenant_id, waits.conditions)
            or refusal_of(
                connection, database.now_s(connection), tenant_id, spec, least_cores(spec, sizes)
            )
        )
    )
    if refused is not None:
        raise Problem(_status(refused), refused)
    now_s = time.time()  # noqa: TID251 - the prices of now
    run = full_run(spec, sizes, services.operator_file.prices, now_s)
    start = None
    if with_start:
        start = await services.read(
            lambda connection: start_of(database, connection, spec, tenant_id)
        )
    return {
        "name": spec.name,
        "resources": wire.to_plain(spec.resources),
        "scheduling_type": spec.scheduling_type.value,
        "notes": list(spec.notes),
        "would_fit": fitting(spec, sizes),
        "cost": None if run is None else run.as_document(),
        "likely_start": None if start is None else asdict(start),
    }


@router.post("/wait")
async def wait_for_many(
    body: WaitIn, services: ServicesOf, principal: JobsReader
) -> dict[str, Any]:
    """Answer when all of these jobs have ended, or any of them, or when the time is up.

    Asked for any, the answer holds those alone that have ended, and those that nobody knows.
    """
    visible = tenant_seen_by(principal)
    final = {state.value for state in FINAL_STATES}
    found: dict[int, str] = {}
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + body.wait_s
    named = set(body.job_ids)
    wanted = named
    with services.hub.subscribe([job_topic(job_id) for job_id in wanted]) as change:
        while True:
            found |= await services.read(
                partial(job_lists.states, ids=list(wanted), tenant_id=visible)
            )
            open_ids = {job_id for job_id, state in found.items() if state not in final}
            is_met = not open_ids or (body.until == "any" and len(open_ids) < len(named))
            left_s = deadline_s - loop.time()
            if is_met or left_s <= 0:
                break
            if len(open_ids) > MANY_JOBS:
                await asyncio.sleep(MANY_JOBS_PAUSE_S)
            woken = await change.wait(left_s)
            wanted = {int(topic[1:]) for topic in woken} & open_ids
    if body.until == "any":
        ended = {str(job_id): found[job_id] for job_id in found if job_id not in open_ids}
        return {"states": ended, "unknown": sorted(named - set(found))}
    return {"states": {str(job_id): found[job_id] for job_id in body.job_ids if job_id in found}}


@router.get("/{job_id}")
async def look(
    job_id: JobPath, services: ServicesOf, principal: JobsReader, wait_s: WaitS = 0.0
) -> dict[str, Any]:
    """One job, element or array; with ``wait_s`` once it has ended, or when the time is up."""
    visible = tenant_seen_by(principal)
    target = await found(services, job_id, visible)
    one = target.job_id if isinstance(target, Single) else one_or_all(target)
    see = partial(_see_array, target.job_id) if one is None else partial(_see, one, services)
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + wait_s
    with services.hub.subscribe([job_topic(target.job_id if one is None else one)]) as change:
        while True:
            left_s = deadline_s - loop.time()
            detail = await services.read(partial(see, is_last=left_s <= 0))
            if detail is not None:
                return detail
            await change.wait(left_s)


def _see(
    instance_id: int, services: Services, connection: Connection, *, is_last: bool
) -> dict[str, Any] | None:
    """An instance in full, if it has ended or this is the last look."""
    row = job_queries.one(connection, instance_id, None)
    if row is None:
        raise not_found("job")
    if not is_last and JobState(row["state"]) not in FINAL_STATES:
        return None
    attempts = job_queries.attempts(connection, instance_id)
    detail = job_detail(
        row,
        attempts,
        job_queries.files(connection, instance_id),
        dependency_queries.conditions(connection, row["job_id"]),
        services.keeping,
    )
    now_s = services.store.database.now_s(connection)
    forgotten = {"forgotten_at_s": erased_at_s(connection, row["job_id"])}
    return detail | forgotten | heating(connection, row, attempts, now_s)


def _see_array(job_id: int, connection: Connection, *, is_last: bool) -> dict[str, Any] | None:
    """An array in full, if all of it has ended or this is the last look."""
    if not is_last and array_state(connection, job_id) not in FINAL_STATES:
        return None
    conditions = dependency_queries.conditions(connection, job_id)
    row = job_lists.array_detail(connection, job_id)
    detail = array_detail(row, job_lists.waiting_indexes(connection, row), conditions)
    return detail | {"forgotten_at_s": erased_at_s(connection, job_id)}
