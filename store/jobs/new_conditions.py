"""What the jobs of one request wait for: earlier jobs, and one another."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, insert

from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from store.dependencies import targets as dependency_targets
from store.dependencies.dependency_tables import dependency
from store.dependencies.settling import let_go
from store.dependencies.targets import Found, NewCondition
from store.jobs.new_job import Accepted, NewJob
from store.transaction import Transaction


def targets(tx: Transaction, items: Sequence[NewJob]) -> dict[int, Found]:
    """What these jobs name of what was submitted before, by its number."""
    numbers = {one.number for item in items for one in item.conditions if one.number is not None}
    return dependency_targets.find(tx, sorted(numbers)) if numbers else {}


def refusal_before(
    connection: Connection, spec: JobSpec, tenant_id: int, conditions: Sequence[NewCondition]
) -> Refused | None:
    """Why a job could not wait for these earlier jobs, if it were submitted now."""
    numbers = {one.number for one in conditions if one.number is not None}
    known = dependency_targets.look(connection, sorted(numbers)) if numbers else {}
    refusals = (
        dependency_targets.refusal_of(one, known.get(one.number or 0), tenant_id, spec.array)
        for one in conditions
    )
    return next((found for found in refusals if found is not None), None)


def without_refused(
    submissions: Sequence[NewJob],
    answers: list[Accepted | Refused | None],
    fresh: Sequence[int],
    known: Mapping[int, Found],
) -> list[int]:
    """Those positions whose jobs can wait for what they name; the others are answered."""
    left = list(fresh)
    while True:
        for position in left:
            item = submissions[position]
            refusals = (_refusal(submissions, answers, item, one, known) for one in item.conditions)
            answers[position] = next((found for found in refusals if found is not None), None)
        still = [position for position in left if answers[position] is None]
        if len(still) == len(left):  # Whatever was refused may have been waited for itself.
            return still
        left = still


def _refusal(
    submissions: Sequence[NewJob],
    answers: Sequence[Accepted | Refused | None],
    item: NewJob,
    one: NewCondition,
    known: Mapping[int, Found],
) -> Refused | None:
    if one.position is None:
        target = known.get(one.number or 0)
    elif isinstance(answers[one.position], Refused):
        return Refused(
            code="dependency.refused_job",
            sentence="A job of this request that it waits for was refused; see that one first.",
        )
    else:
        array = submissions[one.position].spec.array
        target = Found(job_id=0, tenant_id=item.tenant_id, array=array)
    return dependency_targets.refusal_of(one, target, item.tenant_id, item.spec.array)


def write(
    tx: Transaction,
    submissions: Sequence[NewJob],
    answers: Sequence[Accepted | Refused],
    fresh: Sequence[int],
    known: Mapping[int, Found],
) -> None:
    """Write down what the new jobs wait for, and decide what is decided already."""
    waiting: list[int] = []
    rows: list[dict[str, object]] = []
    for position in fresh:
        item, answer = submissions[position], answers[position]
        if not item.conditions or isinstance(answer, Refused):
            continue
        found: list[tuple[NewCondition, Found | None]] = []
        for one in item.conditions:
            target = known.get(one.number or 0)
            if one.position is not None:
                other = answers[one.position]
                number = 0 if isinstance(other, Refused) else other.job_id
                array = submissions[one.position].spec.array
                target = Found(job_id=number, tenant_id=item.tenant_id, array=array)
            found.append((one, target))
        rows += dependency_targets.rows_of(
            job_id=answer.job_id,
            tenant_id=item.tenant_id,
            name=item.spec.name,
            conditions=found,
            is_any=item.any_suffices,
        )
        waiting.append(answer.job_id)
    if waiting:
        tx.connection.execute(insert(dependency), rows)
        let_go(tx, waiting)
