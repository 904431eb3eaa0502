"""What a node has and what a job requires come out of the store as they went in, old rows too."""

import json
from dataclasses import replace

from sqlalchemy import update

from domain.events import JobQueued, NodeJoined
from domain.fleet.profiles import NodeProfile
from store.fleet import nodes, site_queries
from store.tables.fleet import node
from tests.support.builders import job_spec, node_spec
from tests.support.scene import Scene

SPEC = node_spec(
    features=("avx2", "scratch"),
    gpus=("a100", "v100"),
    profiles=(NodeProfile(name="solver", version="2.7", command="solver {input}", most_tasks=1),),
)


def test_an_inventory_is_kept_and_told_to_the_engine(scene: Scene) -> None:
    scene.node("boiler", SPEC)

    with scene.database.read() as connection:
        assert site_queries.node_specs(connection) == [("boiler", SPEC)]
    joined = [event for event in scene.events() if isinstance(event, NodeJoined)][-1]
    assert (joined.features, joined.gpus) == (("avx2", "scratch"), ("a100", "v100"))
    assert joined.profiles == ("solver/2.7",)


def test_an_inventory_of_an_earlier_version_is_read(scene: Scene) -> None:
    node_id = scene.node("boiler", SPEC)
    newer = {"features", "gpus", "profiles"}
    old = {name: getattr(SPEC, name) for name in SPEC.__slots__ if name not in newer}
    with scene.store.transaction() as tx:
        tx.connection.execute(update(node).where(node.c.id == node_id).values(spec=json.dumps(old)))
        assert nodes.joined_event(tx, node_id).gpus == ()
    with scene.database.read() as connection:
        ((_, found),) = site_queries.node_specs(connection)
    assert found == replace(SPEC, features=(), gpus=(), profiles=())


def test_what_a_job_requires_is_told_to_the_engine(scene: Scene) -> None:
    spec = job_spec(features=("avx2", "a|b"), wanted_nodes=("x", "y"), profile="solver/2+")
    spec = replace(spec, resources=replace(spec.resources, gpus=2, gpu_kind="a100"))
    scene.submit(spec)

    (queued,) = [event for event in scene.events() if isinstance(event, JobQueued)]
    assert queued.requires == ("avx2", "a|b", "node:x|node:y", "profile:solver/2+")
    assert (queued.gpus, queued.gpu_kind) == (2, "a100")
