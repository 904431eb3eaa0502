"""What jobs wait for, as it is shown."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from domain.jobs.job_ref import element_ref
from domain.sbatch.dependencies import DependencyKind
from domain.units import MINUTE_S
from store.dependencies.conditions import ConditionState
from store.dependencies.dependency_tables import dependency
from store.tables.jobs import instance, job


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCondition:
    """One condition of a job, as people write it, and where it stands."""

    text: str  #: ``afterok:12_3``
    state: ConditionState
    kind: DependencyKind
    on: str | None  #: What it is about; None = earlier jobs of the same name.
    is_any: bool


def conditions(connection: Connection, job_id: int) -> list[ShownCondition]:
    """What a job was submitted to wait for, in the order given."""
    first = instance.alias("first")
    statement = (
        select(dependency, job.c.array_count, first.c.array_index)
        .select_from(
            dependency.outerjoin(job, dependency.c.on_job_id == job.c.id).outerjoin(
                first, dependency.c.first_id == first.c.id
            )
        )
        .where(dependency.c.job_id == job_id)
        .order_by(dependency.c.position)
    )
    found = []
    for row in connection.execute(statement):
        on = None
        if row.on_job_id is not None:
            is_one = row.array_count is not None and row.first_id == row.last_id
            on = element_ref(row.on_job_id, row.array_index if is_one else None)
        delay = f"+{int(row.delay_s / MINUTE_S)}" if row.delay_s else ""
        found.append(
            ShownCondition(
                text=row.kind if on is None else f"{row.kind}:{on}{delay}",
                state=ConditionState(row.state),
                kind=DependencyKind(row.kind),
                on=on,
                is_any=row.is_any,
            )
        )
    return found
