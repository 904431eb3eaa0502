"""Rows of usage from before they knew month, project and type are given them."""

from alembic import command
from alembic.config import Config

from domain.calendar.months import begin_of
from domain.jobs.job import SchedulingType
from store import schema
from store.attempts.usage import UsageKey, UsageWanted, usage_sums
from tests.support.builders import job_spec, node_spec
from tests.support.scene import Scene


def test_old_rows_are_summed_like_new_ones(scene: Scene) -> None:
    node_id = scene.node(spec=node_spec(capture_frac=0.8))
    for month, project in ((202612, "mesh"), (202702, None)):
        scene.clock.now_s = begin_of(month)
        spec = job_spec(project=project, scheduling_type=SchedulingType.FLEX)
        scene.report(node_id, scene.running(node_id, spec))
    with scene.database.read() as connection:
        before = usage_sums(connection, UsageWanted(), after=None, limit=10)

    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with scene.database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")
    assert schema.upgrade(scene.database) is None

    with scene.database.read() as connection:
        after = usage_sums(connection, UsageWanted(), after=None, limit=10)
    assert after == before
    assert [line.key for line in after] == [
        UsageKey(scene.tenant_id, 202612, "mesh", True),  # noqa: FBT003 - simulated
        UsageKey(scene.tenant_id, 202702, "", True),  # noqa: FBT003 - simulated
    ]
