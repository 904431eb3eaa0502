"""Who may move a job before others: the operator; anybody moves his own after them."""

from collections.abc import Sequence

from domain.access import Principal, Role
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from store.jobs.priority import refusal_to_raise


def may_raise(principal: Principal) -> bool:
    """Whether this key moves jobs before others."""
    return principal.role is Role.OPERATOR


def within_rights(
    principal: Principal, specs: Sequence[JobSpec | Refused]
) -> list[JobSpec | Refused]:
    """The same with those refused that ask for more than their submitter may."""
    if may_raise(principal):
        return list(specs)
    return [
        spec
        if isinstance(spec, Refused)
        else refusal_to_raise(spec.priority, 0, may_raise=False) or spec
        for spec in specs
    ]
