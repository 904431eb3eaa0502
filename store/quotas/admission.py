"""Submissions against quotas: what can be known now is refused now, before anything is stored."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from domain.billing.quota import AT_ONCE, BUDGETS, WHOLE_TENANT, Measure
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S, JobSpec
from domain.refusal import Refused
from domain.sbatch.change import Change
from store.quotas import quotas
from store.quotas.quotas import Holder, SetQuota
from store.quotas.spent import spent_by_now
from store.quotas.use import Use, use_now
from store.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Mapping


def refusal_of(
    connection: Connection, now_s: float, tenant_id: int, spec: JobSpec, least_cores: int
) -> Refused | None:
    """Why a quota would refuse this job if it were submitted now."""
    return Gate(connection, now_s, tenant_id).admit(spec, least_cores)


def refusal_of_change(
    tx: Transaction, tenant_id: int, before: JobSpec, change: Change, waiting: int
) -> Refused | None:
    """Why a quota does not let a waiting job become this: too large, or of a full project."""
    spec = change.spec
    has_moved = spec.project not in {before.project, None}
    if not has_moved and spec.resources == before.resources:
        return None
    gate = Gate(tx.connection, tx.now_s, tenant_id)
    resources = spec.resources
    least = change.least_cores or resources.cores * resources.nodes
    return gate.admit_change(spec.project, least, moved=waiting if has_moved else 0)


def budget_used_up(
    connection: Connection, now_s: float, tenant_id: int, project: str | None
) -> Refused | None:
    """Which budget, if any, keeps a waiting job of this project from starting; as it is said."""
    found = quotas.of_job(connection, tenant_id, project)
    its = [item.quota for item in found if item.quota.measure in BUDGETS]
    if not its:
        return None
    spending = spent_by_now(connection, now_s, [tenant_id])[tenant_id]
    for quota in its:
        why = quota.why_spent_waits(spending.of(quota), spending.month)
        if why is not None:
            return Refused(code=quota.code, sentence=why)
    return None


class Gate:
    """What one tenant's quotas say to jobs that come in, one after another."""

    def __init__(self, connection: Connection, now_s: float, tenant_id: int) -> None:
        """Look at what is set and what is used now."""
        self._tenant_id = tenant_id
        self._set = quotas.of_tenants(connection, [tenant_id])
        self._use: Mapping[Holder, Use] = use_now(connection, tenant_id) if self._set else {}
        has_budgets = any(item.quota.measure in BUDGETS for item in self._set)
        self._spending = None
        if has_budgets:
            self._spending = spent_by_now(connection, now_s, [tenant_id])[tenant_id]
        self._admitted: dict[str, int] = {}

    def admit(self, spec: JobSpec, least_cores: int) -> Refused | None:
        """Count a job as queued, unless some quota refuses it."""
        count = 1 if spec.array is None else spec.array.count
        for item in self._of(spec.project):
            refused = self._refusal(item, count, least_cores)
            refused = refused or self._uncovered(item, spec, least_cores)
            if refused is not None:
                return refused
        for name in {WHOLE_TENANT, spec.project or WHOLE_TENANT}:
            self._admitted[name] = self._admitted.get(name, 0) + count
        return None

    def admit_change(self, project: str | None, least_cores: int, *, moved: int) -> Refused | None:
        """Why a job cannot be of this size and project, to which so many instances would move."""
        for item in self._of(project):
            is_of_project = item.holder.project != WHOLE_TENANT
            is_size = item.quota.measure in AT_ONCE
            if is_size or (moved and is_of_project):
                refused = self._refusal(item, moved, least_cores)
                if refused is not None:
                    return refused
        return None

    def _uncovered(self, item: SetQuota, spec: JobSpec, least_cores: int) -> Refused | None:
        """Why a safe budget could never cover a job; its energy is known only where it runs."""
        if self._spending is None or not item.quota.is_safe:
            return None
        limit_s = spec.resources.time_limit_s or DEFAULT_TIME_LIMIT_S
        core_s = float(least_cores * limit_s)
        least = self._spending.least(item.quota, spec.scheduling_type, core_s)
        return item.quota.refuse_uncovered(least)

    def _of(self, project: str | None) -> list[SetQuota]:
        names = {WHOLE_TENANT, project or WHOLE_TENANT}
        return [item for item in self._set if item.holder.project in names]

    def _refusal(self, item: SetQuota, count: int, least_cores: int) -> Refused | None:
        use = self._use.get(item.holder, Use())
        match item.quota.measure:
            case Measure.CORES:
                return item.quota.refuse_for_ever(use.cores, least_cores)
            case Measure.RUNNING_JOBS:
                return item.quota.refuse_for_ever(use.running_jobs, 1)
            case Measure.QUEUED_JOBS:
                queued = use.queued_jobs + self._admitted.get(item.holder.project, 0)
                return item.quota.refuse(queued, count)
            case Measure.STORED_BYTES:
                return None  # Refused where the bytes come in.
            case _:
                its = self._spending
                if its is None:
                    return None
                return item.quota.refuse_spent(its.of(item.quota), its.month)
