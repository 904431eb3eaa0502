"""Steering jobs that were submitted: cancel, hold, release; whole arrays or parts of them too."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.jobs.job_refs import JobPath, found
from api.jobs.order import may_raise
from api.problems import Problem, not_found
from api.security import JobsWriter, ServicesOf, tenant_seen_by
from api.services import Services
from domain.access import Principal
from domain.jobs.job import JobState
from domain.jobs.job_ref import element_ref
from domain.jobs.order import MOST_POINTS
from domain.refusal import Refused
from store.instances.array_sums import array_state
from store.jobs import array_steering, job_queries, job_steering
from store.jobs.job_refs import Single, Target
from store.jobs.priority import set_priority
from store.jobs.requeue import requeue as store_requeue
from store.jobs.requeue import requeue_elements
from store.transaction import Transaction

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["jobs"])

#: Does it to one job, given its number, whose it must be and who asks; its state afterwards.
_OfOne = Callable[[Transaction, int, int | None, str], JobState | None]
#: Does it to elements of an array; how many went into each state.
_OfMany = Callable[[Transaction, Target, str], dict[JobState, int]]


@router.post("/cancel")
async def cancel(job_id: JobPath, services: ServicesOf, principal: JobsWriter) -> dict[str, Any]:
    """Cancel: at once what waits, by its node what runs."""
    return await _steer(services, principal, job_id, job_steering.cancel, array_steering.cancel)


@router.post("/hold")
async def hold(job_id: JobPath, services: ServicesOf, principal: JobsWriter) -> dict[str, Any]:
    """Keep what queues from starting until it is released."""

    def hold_many(tx: Transaction, target: Target, actor: str) -> dict[JobState, int]:
        return {JobState.HELD: array_steering.hold(tx, target, actor)}

    return await _steer(services, principal, job_id, job_steering.hold, hold_many)


@router.post("/release")
async def release(job_id: JobPath, services: ServicesOf, principal: JobsWriter) -> dict[str, Any]:
    """Let what is held queue."""

    def release_many(tx: Transaction, target: Target, actor: str) -> dict[JobState, int]:
        return {JobState.QUEUED: array_steering.release(tx, target, actor)}

    return await _steer(services, principal, job_id, job_steering.release, release_many)


@router.post("/requeue")
async def requeue(
    job_id: JobPath,
    services: ServicesOf,
    principal: JobsWriter,
    state: Annotated[list[JobState] | None, Query()] = None,
) -> dict[str, Any]:
    """Have jobs run again: stopped first where they run, anew where they have ended.

    ``state`` leaves out the elements of an array in any other.
    """
    visible, actor = tenant_seen_by(principal), principal.actor
    target = await found(services, job_id, visible)
    if isinstance(target, Target) and target.instance_id is None:
        states = state or ()
        changed = await services.write(lambda tx: requeue_elements(tx, target, actor, states))
        if isinstance(changed, Refused):
            raise Problem(409, changed)
        return await _changed(services, target, changed)
    one = target.job_id if isinstance(target, Single) else target.instance_id or 0
    after = await services.write(lambda tx: store_requeue(tx, one, visible, actor))
    if after is None:
        raise not_found("job")
    if isinstance(after, Refused):
        raise Problem(409, after)
    return {"job_id": one, "ref": job_id, "state": after.value}


class PriorityIn(BaseModel):
    """How far a job is to go before others."""

    model_config = ConfigDict(extra="forbid")

    points: int = Field(ge=-MOST_POINTS, le=MOST_POINTS)  #: Negative = after others.


@router.post("/priority")
async def prioritise(
    body: PriorityIn, job_id: JobPath, services: ServicesOf, principal: JobsWriter
) -> dict[str, Any]:
    """Move a job that waits, or a whole array, before others or after them."""
    visible, actor = tenant_seen_by(principal), principal.actor
    target = await found(services, job_id, visible)
    number = target.job_id
    if isinstance(target, Target) and target.wanted is not None:
        sentence = f"An array has one priority; name it by {number} alone."
        raise Problem(422, Refused(code="priority.of_element", sentence=sentence))
    refused = await services.write(
        lambda tx: set_priority(tx, number, body.points, actor, may_raise=may_raise(principal))
    )
    if refused is not None:
        raise Problem(409 if refused.code == "priority.ended" else 403, refused)
    return {"job_id": number, "ref": str(number), "priority": body.points}


async def _steer(
    services: Services, principal: Principal, name: str, of_one: _OfOne, of_many: _OfMany
) -> dict[str, Any]:
    visible, actor = tenant_seen_by(principal), principal.actor
    target = await found(services, name, visible)
    if isinstance(target, Single):
        after = await services.write(lambda tx: of_one(tx, target.job_id, visible, actor))
        if after is None:
            raise not_found("job")
        return {"job_id": target.job_id, "ref": str(target.job_id), "state": after.value}
    changed = await services.write(lambda tx: of_many(tx, target, actor))
    return await _changed(services, target, changed)


async def _changed(
    services: Services, target: Target, changed: Mapping[JobState, int]
) -> dict[str, Any]:
    return {
        **await _array_now(services, target),
        "changed": {state.value: count for state, count in changed.items() if count},
    }


async def _array_now(services: Services, target: Target) -> dict[str, Any]:
    instance_id = target.instance_id
    if instance_id is not None and target.wanted is not None:
        row = await services.read(lambda connection: job_queries.one(connection, instance_id, None))
        state = JobState.CANCELLED if row is None else JobState(row["state"])
        ref = element_ref(target.job_id, target.wanted.first)
        return {"job_id": instance_id, "ref": ref, "state": state.value}
    state = await services.read(lambda connection: array_state(connection, target.job_id))
    some = "" if target.wanted is None else f"_[{target.wanted.text}]"
    return {"job_id": target.job_id, "ref": f"{target.job_id}{some}", "state": state.value}
