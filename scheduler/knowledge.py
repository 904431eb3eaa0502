"""What an engine learns, as JSON values: kept for the next one, and taken up by it."""

from collections.abc import Mapping
from typing import Any

from scheduler.forecast.duration import DurationForecast
from scheduler.placement.state.cluster import FLEET_ROW, ClusterState

#: Knowledge of another form is not taken up.
KNOWLEDGE_FORM = 1


def learned(state: ClusterState) -> dict[str, Any]:
    """What was learned of demand, durations and use; see `KnowledgeRestored`."""
    return {
        "form": KNOWLEDGE_FORM,
        "demand": state.demand.to_plain(state.fleet.site_row_of),
        "floor_temp_c": state.fleet.floors(),
        "urgent": state.urgent.to_plain({FLEET_ROW: FLEET_ROW}),
        "durations": state.durations.to_plain(),
        "usage": state.ranking.shares.to_plain(),
    }


def restore(state: ClusterState, known: Mapping[str, Any]) -> None:
    """Take up what earlier runs learned, before the facts of the nodes: a site takes its own then.

    What another version learned is learned again.
    """
    if known.get("form") != KNOWLEDGE_FORM:
        return
    state.durations = DurationForecast.from_plain(known["durations"])
    for item in known["urgent"]:
        state.urgent.restore(item["site_id"], item)
    state.known_floors = {int(key): value for key, value in known["floor_temp_c"]}
    state.known_demand = {item["site_id"]: item for item in known["demand"]}
    ranking = state.ranking
    ranking.shares.restore(known.get("usage", ()), ranking.rule.half_life_s)
