"""Jobs as they are named in paths: ``1234``, ``1234_7``, ``1234_[0-9]``."""

from functools import partial
from typing import Annotated

from fastapi import Path

from api.problems import Problem
from api.services import Services
from domain.jobs.job_ref import LONGEST_REF, parse_job_ref
from domain.refusal import Refused
from store.jobs import job_refs
from store.jobs.job_refs import Single, Target

JobPath = Annotated[
    str,
    Path(
        max_length=LONGEST_REF,
        description="A number; in an array NUMBER_INDEX, or NUMBER_[INDEXES].",
        examples=["1234", "1234_7", "1234_[0-9]"],
    ),
]

_NO_NAME = Refused(
    code="job.name_of_job",
    sentence="That names no job; write a number such as 1234, or 1234_7 in an array.",
)
_TOO_MANY = Refused(
    code="job.one_element",
    sentence="Name the whole array, such as 1234, or one element, such as 1234_7.",
)


async def found(services: Services, name: str, tenant_id: int | None) -> Single | Target:
    """What is named; ends the request where nothing is, or nothing of this tenant's."""
    ref = parse_job_ref(name)
    if ref is None:
        raise Problem(422, _NO_NAME)
    target = await services.read(partial(job_refs.find, ref=ref, tenant_id=tenant_id))
    if isinstance(target, Refused):
        raise Problem(404, target)
    return target


async def instance_found(services: Services, name: str, tenant_id: int | None) -> int:
    """The number of the one instance that is named; an array is refused."""
    target = await found(services, name, tenant_id)
    if isinstance(target, Single):
        return target.job_id
    if target.instance_id is None:
        refusal = Refused(
            code="job.is_array",
            sentence=f"Job {target.job_id} is an array; name one element, such as "
            f"{target.job_id}_{target.array.first}.",
        )
        raise Problem(422, refusal)
    return target.instance_id


def one_or_all(target: Target) -> int | None:
    """The one instance that is meant, or None for the whole array; some of it is refused."""
    if target.wanted is not None and target.instance_id is None:
        raise Problem(422, _TOO_MANY)
    return target.instance_id
