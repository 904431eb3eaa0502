"""Where jobs count toward quotas: for their tenant, and for their project."""

from domain.events import JobQueued

#: A tenant and one of its projects, or '' for all of it.
Account = tuple[int, str]


def accounts_of(job: JobQueued) -> tuple[Account, ...]:
    """The accounts of a job, the widest first."""
    whole = (job.tenant_id, "")
    return (whole, (job.tenant_id, job.project)) if job.project else (whole,)
