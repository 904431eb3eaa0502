"""Facts and job specifications with every field that a scene does not speak of filled in."""

from dataclasses import replace
from typing import Any

from domain.events import (
    AttemptClaimed,
    AttemptEnded,
    JobArrayQueued,
    JobQueued,
    NodeJoined,
    NodeLeft,
    OrderSet,
    ReadingTaken,
)
from domain.fleet.node import NodeSpec
from domain.fleet.reading import Reading
from domain.jobs.array_spec import ArraySpec, parse_array
from domain.jobs.job import EndReason, SchedulingType
from domain.jobs.job_spec import JobSpec, Resources

NOW_S = 1_790_000_000.0


def job_queued(instance_id: int = 1, **fields: Any) -> JobQueued:  # noqa: ANN401 - any field
    usual = JobQueued(
        instance_id=instance_id,
        name="case",
        tenant_id=1,
        cores=1,
        mem_mib=None,
        whole_node=False,
        scheduling_type=SchedulingType.ON_DEMAND.value,
        time_limit_s=3600,
        queued_at_s=NOW_S,
        start_before_s=None,
        end_before_s=None,
        not_before_s=None,
        last_attempt=0,
        avoid_node_id=None,
        is_preemptible=False,
        can_resume=False,
    )
    return replace(usual, **fields)


def array_queued(
    array_id: int,
    count: int,
    at_once: int | None = None,
    **fields: Any,  # noqa: ANN401 - any field
) -> JobArrayQueued:
    """An array whose instances are numbered from one above its own number."""
    alike = job_queued(array_id + 1, array_id=array_id, at_once=at_once, **fields)
    return JobArrayQueued(alike=alike, first_ids=(array_id + 1,), last_ids=(array_id + count,))


def array_spec(text: str) -> ArraySpec:
    found = parse_array(text)
    assert isinstance(found, ArraySpec)
    return found


def node_joined(node_id: int = 1, **fields: Any) -> NodeJoined:  # noqa: ANN401 - any field
    usual = NodeJoined(
        node_id=node_id,
        site_id=node_id,
        site_name=f"pool-{node_id}",
        name=f"boiler-{node_id}",
        cores=8,
        mem_mib=8000,
        idle_power_w=200.0,
        max_power_w=1000.0,
        capture_frac=1.0,
        storage_wh_per_k=500.0,
        limit_temp_c=50.0,
        floor_temp_c=16.0,
        is_preheat=True,
    )
    return replace(usual, **fields)


def reading_taken(
    node_id: int = 1,
    water_temp_c: float = 30.0,
    **fields: Any,  # noqa: ANN401 - any field
) -> ReadingTaken:
    usual = ReadingTaken(
        node_id=node_id,
        taken_at_s=NOW_S,
        water_temp_c=water_temp_c,
        heat_demand_w=500.0,
        headroom_wh=10_000.0,
        time_factor=1.0,
        accepts_work=True,
    )
    return replace(usual, **fields)


def order_set(**fields: Any) -> OrderSet:  # noqa: ANN401 - any field
    """Terms of the order of waiting jobs: the tenant's share alone, besides age."""
    usual = OrderSet(
        age=100.0,
        priority=1.0,
        tenant_share=2400.0,
        project_share=0.0,
        size=0.0,
        half_life_s=7 * 86_400.0,
        shares={},
    )
    return replace(usual, **fields)


def node_left(node_id: int = 1) -> NodeLeft:
    return NodeLeft(node_id=node_id)


def claimed(instance_id: int = 1, attempt: int = 1, node_id: int = 1) -> AttemptClaimed:
    return AttemptClaimed(instance_id=instance_id, attempt=attempt, node_id=node_id)


def ended(
    instance_id: int = 1,
    attempt: int = 1,
    node_id: int = 1,
    reason: EndReason = EndReason.COMPLETED,
    wall_s: float = 10.0,
) -> AttemptEnded:
    return AttemptEnded(
        instance_id=instance_id,
        attempt=attempt,
        node_id=node_id,
        reason=reason.value,
        wall_s=wall_s,
    )


def job_spec(cores: int = 1, **fields: Any) -> JobSpec:  # noqa: ANN401 - any field
    usual = JobSpec(name="case", command=("true",), resources=Resources(cores=cores))
    return replace(usual, **fields)


def node_spec(**fields: Any) -> NodeSpec:  # noqa: ANN401 - any field
    usual = NodeSpec(
        cores=8,
        mem_mib=8000,
        idle_power_w=200.0,
        max_power_w=1000.0,
        is_simulated=True,
    )
    return replace(usual, **fields)


def reading(node_id: int, seq: int, **fields: Any) -> Reading:  # noqa: ANN401 - any field
    usual = Reading(
        node_id=node_id,
        seq=seq,
        taken_at_s=NOW_S + seq,
        water_temp_c=30.0,
        supply_temp_c=40.0,
        inlet_temp_c=35.0,
        power_w=400.0,
        heat_power_w=380.0,
        heat_demand_w=500.0,
        headroom_wh=10_000.0,
        heat_register_wh=1000 + seq,
        electricity_register_wh=2000 + seq,
        time_factor=1.0,
        simulated=True,
        heat_meter_serial=f"H-{node_id}",
        electricity_meter_serial=f"E-{node_id}",
        control_state="normal",
    )
    return replace(usual, **fields)
