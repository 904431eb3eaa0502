"""What a submission's ``--account`` means: a project of its tenant, or a mere word on the bill."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from api.services import Services
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from store.access.tenants import project_ends


async def knowing_projects(
    services: Services, tenant_id: int, specs: Sequence[JobSpec | Refused]
) -> list[JobSpec | Refused]:
    """The same with a note where a project is not known, and a refusal where it is closed."""
    if not any(isinstance(spec, JobSpec) and spec.project is not None for spec in specs):
        return list(specs)
    ends = await services.read(lambda connection: project_ends(connection, tenant_id))
    return [spec if isinstance(spec, Refused) else of_project(spec, ends) for spec in specs]


def of_project(spec: JobSpec, ends: Mapping[str, float | None]) -> JobSpec | Refused:
    """A tenant without projects uses the word as it likes."""
    if spec.project is None or not ends:
        return spec
    if spec.project not in ends:
        note = (
            f"--account={spec.project} is none of your projects; what the job uses is shown "
            "under that word."
        )
        return replace(spec, notes=(*spec.notes, note))
    if ends[spec.project] is None:
        return spec
    open_ones = ", ".join(sorted(name for name, end in ends.items() if end is None))
    return Refused(
        code="project.closed",
        sentence=f"The project {spec.project!r} is closed and takes no more jobs; "
        + (f"open ones are: {open_ones}." if open_ones else "none of yours is open."),
    )
