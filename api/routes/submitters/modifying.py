"""Changing jobs that were submitted: by the same options, as far as they can still change."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.jobs.capacity import Sizes, check_fits, knowing_nodes, least_cores
from api.jobs.clock import ClockIn
from api.jobs.job_refs import JobPath, found
from api.jobs.licences import servers_in, with_licences
from api.jobs.order import may_raise
from api.jobs.projects import of_project
from api.jobs.reservations import within
from api.jobs.several_nodes import check_beside
from api.names import Text
from api.problems import Problem
from api.routes.submitters.jobs import CapacityOf
from api.security import JobsWriter, ServicesOf, tenant_seen_by
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from domain.sbatch.change import ORDER_KEYS, SIZE_KEYS, TYPE_KEYS, Change, parse_change
from store.access.tenants import project_ends
from store.jobs.modifying import is_of_state, modify
from store.jobs.priority import refusal_to_raise
from store.transaction import Transaction

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["jobs"])

_MOST_OPTIONS = 100


class ChangeIn(ClockIn):
    """Options as at a submission; what they do not name stays."""

    model_config = ConfigDict(extra="forbid")

    options: list[Text] = Field(max_length=_MOST_OPTIONS)


@router.post("/modify")
async def change(
    job_id: JobPath,
    body: ChangeIn,
    services: ServicesOf,
    capacity: CapacityOf,
    principal: JobsWriter,
) -> dict[str, Any]:
    """Change a job that waits; of one that runs, lower its time limit."""
    target = await found(services, job_id, tenant_seen_by(principal))
    sizes = await capacity.sizes()

    def changing(tx: Transaction, before: JobSpec, tenant_id: int) -> Change | Refused:
        now_s = time.time()  # noqa: TID251 - only to read relative deadlines
        asked = parse_change(
            body.options, before, now_s=now_s, zone=body.clock(), known_names=services.known_names
        )
        if isinstance(asked, Refused):
            return asked
        if ORDER_KEYS & asked.keys:
            most, may = max(before.priority, 0), may_raise(principal)
            refused = refusal_to_raise(asked.spec.priority, most, may_raise=may)
            if refused is not None:
                return refused
        if "account" in asked.keys:
            spec = of_project(asked.spec, project_ends(tx.connection, tenant_id))
            if isinstance(spec, Refused):
                return spec
            asked = replace(asked, spec=spec)
        asked = _in_reservation(tx, _placeable(asked, sizes, capacity.site_of), tenant_id, sizes)
        if isinstance(asked, Refused) or not {"licenses", *SIZE_KEYS} & asked.keys:
            return asked
        servers = services.operator_file.licences
        mine = servers_in(tx.connection, servers, tenant_id)
        spec = with_licences(asked.spec, sizes, mine, servers, before)
        return spec if isinstance(spec, Refused) else replace(asked, spec=spec)

    done = await services.write(lambda tx: modify(tx, target, changing, principal.actor))
    if isinstance(done, Refused):
        is_not_theirs = done.code == "priority.operator_only"
        raise Problem(403 if is_not_theirs else 409 if is_of_state(done) else 422, done)
    return {
        "job_id": target.job_id,
        "ref": str(target.job_id),
        "changed": sorted(done.change.keys),
        "waiting": done.waiting,
        "running": done.running,
        "notes": list(done.change.spec.notes[done.notes_before :]),
    }


def _placeable(asked: Change, sizes: Sizes, site_of: Mapping[str, str]) -> Change | Refused:
    """The same in the names of our nodes, some of which could hold it."""
    placed = {"nodelist", "exclude", "constraint", *SIZE_KEYS} & asked.keys
    spec = knowing_nodes(asked.spec, sizes) if placed else asked.spec
    if isinstance(spec, Refused):
        return spec
    refused = None
    if placed:
        refused = check_fits(spec, sizes) or check_beside(spec, sizes, site_of)
    return refused or replace(asked, spec=spec, least_cores=least_cores(spec, sizes))


def _in_reservation(
    tx: Transaction, asked: Change | Refused, tenant_id: int, sizes: Sizes
) -> Change | Refused:
    """The same with the number of the reservation that it names, if it can run in that."""
    if isinstance(asked, Refused) or asked.spec.reservation is None:
        return asked
    if not {"reservation", "begin", "account", *TYPE_KEYS} & asked.keys:
        return asked
    name = asked.spec.reservation
    spec = within(tx.connection, asked.spec, name, tenant_id, tx.now_s, sizes)
    return spec if isinstance(spec, Refused) else replace(asked, spec=spec)
