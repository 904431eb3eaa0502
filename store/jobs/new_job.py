"""A job as it comes in, and the answer to it."""

from dataclasses import dataclass

from domain.jobs.job_spec import JobSpec
from store.dependencies.targets import NewCondition


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """One job as it enters the store."""

    tenant_id: int
    key_id: int | None
    idempotency_key: str | None
    spec: JobSpec
    #: Of the request as sent; None = of the specification. A time like ``+2h`` is read anew at a
    #: repeat, so only the request tells a repeat from another job.
    request_hash: bytes | None = None
    conditions: tuple[NewCondition, ...] = ()  #: What it waits for.
    any_suffices: bool = False  #: Whether one of them is enough.
    #: That one instance takes on whatever node; None = as its specification says.
    least_cores: int | None = None

    @property
    def cores(self) -> int:
        """The fewest cores that one instance of it takes."""
        return self.least_cores or self.spec.resources.cores * self.spec.resources.nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The answer to a submission."""

    job_id: int
    is_repeat: bool = False  #: The same idempotency key brought the same job before.
