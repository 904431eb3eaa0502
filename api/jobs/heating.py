"""What a job does to water: how warm that is, and what energy the job has used so far."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.fleet.node import NodeSpec
from domain.fleet.reading import Reading
from domain.jobs.job import HOLDING_STATES, AttemptState
from store.fleet.site_queries import node_and_water
from store.ledger.heat_shares import share_of
from store.rows import Connection

#: An older reading does not say how warm the water is now [s]; as between indexes of a meter.
READING_KEPT_S = 300.0
_ON_A_NODE = frozenset(state.value for state in HOLDING_STATES)


def heating(
    connection: Connection,
    row: Mapping[str, Any],
    attempts: Sequence[Mapping[str, Any]],
    now_s: float,
) -> dict[str, Any]:
    """Water and energy of an instance, as parts of what is shown of it."""
    metered = metered_view(connection, row["id"], attempts)
    if row["node_id"] is None or row["state"] not in _ON_A_NODE:
        return {"water": None, "energy": energy_view(attempts, None, now_s), "metered": metered}
    spec, newest = node_and_water(connection, row["node_id"])
    return {
        "water": water_view(newest, now_s),
        "energy": energy_view(attempts, (spec, (row["cores"] or spec.cores) * row["nodes"]), now_s),
        "metered": metered,
    }


def metered_view(
    connection: Connection, instance_id: int, attempts: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """What an instance bears by the meters of its sites; None where nothing was shared yet.

    It is complete, and stands in place of the estimate, once all its time has been shared.
    """
    ran = [item for item in attempts if item["started_at_s"] is not None]
    if not ran:
        return None
    found = share_of(connection, instance_id, {item["node_id"] for item in ran})
    if found is None or found.until_s <= ran[0]["started_at_s"]:
        return None
    return {
        "heat_wh": found.heat_wh,
        "electricity_wh": found.electricity_wh,
        "quarantined_wh_at_most": found.quarantined_wh,
        "until_s": found.until_s,
        "is_complete": all(
            item["ended_at_s"] is not None and item["ended_at_s"] <= found.until_s for item in ran
        ),
    }


def water_view(newest: Reading | None, now_s: float) -> dict[str, float | None]:
    """The water at the site of a job; its temperature is null where nobody knows it."""
    if newest is None:
        return {"water_temp_c": None, "reading_age_s": None}
    age_s = max(now_s - newest.taken_at_s, 0.0)
    is_known = age_s <= READING_KEPT_S
    return {
        "water_temp_c": newest.water_temp_c if is_known else None,
        "reading_age_s": age_s,
    }


def energy_view(
    attempts: Sequence[Mapping[str, Any]], place: tuple[NodeSpec, int] | None, now_s: float
) -> dict[str, Any] | None:
    """What all attempts used: of those that ended, by CPU time; of one that runs, by its cores.

    ``place`` is the node and the cores of the one that runs. None where nothing was used yet.
    """
    used_wh = heat_wh = 0.0
    is_known = is_running = is_simulated = False
    for attempt in attempts:
        if attempt["energy_estimate_wh"] is not None:
            used_wh += attempt["energy_estimate_wh"]
            heat_wh += attempt["heat_estimate_wh"]
            is_known, is_simulated = True, is_simulated or bool(attempt["is_simulated"])
        elif place is not None and attempt["state"] == AttemptState.RUNNING:
            spec, cores = place
            energy_wh = spec.job_energy_wh(cores * max(now_s - attempt["started_at_s"], 0.0))
            used_wh += energy_wh
            heat_wh += energy_wh * spec.capture_frac
            is_known = is_running = True
            is_simulated = is_simulated or spec.is_simulated
    if not is_known:
        return None
    return {
        "energy_estimate_wh": used_wh,
        "heat_estimate_wh": heat_wh,
        "heat_frac": heat_wh / used_wh if used_wh > 0 else None,
        "is_running": is_running,
        "is_simulated": is_simulated,
    }
