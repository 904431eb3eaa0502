"""The same application over PostgreSQL: every query of the API is understood there too."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import postgres_databases
from tests.support.http_scene import HttpScene

DATA = b"result"
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[HttpScene]:
    with postgres_databases() as databases:
        made = HttpScene(databases.fresh(), tmp_path / "files")
        yield made
        made.close()


def test_a_job_and_its_heat_from_end_to_end(fleet: HttpScene) -> None:
    node_id = fleet.warm_node(heat_register_wh=1000)
    item = {"path": "mesh", "sha256": SHA256, "size_bytes": len(DATA)}
    fleet.put(f"/v1/files/{SHA256}", content=DATA)
    job_id = fleet.submit("owner", "once", command=["sim"], inputs=[item])
    waiting = fleet.submit(command=["sim"], options=["-n", "8"])
    assert fleet.submit("owner", "once", command=["sim"], inputs=[item]) == job_id
    (key,) = fleet.start()
    assert fleet.get(f"/v1/jobs/{job_id}").json()["water"]["water_temp_c"] is not None
    assert fleet.get(f"/v1/jobs/{job_id}/logs").text.startswith("retry:")
    assert fleet.get(f"/v1/jobs/{waiting}/explain").json()["code"] == "waiting_for_cores"
    files = f"/v1/agent/attempts/{key[0]}/{key[1]}/files"
    assert fleet.get(f"{files}/{SHA256}", "boiler").content == DATA
    assert fleet.put(f"{files}/{SHA256}", "boiler", content=DATA).status_code == 201
    fleet.finish(key, files=[{"path": "out", "sha256": SHA256, "size_bytes": len(DATA)}])
    fleet.clock.advance(60.0)
    fleet.read_instruments(node_id, heat_register_wh=1020)

    assert fleet.get(f"/v1/jobs/{job_id}").json()["state"] == "succeeded"
    assert fleet.get(f"/v1/jobs/{job_id}/files/out").content == DATA
    assert fleet.get("/v1/heat", "operator").json()["total"]["heat_wh"] == 20
    assert fleet.get("/v1/sites").json()["sites"][0]["heat_register_wh"] == 1020
    metrics = fleet.get("/metrics", "operator").text
    assert "chaufferie_job_wait_seconds_count 1.0" in metrics
    fleet.get(fleet.post("/v1/sessions", "operator").json()["path"], None)
    assert "site of boiler" in fleet.get("/", None).text
