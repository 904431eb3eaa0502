"""The key that a job finds on its node: good for as long as its attempt runs.

It is made by every claim and needs no row: a secret of the installation vouches for it, and the
attempt it names says whether it still holds.
"""

import hmac
import secrets
from dataclasses import replace

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from domain.access import Principal, Role, Scope
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import JobState
from domain.refusal import Refused
from store.access.keys import admit
from store.settings import read_setting, write_setting
from store.tables.access import api_key
from store.tables.jobs import instance, job
from store.transaction import Store

JOB_KEY_PREFIX = "chj"
#: What a job may do: submit in its tenant's name, and look after what the tenant submitted.
JOB_SCOPES = frozenset({Scope.JOBS_READ, Scope.JOBS_WRITE})
_SECRET = "job_key_secret"  # noqa: S105 - its name
_SECRET_BYTES = 32
_LIVE = (JobState.RUNNING.value, JobState.PREEMPTED.value, JobState.CANCELLING.value)
_UNKNOWN = Refused(code="key.unknown", sentence="This key is not known; check CHAUFFERIE_TOKEN.")
_ENDED = Refused(code="key.job_ended", sentence="The job that this key belonged to has ended.")


def job_key_secret(store: Store) -> bytes:
    """The installation's secret, made when it is first asked for."""
    for _ in range(2):
        try:
            with store.transaction() as tx:
                found = read_setting(tx.connection, _SECRET)
                if found is None:
                    found = secrets.token_hex(_SECRET_BYTES)
                    write_setting(tx, _SECRET, found)
                return bytes.fromhex(found)
        except IntegrityError:
            continue  # Another API made it in the same moment.
    raise RuntimeError("the store keeps no secret for the keys of jobs")


def job_key(secret: bytes, key: AttemptKey) -> str:
    """The key for one attempt."""
    named = f"{key.instance_id}.{key.attempt}"
    return f"{JOB_KEY_PREFIX}_{named}.{_vouch(secret, named)}"


def gang_secret(secret: bytes, key: AttemptKey) -> str:
    """By which the nodes of one attempt know one another; no key to anything here."""
    return _vouch(secret, f"gang {key.instance_id}.{key.attempt}")


def find_job(
    connection: Connection, secret: bytes, token: str, now_s: float
) -> Principal | Refused:
    """The job whose key this is, while its attempt runs and the key it was submitted with holds."""
    named, _, proof = token.removeprefix(f"{JOB_KEY_PREFIX}_").rpartition(".")
    if not hmac.compare_digest(_vouch(secret, named).encode(), proof.encode()):
        return _UNKNOWN
    instance_id, attempt = (int(part) for part in named.split("."))
    row = connection.execute(
        select(api_key, instance.c.job_id, instance.c.tenant_id.label("of_tenant"))
        .select_from(
            instance.join(job, instance.c.job_id == job.c.id).join(
                api_key, job.c.key_id == api_key.c.id
            )
        )
        .where(
            instance.c.id == instance_id,
            instance.c.attempt == attempt,
            instance.c.state.in_(_LIVE),
        )
    ).one_or_none()
    if row is None:
        return _ENDED
    owner = admit(row, now_s)
    if isinstance(owner, Refused):
        return owner
    return replace(
        owner,
        role=Role.TENANT,
        scopes=JOB_SCOPES & owner.scopes,
        tenant_id=row.of_tenant,
        site_ids=None,
        job_id=row.job_id,
    )


def _vouch(secret: bytes, named: str) -> str:
    return hmac.new(secret, named.encode(), "sha256").hexdigest()
