"""How rows are shown to people and programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from api.jobs import dependencies
from api.jobs.dependencies import why_never
from domain.billing.retention import Keeping
from domain.fleet.licences import counts_of
from domain.fleet.node import SiteSpec
from domain.fleet.reading import Reading
from domain.jobs.job_ref import element_ref
from domain.jobs.requirements import feature_tags
from store.dependencies.shown import ShownCondition
from store.fleet.site_queries import MeterRow, NodeRow, SiteRow
from store.fleet.weather import ForecastRow

_ATTEMPT_FIELDS = (
    "attempt",
    "node",
    "members",
    "site",
    "state",
    "reason",
    "exit_code",
    "detail",
    "offered_at_s",
    "started_at_s",
    "ended_at_s",
    "wall_s",
    "cpu_s",
    "max_rss_bytes",
    "energy_estimate_wh",
    "heat_estimate_wh",
    "is_simulated",
)


def job_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """A job as the API shows it in a list."""
    spec = json.loads(row["spec"])
    index = row["array_index"]
    return {
        "job_id": row["id"],
        "ref": element_ref(row["job_id"], index),
        **({} if index is None else {"array_job_id": row["job_id"], "array_index": index}),
        **_array_view(row, spec),
        "name": row["name"],
        "state": row["state"],
        "reason": row["reason"],
        "exit_code": row["exit_code"],
        "tenant": row["tenant"],
        "user": row["user"],
        "project": row["project"],
        "profile": spec.get("profile"),
        "scheduling_type": spec["scheduling_type"],
        "cores": spec["resources"]["cores"] * spec["resources"].get("nodes", 1),
        "nodes": spec["resources"].get("nodes", 1),
        "time_limit_s": spec["resources"]["time_limit_s"],
        "begin_s": spec.get("not_before_s"),
        "deadline_s": spec.get("deadline_s"),
        "priority": spec.get("priority", 0),
        "reservation": spec.get("reservation"),
        "licences": counts_of(tuple(spec.get("licences", ()))),
        "attempt": row["attempt"],
        "node": row["node"],
        "members": row.get("members", []),
        "site": row["site"],
        "submitted_at_s": row["submitted_at_s"],
        "started_at_s": row["started_at_s"],
        "finished_at_s": row["finished_at_s"],
    }


def _array_view(row: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of an array only: its indexes, and how many instances are in each state."""
    if "counts" not in row:
        return {}
    array = spec["array"]
    return {
        "array": {
            "indexes": array["text"],
            "count": array["count"],
            "at_once": array["at_once"],
        },
        "counts": row["counts"],
    }


def array_detail(
    row: Mapping[str, Any], waiting: Mapping[str, str], conditions: Sequence[ShownCondition]
) -> dict[str, Any]:
    """An array with its notes and which of it wait; what its instances left is theirs."""
    return {
        **job_view(row),
        "waiting": waiting,
        "detail": why_never(conditions),
        "notes": json.loads(row["spec"])["notes"],
        "dependencies": dependencies.view(conditions),
    }


def job_detail(
    row: Mapping[str, Any],
    attempts: Sequence[Mapping[str, Any]],
    files: Sequence[Mapping[str, Any]],
    conditions: Sequence[ShownCondition],
    keeping: Keeping,
) -> dict[str, Any]:
    """One job with its tries, its notes, what it waited for, and what it left for how long."""
    spec = json.loads(row["spec"])
    ended_s = row["finished_at_s"]
    inputs_kept_s = keeping.inputs_kept_s if spec["inputs"] else None
    return {
        **job_view(row),
        "detail": attempts[-1]["detail"] if attempts else why_never(conditions),
        "notes": spec["notes"],
        "max_attempts": spec["max_attempts"],
        "failures": row["failures"],
        "not_before_s": row["not_before_s"],
        "give_up_at_s": row["give_up_at_s"],
        "dependencies": dependencies.view(conditions),
        "inputs_kept_until_s": _later(ended_s, inputs_kept_s),
        "results_kept_until_s": _later(ended_s, keeping.results_kept_s),
        "attempts": [{name: item[name] for name in _ATTEMPT_FIELDS} for item in attempts],
        "files": [
            {name: item[name] for name in ("path", "size_bytes", "sha256")} for item in files
        ],
    }


def _later(ended_s: float | None, kept_s: float | None) -> float | None:
    """When files of a job that has ended may be deleted; None where no date is set."""
    return None if ended_s is None or kept_s is None else ended_s + kept_s


def node_view(row: NodeRow, now_s: float) -> dict[str, Any]:
    """A node with its newest reading."""
    reading = row.reading
    return {
        "node_id": row.node_id,
        "name": row.name,
        "site": row.site_name,
        "state": row.state,
        "cores": row.spec.cores,
        "free_cores": row.free_cores,
        "cores_are_shared": row.spec.cores_are_shared,
        "mem_mib": row.spec.mem_mib,
        "gpus": list(row.spec.gpus),
        "profiles": [profile.label for profile in row.spec.profiles],
        "features": sorted(feature_tags(row.spec.features, row.spec.gpus)),
        "network": "closed" if row.spec.is_closed else "open",
        "power_w": None if reading is None else reading.power_w,
        "water_temp_c": None if reading is None else reading.water_temp_c,
        "control_state": None if reading is None else reading.control_state,
        "power_cap_frac": row.power_cap_frac(now_s),
        "last_seen_age_s": None if row.last_seen_at_s is None else now_s - row.last_seen_at_s,
        "running": row.running,
        "is_simulated": row.spec.is_simulated,
    }


def site_view(
    row: SiteRow, nodes: Sequence[NodeRow], meters: Sequence[MeterRow], now_s: float
) -> dict[str, Any]:
    """A site with the newest reading of its nodes, which share its water."""
    own = [node for node in nodes if node.site_id == row.site_id]
    readings = [node.reading for node in own if node.reading is not None]
    newest = max(readings, key=lambda item: item.taken_at_s, default=None)
    heat = [item for item in meters if item.site_id == row.site_id and item.kind == "heat"]
    return {
        "site_id": row.site_id,
        **_spec_view(row.spec),
        "nodes": [node.node_id for node in own],
        **_reading_view(newest, now_s),
        "heat_register_wh": sum(item.index_wh for item in heat) if heat else None,
        "heat_delivered_wh": sum(item.index_wh - item.install_index_wh for item in heat),
        "is_simulated": any(item.is_simulated for item in heat)
        or any(node.spec.is_simulated for node in own),
    }


def _spec_view(spec: SiteSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "limit_temp_c": spec.limit_temp_c,
        "floor_temp_c": spec.floor_temp_c,
        "is_preheat": spec.is_preheat,
        "storage_wh_per_k": spec.storage_wh_per_k,
    }


def _reading_view(reading: Reading | None, now_s: float) -> dict[str, Any]:
    if reading is None:
        names = (
            "water_temp_c",
            "heat_demand_w",
            "headroom_wh",
            "time_factor",
            "reading_age_s",
        )
        return dict.fromkeys(names)
    return {
        "water_temp_c": reading.water_temp_c,
        "heat_demand_w": reading.heat_demand_w,
        "headroom_wh": reading.headroom_wh,
        "time_factor": reading.time_factor,
        "reading_age_s": max(now_s - reading.taken_at_s, 0.0),
    }


def forecast_view(row: ForecastRow) -> dict[str, Any]:
    """A weather forecast as it was told; without a site it is for every site."""
    return {
        "site_id": row.site_id,
        "first_hour_s": row.first_hour_s,
        "outdoor_temp_c": list(row.outdoor_temp_c),
        "received_at_s": row.received_at_s,
    }
