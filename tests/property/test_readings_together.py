"""Readings that are told together teach the engine what they teach it one by one."""

from dataclasses import asdict, dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.events import NodeJoined, ReadingTaken, WeatherForecast
from scheduler.engine import Engine
from scheduler.placement.policies.only_looking import OnlyLooking
from tests.support.builders import NOW_S, node_joined, reading_taken

#: Two nodes share a site, and node 9 is known to nobody.
NODES: dict[int, int] = {1: 1, 2: 1, 3: 2, 4: 3}
STRANGER = 9


@dataclass(frozen=True, slots=True)
class Said:
    """What a node says after a while."""

    node_id: int
    after_s: float
    water_temp_c: float
    heat_demand_w: float
    headroom_wh: float
    time_factor: float
    accepts_work: bool


said = st.builds(
    Said,
    node_id=st.sampled_from([*NODES, STRANGER]),
    after_s=st.sampled_from([-30.0, 0.0, 1.0, 59.0, 600.0, 3600.0, 200_000.0]),
    water_temp_c=st.floats(0.0, 95.0),
    heat_demand_w=st.floats(-1e5, 1e5),
    headroom_wh=st.floats(0.0, 1e6),
    time_factor=st.sampled_from([1.0, 60.0]),
    accepts_work=st.booleans(),
)


def _engine() -> Engine:
    engine = Engine(OnlyLooking())
    nodes: list[NodeJoined] = [
        node_joined(node_id, site_id=site_id) for node_id, site_id in NODES.items()
    ]
    engine.handle(nodes, NOW_S)
    air_c = tuple(float(hour % 7) for hour in range(72))
    engine.handle(
        [WeatherForecast(site_ids=(1, 2), first_hour_s=NOW_S, outdoor_temp_c=air_c)], NOW_S
    )
    return engine


def _readings(items: list[Said]) -> list[ReadingTaken]:
    at_s, readings = NOW_S, []
    for item in items:
        at_s += item.after_s
        fields = asdict(item)
        node_id, _ = fields.pop("node_id"), fields.pop("after_s")
        readings.append(reading_taken(node_id, taken_at_s=at_s, **fields))
    return readings


@given(st.lists(said, max_size=40))
def test_readings_together_teach_what_they_teach_one_by_one(items: list[Said]) -> None:
    together, one_by_one = _engine(), _engine()
    readings = _readings(items)

    together.handle(readings, NOW_S)
    for reading in readings:
        one_by_one.handle([reading], NOW_S)

    sites = together.state.fleet.site_row_of
    assert together.state.demand.to_plain(sites) == one_by_one.state.demand.to_plain(sites)
    for name in ("nodes", "sites"):
        ours, theirs = (getattr(it.state.fleet, name) for it in (together, one_by_one))
        for column in ours.COLUMNS:
            np.testing.assert_array_equal(getattr(ours, column), getattr(theirs, column), column)
    assert together.state.fleet.time_factor == one_by_one.state.fleet.time_factor
