"""Which job uses which file: nothing that a job will need is let go before it has ended."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from domain.files.job_files import EMPTY_SHA256
from domain.jobs.delivery import AttemptKey
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from store.files.content import ContentKey
from store.files.stored_files import touch
from store.jobs import jobs
from store.jobs.new_job import Accepted, NewJob
from store.tables.files import job_input
from store.tables.jobs import instance
from store.transaction import Transaction


def submit(tx: Transaction, submissions: Sequence[NewJob]) -> list[Accepted | Refused]:
    """As ``jobs.submit``, of jobs whose inputs are here; what each uses is noted with it."""
    wanted = [_digests(item.spec) for item in submissions]
    if not any(wanted):
        return jobs.submit(tx, submissions)
    here: dict[int, set[str]] = {}
    for tenant_id in sorted({item.tenant_id for item in submissions}):
        of_tenant = zip(submissions, wanted, strict=True)
        digests = set().union(*(d for item, d in of_tenant if item.tenant_id == tenant_id))
        here[tenant_id] = touch(tx, tenant_id, digests)
    gone = [
        missing_input(item.spec, here[item.tenant_id]) if digests else None
        for item, digests in zip(submissions, wanted, strict=True)
    ]
    refused = {place: why for place, why in enumerate(gone) if why is not None}
    answers = jobs.submit(tx, submissions, refused)
    rows = [
        {"tenant_id": item.tenant_id, "sha256": sha256, "job_id": answer.job_id}
        for item, digests, answer in zip(submissions, wanted, answers, strict=True)
        if isinstance(answer, Accepted) and not answer.is_repeat
        for sha256 in sorted(digests)
    ]
    if rows:
        tx.connection.execute(insert(job_input), rows)
    return answers


def missing_input(spec: JobSpec, here: set[str]) -> Refused | None:
    """A refusal naming an input that the tenant does not have."""
    for item in spec.inputs:
        if item.sha256 not in here and item.sha256 != EMPTY_SHA256:
            return Refused(
                code="file.not_sent",
                sentence=f"The input {item.path!r} was not sent; send it to /v1/files first.",
            )
    return None


def content_for(connection: Connection, key: AttemptKey, sha256: str) -> ContentKey | None:
    """Where an input of this attempt's job is kept; None where the job does not use it."""
    statement = (
        select(job_input.c.tenant_id)
        .select_from(job_input.join(instance, instance.c.job_id == job_input.c.job_id))
        .where(instance.c.id == key.instance_id, job_input.c.sha256 == sha256)
    )
    tenant_id = connection.execute(statement).scalars().first()
    return None if tenant_id is None else ContentKey(tenant_id=tenant_id, sha256=sha256)


def _digests(spec: JobSpec) -> set[str]:
    return {item.sha256 for item in spec.inputs} - {EMPTY_SHA256}
