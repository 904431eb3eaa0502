"""What a submission's ``--reservation`` means: one of its tenant's, looked up by its name."""

from collections.abc import Sequence
from dataclasses import replace

from api.jobs.capacity import Sizes, fitting
from api.services import Services
from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S, JobSpec
from domain.refusal import Refused
from domain.sbatch.durations import describe_duration
from store.reservations.reservations import for_job
from store.rows import Connection


async def knowing_reservations(
    services: Services, tenant_id: int, specs: Sequence[JobSpec | Refused], sizes: Sizes
) -> list[JobSpec | Refused]:
    """The same with the number of each reservation, and refusals where a job cannot run in it."""
    if not any(isinstance(spec, JobSpec) and spec.reservation is not None for spec in specs):
        return list(specs)
    database = services.store.database

    def look_up(connection: Connection) -> list[JobSpec | Refused]:
        now_s = database.now_s(connection)
        return [
            spec
            if isinstance(spec, Refused) or spec.reservation is None
            else within(connection, spec, spec.reservation, tenant_id, now_s, sizes)
            for spec in specs
        ]

    return await services.read(look_up)


def within(  # noqa: PLR0917 - what one look-up takes
    connection: Connection, spec: JobSpec, name: str, tenant_id: int, now_s: float, sizes: Sizes
) -> JobSpec | Refused:
    """A job with the number of the reservation that it names, or why it cannot run in that."""
    if spec.scheduling_type is SchedulingType.FLEX:
        return Refused(
            code="reservation.flex",
            sentence="A job in a reservation does not wait for heat; leave --type=flex or "
            "--reservation out.",
        )
    found = for_job(connection, name, tenant_id, spec.project, now_s)
    if isinstance(found, Refused):
        return found
    number, starts_s, ends_s, nodes = found
    limit_s = spec.resources.time_limit_s or DEFAULT_TIME_LIMIT_S
    left_s = int(ends_s - max(now_s, starts_s, spec.not_before_s or 0.0))
    if limit_s > left_s:
        return Refused(
            code="reservation.too_short",
            sentence=f"The job may run for {describe_duration(limit_s)}, and the reservation "
            f"{name!r} has {describe_duration(max(left_s, 0))} for it; write a shorter --time.",
        )
    if not nodes & set(fitting(spec, sizes)):
        return Refused(
            code="reservation.too_small",
            sentence=f"No node of the reservation {name!r} ({', '.join(sorted(nodes))}) could "
            "hold this job; ask for less, or leave --reservation out.",
        )
    return replace(spec, reservation_id=number)
