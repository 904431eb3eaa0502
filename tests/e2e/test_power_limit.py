"""Advice and knowledge in the whole house: from the store to a boiler, and over a restart."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaufferie.sdk.fleet import NodeView
from domain.commands import LimitPower, Why
from store.fleet.advice import limit_power
from store.opening import default_url, open_store
from tests.support.embedded import Up, running_up, until

#: A boiler of 2 kW takes 0.4 kW idle. The cap is between that and what any busy core adds to it, on
#: a machine that may have other work.
CAP_FRAC = 0.25
CAP_W = 500.0
BUSY_W = 560.0
BUSY = "(while :; do :; done) & while :; do :; done"


@pytest.fixture
def up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Up]:
    """One site that has been read, and a policy that gives no advice of its own."""
    monkeypatch.setenv("CHAUFFERIE_POLICY", "coldest")
    with running_up(tmp_path / "data", sites=1) as running:
        until(lambda: _power_w(running) > 0.0)
        yield running


def _advise(up: Up, node_id: int, cap_frac: float) -> None:
    """What the scheduler writes when its engine orders it, with its wake-up."""
    store = open_store(default_url(up.data), up.data)
    order = LimitPower(
        node_id=node_id, power_cap_frac=cap_frac, valid_for_s=600.0, why=Why(code="test")
    )
    with store.transaction() as tx:
        limit_power(tx, [order])
    store.wakeups.close()
    store.database.close()


def _node(up: Up) -> NodeView:
    with up.client() as client:
        (node,) = client.nodes()
    return node


def _power_w(up: Up) -> float:
    """Of the only node; 0 until it has enrolled and was read."""
    with up.client() as client:
        return sum(node.power_w or 0.0 for node in client.nodes())


def test_a_power_limit_reaches_the_boiler_and_is_lifted_again(up: Up) -> None:
    with up.client() as client:
        job = client.submit(command=["sh", "-c", BUSY], time_limit_s=600)
        until(lambda: _power_w(up) > BUSY_W)

        _advise(up, _node(up).node_id, CAP_FRAC)
        until(lambda: 0.0 < _power_w(up) <= 1.01 * CAP_W)
        limited = _node(up)
        assert (limited.control_state, limited.power_cap_frac) == ("limited", CAP_FRAC)
        assert job.refresh()["state"] == "running"

        _advise(up, limited.node_id, 1.0)
        until(lambda: _power_w(up) > BUSY_W)
        assert _node(up).power_cap_frac is None
        job.cancel()


def test_what_the_scheduler_learned_is_there_after_a_stop_and_a_start(up: Up) -> None:
    with up.client() as client:
        assert client.submit(command=["/bin/true"]).wait(60) == "succeeded"
    assert up.stop() == 0
    assert _rows(up.data, "SELECT role FROM knowledge") == ["scheduler"]

    with running_up(up.data, sites=1):
        begun = _rows(
            up.data,
            "SELECT kind FROM event WHERE batch = (SELECT max(batch) FROM event"
            " WHERE kind = 'EngineStarted') ORDER BY id",
        )

    assert begun[0] == "EngineStarted"
    before = begun[1 : begun.index("KnowledgeRestored")]
    assert set(before) <= {"OrderSet", "LicencesSet"}  # what the operator's file says


def test_the_sites_of_the_house_are_preheat_tanks_of_mains_water(up: Up) -> None:
    with up.client() as client:
        (site,) = client.sites()

    assert (site.floor_temp_c, site.limit_temp_c, site.is_preheat) == (16.0, 50.0, True)


def _rows(data: Path, query: str) -> list[str]:
    with sqlite3.connect(data / "chaufferie.sqlite") as connection:
        rows = connection.execute(query).fetchall()
    connection.close()
    return [row[0] for row in rows]
