"""The facts by which the engine learns that instances wait."""

import hashlib
from collections.abc import Sequence

from domain.events import JobArrayQueued, JobQueued
from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import DEFAULT_FLEX_WAIT_S, DEFAULT_TIME_LIMIT_S, JobSpec

_PSEUDONYM_LENGTH = 16


def pseudonym(tenant_id: int, name: str) -> str:
    """What stands for a job's name in the engine's log, which only asks which names are the same.

    So the name itself can be forgotten with its job, though the log stays as it is.
    """
    named = f"{tenant_id}/{name}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(named).hexdigest()[:_PSEUDONYM_LENGTH]


def queued_event(
    spec: JobSpec,
    *,
    instance_id: int,
    job_id: int,
    tenant_id: int,
    queued_at_s: float,
    last_attempt: int,
    avoid_node_id: int | None = None,
    not_before_s: float | None = None,
) -> JobQueued:
    """The fact that an instance waits, with all that placement needs to know of it.

    ``not_before_s`` holds for this instance, beside what its submitter asked for.
    """
    start_before_s = spec.start_before_s
    earliest_s = max(not_before_s or 0.0, spec.not_before_s or 0.0)
    if start_before_s is None and spec.scheduling_type is SchedulingType.FLEX:
        start_before_s = queued_at_s + DEFAULT_FLEX_WAIT_S
    return JobQueued(
        instance_id=instance_id,
        name=pseudonym(tenant_id, spec.name),
        tenant_id=tenant_id,
        cores=spec.resources.cores,
        mem_mib=spec.resources.mem_mib,
        whole_node=spec.resources.whole_node,
        scheduling_type=spec.scheduling_type.value,
        time_limit_s=spec.resources.time_limit_s or DEFAULT_TIME_LIMIT_S,
        queued_at_s=queued_at_s,
        start_before_s=start_before_s,
        end_before_s=spec.deadline_s,
        not_before_s=earliest_s or None,
        last_attempt=last_attempt,
        avoid_node_id=avoid_node_id,
        is_preemptible=spec.is_preemptible,
        excluded=spec.excluded,
        can_resume=spec.can_resume,
        array_id=None if spec.array is None else job_id,
        at_once=None if spec.array is None else spec.array.at_once,
        requires=spec.requires,
        nodes=spec.resources.nodes,
        gpus=spec.resources.gpus,
        gpu_kind=spec.resources.gpu_kind,
        project=spec.project or "",
        priority=spec.priority,
        reservation_id=spec.reservation_id,
        licences=spec.licences,
    )


def array_queued_event(
    spec: JobSpec,
    *,
    job_id: int,
    tenant_id: int,
    queued_at_s: float,
    not_before_s: float | None = None,
    runs: Sequence[tuple[int, int]],
) -> JobArrayQueued:
    """The fact that these instances of an array wait, none of which was ever placed."""
    return JobArrayQueued(
        alike=queued_event(
            spec,
            instance_id=runs[0][0],
            job_id=job_id,
            tenant_id=tenant_id,
            queued_at_s=queued_at_s,
            last_attempt=0,
            not_before_s=not_before_s,
        ),
        first_ids=tuple(first for first, _ in runs),
        last_ids=tuple(last for _, last in runs),
    )
