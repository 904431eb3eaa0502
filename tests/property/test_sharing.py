"""Shares add up to what the meters counted, to the watt-hour, whoever held what."""

from hypothesis import given
from hypothesis import strategies as st

from metering.sharing import NOBODY, Held, NodeUse, Share, apportion, share_interval

HOUR_S = 3600.0

weights = st.dictionaries(st.integers(0, 50), st.integers(0, 10**9), max_size=12)


@given(st.integers(0, 10**12), weights)
def test_parts_add_up_and_are_within_one_of_their_share(total: int, by: dict[int, int]) -> None:
    parts = apportion(total, by)

    whole = sum(by.values())
    if whole == 0:
        assert parts == {}
        return
    assert sum(parts.values()) == total
    for key, part in parts.items():
        assert abs(part * whole - total * by[key]) < whole


@st.composite
def uses(draw: st.DrawFn) -> list[NodeUse]:
    found = []
    for node_id in range(1, draw(st.integers(1, 4)) + 1):
        cores = draw(st.integers(1, 64))
        held = [
            Held(
                instance_id=draw(st.integers(1, 5)),
                attempt=draw(st.integers(1, 2)),
                cores=draw(st.integers(1, 64)),
                begin_s=draw(st.floats(-HOUR_S, HOUR_S)),
                end_s=draw(st.floats(0.0, 2 * HOUR_S)),
            )
            for _ in range(draw(st.integers(0, 4)))
        ]
        found.append(
            NodeUse(
                node_id=node_id,
                electricity_wh=draw(st.integers(0, 10**7)),
                idle_power_w=draw(st.floats(0.0, 500.0)),
                cores=cores,
                held=held,
            )
        )
    return found


@given(st.integers(0, 10**9), uses())
def test_heat_and_electricity_are_shared_whole(heat_wh: int, nodes: list[NodeUse]) -> None:
    shares = share_interval(heat_wh, nodes, 0.0, HOUR_S)

    assert sum(item.heat_wh for item in shares) == heat_wh
    for node in nodes:
        own = [item for item in shares if item.node_id == node.node_id]
        assert sum(item.electricity_wh for item in own) == node.electricity_wh
    assert all(item.heat_wh >= 0 and item.electricity_wh >= 0 for item in shares)


def test_the_idle_part_of_free_cores_is_nobodys_and_the_rest_is_the_jobs() -> None:
    """300 Wh of idle power on 4 cores, of which one was held all the time; 700 Wh on top."""
    held = Held(instance_id=7, attempt=1, cores=1, begin_s=-5.0, end_s=2 * HOUR_S)
    node = NodeUse(node_id=1, electricity_wh=1000, idle_power_w=300.0, cores=4, held=[held])

    shares = share_interval(500, [node], 0.0, HOUR_S)

    assert shares == [
        Share(node_id=1, instance_id=0, attempt=0, heat_wh=113, electricity_wh=225),
        Share(node_id=1, instance_id=7, attempt=1, heat_wh=387, electricity_wh=775),
    ]


def test_without_jobs_all_of_it_is_nobodys() -> None:
    node = NodeUse(node_id=1, electricity_wh=400, idle_power_w=100.0, cores=4, held=[])

    (share,) = share_interval(380, [node], 0.0, HOUR_S)

    assert (share.instance_id, share.attempt) == NOBODY
    assert (share.heat_wh, share.electricity_wh) == (380, 400)


def test_heat_goes_to_nodes_by_their_electricity() -> None:
    nodes = [
        NodeUse(node_id=number, electricity_wh=wh, idle_power_w=0.0, cores=1, held=[])
        for number, wh in ((1, 100), (2, 200))
    ]

    shares = share_interval(100, nodes, 0.0, HOUR_S)

    assert [(item.node_id, item.heat_wh) for item in shares] == [(1, 33), (2, 67)]
