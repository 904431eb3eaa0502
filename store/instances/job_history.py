"""What people did to a job, from the audit trail."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from domain.jobs.array_spec import ArrayMistake, parse_array
from store.tables.installation import audit

_OF_JOBS = "job."
#: Its detail is what somebody typed, and goes when the job is forgotten.
MODIFY = "job.modify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """One time that somebody steered a job, or an array that it belongs to."""

    at_s: float
    actor: str  #: Such as ``key/3``.
    action: str  #: ``cancel``, ``hold``, ``release``, ``requeue`` or ``modify``.
    elements: str | None = None  #: Of an array, where a part of it was meant: ``[0-9]``.
    changes: str | None = None  #: The options by which it was changed.


def steerings(
    connection: Connection, job_id: int, *, instance_id: int | None, array_index: int | None
) -> list[Steering]:
    """Those of a job in their order; of one element, those that meant it too.

    Without an instance they are those of the whole array, the parts that were named included.
    """
    subjects = [f"job/{number}" for number in {job_id, instance_id} if number is not None]
    statement = (
        select(audit)
        .where(audit.c.subject.in_(subjects), audit.c.action.startswith(_OF_JOBS))
        .order_by(audit.c.id)
    )
    return [
        Steering(
            at_s=row.at_s,
            actor=row.actor,
            action=row.action.removeprefix(_OF_JOBS),
            elements=None if row.action == MODIFY else row.detail,
            changes=row.detail if row.action == MODIFY else None,
        )
        for row in connection.execute(statement)
        if array_index is None
        or row.detail is None
        or row.action == MODIFY
        or _names(row.detail, array_index)
    ]


def _names(elements: str, index: int) -> bool:
    meant = parse_array(elements)
    return not isinstance(meant, ArrayMistake) and meant.rank_of(index) is not None
