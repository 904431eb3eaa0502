"""*Delete my data now*: jobs that have ended are forgotten at once, with a receipt."""

import asyncio
from functools import partial
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.names import Name, Number
from api.problems import Problem, not_found
from api.security import JobsReader, PersonWriter, ServicesOf, tenant_id_of, tenant_seen_by
from api.services import Services
from domain.access import Principal
from domain.refusal import Refused
from store.erasures import receipts
from store.erasures.asking import Scope, ask, to_forget
from store.erasures.erasing import Shelves, erase_some
from store.jobs import job_queries
from store.transaction import Transaction

router = APIRouter(prefix="/v1/erasures", tags=["erasures"])

#: A request erases for so long; the worker does the rest [s].
LONGEST_REQUEST_S = 20.0
_ONE_OF = "name one of: job_id, project, all"


class ErasureIn(BaseModel):
    """What is to be forgotten."""

    model_config = ConfigDict(extra="forbid")

    #: Strict, for ``"12_3"``, an element of an array, would be read as 123.
    job_id: int | None = Field(default=None, ge=1, lt=1 << 63, strict=True)
    project: Name | None = None
    all: bool = False

    @model_validator(mode="after")
    def _is_one(self) -> "ErasureIn":
        if sum((self.job_id is not None, self.project is not None, self.all)) != 1:
            raise ValueError(_ONE_OF)
        return self


@router.post("", status_code=201)
async def forget(body: ErasureIn, services: ServicesOf, principal: PersonWriter) -> dict[str, Any]:
    """Forget a job, a project's jobs or all jobs that have ended: files, results, names, scripts.

    Refused as a whole while one of them has not ended.
    """
    scope = await _scope(body, services, principal)

    def operation(tx: Transaction) -> int | Refused:
        return ask(tx, scope, principal.actor)

    number = await services.write(operation)
    if isinstance(number, Refused):
        raise _problem(number)
    shelves = Shelves(
        remove_content=services.content.remove,
        remove_output=services.outputs.remove,
        discard_upload=services.content.discard,
    )
    loop = asyncio.get_running_loop()
    stop_s = loop.time() + LONGEST_REQUEST_S
    erase = partial(erase_some, services.store, number, shelves)
    while await asyncio.to_thread(erase) and loop.time() < stop_s:
        pass
    return await _one(services, number, None)


@router.post("/check")
async def check(body: ErasureIn, services: ServicesOf, principal: PersonWriter) -> dict[str, int]:
    """How many jobs that would forget, or why it would be refused; nothing is forgotten."""
    scope = await _scope(body, services, principal)
    job_ids = await services.read(lambda connection: to_forget(connection, scope))
    if isinstance(job_ids, Refused):
        raise _problem(job_ids)
    return {"jobs": len(job_ids)}


def _problem(refusal: Refused) -> Problem:
    statuses = {"not_found": 404, "job.forgotten": 410}
    return Problem(statuses.get(refusal.code, 409), refusal)


@router.get("")
async def show_erasures(services: ServicesOf, principal: JobsReader) -> dict[str, Any]:
    """What was forgotten, newest first, with the receipts; everybody's for operators."""
    visible = tenant_seen_by(principal)
    rows = await services.read(lambda connection: receipts.erasures(connection, visible))
    return {"erasures": rows}


@router.get("/{erasure_id}")
async def show_erasure(
    erasure_id: Number, services: ServicesOf, principal: JobsReader
) -> dict[str, Any]:
    """One erasure: how far it is, which nodes have confirmed, and its receipt."""
    return await _one(services, erasure_id, tenant_seen_by(principal))


async def _one(services: Services, erasure_id: int, visible: int | None) -> dict[str, Any]:
    rows = await services.read(
        lambda connection: receipts.erasures(connection, visible, erasure_id)
    )
    if not rows:
        raise not_found("receipt")
    return rows[0]


async def _scope(body: ErasureIn, services: Services, principal: Principal) -> Scope:
    if body.job_id is None:
        return Scope(tenant_id=tenant_id_of(principal), project=body.project)
    job_id, visible = body.job_id, tenant_seen_by(principal)
    owner = await services.read(
        lambda connection: job_queries.owner_of(connection, job_id, visible)
    )
    if owner is None:
        raise not_found("job")
    return Scope(tenant_id=owner, job_id=job_id)
