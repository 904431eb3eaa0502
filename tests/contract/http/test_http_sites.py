"""Sites and nodes as people register and see them, and the advice that a node is given."""

from typing import Any

import pytest

from domain.commands import LimitPower, Why
from domain.events import NodeJoined
from store.engine import event_log
from store.engine.engine_facts import node_facts
from store.fleet import nodes
from store.fleet.advice import limit_power
from store.tables.fleet import site
from tests.support.http_scene import HttpScene


def _add(http: HttpScene, **fields: Any) -> Any:  # noqa: ANN401 - JSON
    body = {"name": "Pool", "storage_wh_per_k": 500.0, **fields}
    return http.post("/v1/sites", "operator", json=body)


def _only_site(http: HttpScene) -> dict[str, Any]:
    (shown,) = http.get("/v1/sites").json()["sites"]
    return {name: shown[name] for name in ("limit_temp_c", "floor_temp_c", "is_preheat")}


def test_a_site_is_a_preheat_tank_of_mains_water_unless_told_otherwise(http: HttpScene) -> None:
    assert _add(http).status_code == 201

    assert _only_site(http) == {"limit_temp_c": 50.0, "floor_temp_c": 16.0, "is_preheat": True}


def test_a_basin_stores_heat_above_the_set_point_of_its_boiler(http: HttpScene) -> None:
    _add(http, limit_temp_c=29.0, floor_temp_c=28.0, is_preheat=False)

    assert _only_site(http) == {"limit_temp_c": 29.0, "floor_temp_c": 28.0, "is_preheat": False}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"floor_temp_c": 50.0}, "below limit_temp_c (50)"),
        ({"limit_temp_c": 15.0}, "floor_temp_c (16) must be below"),
        ({"is_preheat": False}, "its set-point"),
        ({"floor_temp_c": -5.0}, "floor_temp_c"),
    ],
)
def test_a_site_that_could_store_nothing_is_refused(
    http: HttpScene, fields: dict[str, Any], said: str
) -> None:
    answer = _add(http, **fields)

    assert answer.status_code == 422
    assert said in answer.json()["title"]
    assert http.get("/v1/sites").json() == {"sites": []}


def test_the_engine_learns_what_kind_of_water_a_node_heats(http: HttpScene) -> None:
    site_id = _add(http, limit_temp_c=29.0, floor_temp_c=28.0, is_preheat=False).json()["site_id"]
    node_id = http.node(site_id)

    with http.store.transaction() as tx:
        joined = nodes.joined_event(tx, node_id)

    assert (joined.floor_temp_c, joined.is_preheat) == (28.0, False)


def test_a_site_of_before_these_fields_is_read_with_their_defaults(http: HttpScene) -> None:
    site_id = http.site()
    http.node(site_id)
    old = '{"name":"Pool Nord","storage_wh_per_k":500.0,"limit_temp_c":45.0}'
    with http.database.write() as connection:
        connection.execute(site.update().values(spec=old))

    with http.store.transaction() as tx:
        joined = node_facts(tx)[0]

    assert isinstance(joined, NodeJoined)
    assert _only_site(http) == {"limit_temp_c": 45.0, "floor_temp_c": 16.0, "is_preheat": True}
    assert (joined.floor_temp_c, joined.is_preheat) == (16.0, True)


def _change(http: HttpScene, site_id: int, **fields: Any) -> Any:  # noqa: ANN401 - JSON
    body = {"name": "Pool", "storage_wh_per_k": 500.0, **fields}
    return http.call("PUT", f"/v1/sites/{site_id}", "operator", json=body)


def test_a_site_described_anew_is_told_to_the_engine_of_each_node_that_is_up(
    http: HttpScene,
) -> None:
    site_id = _add(http).json()["site_id"]
    up, drained = http.node(site_id, "up"), http.node(site_id, "drained")
    http.post(f"/v1/nodes/{drained}/drain", "operator")
    http.scheduler.turn()

    changed = _change(http, site_id, limit_temp_c=29.0, floor_temp_c=28.0, is_preheat=False)

    assert (changed.status_code, changed.json()) == (200, {"site_id": site_id})
    assert _only_site(http) == {"limit_temp_c": 29.0, "floor_temp_c": 28.0, "is_preheat": False}
    with http.store.transaction() as tx:
        (told,) = [item.event for item in event_log.unconsumed(tx)]
    assert isinstance(told, NodeJoined)
    assert (told.node_id, told.floor_temp_c, told.is_preheat) == (up, 28.0, False)


def test_what_a_site_cannot_become_is_refused(http: HttpScene) -> None:
    site_id = _add(http).json()["site_id"]
    other = http.site("Pool Nord")

    assert _change(http, site_id + 100).json()["code"] == "site.unknown"
    assert _change(http, other).json()["code"] == "site.exists"
    assert _change(http, site_id, floor_temp_c=60.0).json()["code"] == "site.floor"
    assert _change(http, site_id, name="Pool Sud").status_code == 200


def test_a_node_is_told_the_power_it_should_take_and_people_see_it(http: HttpScene) -> None:
    node_id = http.node(http.site())
    order = LimitPower(node_id=node_id, power_cap_frac=0.6, valid_for_s=900.0, why=Why(code="test"))
    with http.store.transaction() as tx:
        limit_power(tx, [order])
    beat = {"boot_id": "b"}
    exchange = {"boot_id": "b", "free_cores": 1, "total_cores": 8}

    advised = {"power_cap_frac": 0.6, "valid_for_s": 900.0}
    assert http.post("/v1/agent/heartbeat", "boiler", json=beat).json()["advice"] == advised
    assert http.post("/v1/agent/exchange", "boiler", json=exchange).json()["advice"] == advised
    assert http.get("/v1/nodes").json()["nodes"][0]["power_cap_frac"] == 0.6

    http.clock.advance(901.0)
    assert http.post("/v1/agent/heartbeat", "boiler", json=beat).json()["advice"] is None
    assert http.get("/v1/nodes").json()["nodes"][0]["power_cap_frac"] is None
