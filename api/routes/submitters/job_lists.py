"""Lists of jobs and of the instances of one, by page."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.filters import refuse_unknown_names
from api.jobs.job_refs import JobPath, found
from api.names import LARGEST, AskedInstant, AskedName, AskedNumber
from api.security import JobsReader, ServicesOf, tenant_seen_by
from api.views import job_view
from domain.jobs.job import JobState
from store.access.known_names import NamesAsked
from store.jobs import job_lists
from store.jobs.job_filters import JobsWanted

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

LARGEST_PAGE = 200


@router.get("")
async def list_jobs(  # noqa: PLR0913, PLR0917 - called by name, from the query
    services: ServicesOf,
    principal: JobsReader,
    state: Annotated[list[JobState] | None, Query()] = None,
    name: AskedName = None,
    tenant: AskedName = None,
    project: AskedName = None,
    user: AskedName = None,
    profile: AskedName = None,
    node: AskedName = None,
    from_s: AskedInstant = None,
    to_s: AskedInstant = None,
    before_id: AskedNumber = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
) -> dict[str, Any]:
    """Jobs, newest first; each filter leaves out what it does not name."""
    wanted = JobsWanted(
        states=[item.value for item in state or ()],
        name=name,
        tenant=tenant,
        project=project,
        user=user,
        profile=profile,
        node=node,
        from_s=from_s,
        to_s=to_s,
    )
    rows = await services.read(
        lambda connection: job_lists.page(
            connection,
            tenant_id=tenant_seen_by(principal),
            wanted=wanted,
            before_id=before_id,
            limit=limit,
        )
    )
    if before_id is None:
        asked = NamesAsked(tenant=tenant, project=project, user=user, node=node)
        await refuse_unknown_names(services, principal, rows, asked)
    next_id = rows[-1]["job_id"] if len(rows) == limit else None
    return {"jobs": [job_view(row) for row in rows], "next_before_id": next_id}


@router.get("/{job_id}/instances")
async def list_instances(  # noqa: PLR0917 - called by name, from the query
    job_id: JobPath,
    services: ServicesOf,
    principal: JobsReader,
    state: Annotated[list[JobState] | None, Query()] = None,
    after_id: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
) -> dict[str, Any]:
    """The instances of a job: those of an array in the order of their indexes."""
    target = await found(services, job_id, tenant_seen_by(principal))
    wanted = [item.value for item in state] if state else None
    rows = await services.read(
        lambda connection: job_lists.instances(
            connection, target, states_wanted=wanted, after_id=after_id, limit=limit
        )
    )
    next_id = rows[-1]["id"] if len(rows) == limit else None
    return {"instances": [job_view(row) for row in rows], "next_after_id": next_id}
