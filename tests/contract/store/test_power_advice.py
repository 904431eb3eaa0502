import pytest

from domain.commands import LimitPower, Why
from domain.jobs.delivery import PowerAdvice
from store.fleet import site_queries
from store.fleet.advice import limit_power
from tests.support.scene import Scene

WHY = Why(code="would_be_dumped")


def _limit(scene: Scene, *wishes: tuple[int, float, float]) -> list[int]:
    """Order these (node, cap, time); the nodes that are woken for it."""
    orders = [
        LimitPower(node_id=node_id, power_cap_frac=cap, valid_for_s=valid_s, why=WHY)
        for node_id, cap, valid_s in wishes
    ]
    with scene.store.transaction() as tx:
        limit_power(tx, orders)
        return tx.changed_nodes


def _shown_frac(scene: Scene) -> float | None:
    with scene.database.read() as connection:
        (row,) = site_queries.nodes(connection, None)
    return row.power_cap_frac(scene.clock.now_s)


def test_a_node_hears_its_advice_from_heartbeat_and_exchange(scene: Scene) -> None:
    advised, other = scene.node("advised"), scene.node("other")

    assert _limit(scene, (advised, 0.6, 900.0)) == [advised]
    scene.clock.advance(100.0)

    wished = PowerAdvice(power_cap_frac=0.6, valid_for_s=800.0)
    assert scene.heartbeat(advised).advice == wished
    assert scene.claim(advised).advice == wished
    assert (scene.heartbeat(other).advice, scene.claim(other).advice) == (None, None)


def test_advice_expires_by_itself(scene: Scene) -> None:
    node_id = scene.node()
    _limit(scene, (node_id, 0.6, 900.0))
    assert _shown_frac(scene) == 0.6

    scene.clock.advance(900.0)

    assert scene.heartbeat(node_id).advice is None
    assert _shown_frac(scene) is None


def test_newer_advice_takes_the_place_of_older_even_in_one_batch(scene: Scene) -> None:
    node_id = scene.node()
    _limit(scene, (node_id, 0.6, 900.0), (node_id, 0.7, 60.0))

    assert scene.claim(node_id).advice == PowerAdvice(power_cap_frac=0.7, valid_for_s=60.0)


@pytest.mark.parametrize("full", [1.0, 1.5])
def test_a_cap_of_all_the_power_lifts_the_limit(scene: Scene, full: float) -> None:
    node_id = scene.node()
    _limit(scene, (node_id, 0.6, 900.0))

    assert _limit(scene, (node_id, full, 900.0)) == [node_id]

    assert scene.heartbeat(node_id).advice is None


def test_advice_for_a_node_that_is_gone_is_no_fault(scene: Scene) -> None:
    node_id = scene.node()

    _limit(scene, (node_id + 1, 0.6, 900.0))

    assert scene.heartbeat(node_id).advice is None
