"""Keys from before there were statements may see and issue them as their role does now."""

from alembic import command
from alembic.config import Config
from sqlalchemy import select, update

from domain.access import Role, Scope
from domain.refusal import Refused
from store import schema
from store.access.keys import KeyRequest, add_key
from store.tables.access import api_key
from tests.support.metered import JANUARY
from tests.support.scene import Scene
from tests.support.sold import issued, sell

BEFORE = "0014"


def test_keys_with_all_rights_of_their_role_get_the_new_ones(scene: Scene) -> None:
    requests = (
        KeyRequest(name="whole", role=Role.OPERATOR, tenant_id=scene.tenant_id),
        KeyRequest(
            name="narrow",
            role=Role.OPERATOR,
            tenant_id=scene.tenant_id,
            scopes=frozenset({Scope.NODES_READ}),
        ),
        KeyRequest(name="lab", role=Role.TENANT, tenant_id=scene.tenant_id),
    )
    sell(scene)
    issued(scene, JANUARY)
    with scene.store.transaction() as tx:
        for request in requests:
            assert not isinstance(add_key(tx, request, "test"), Refused)
        tx.connection.execute(
            update(api_key).where(api_key.c.name == "whole").values(scopes="keys:admin nodes:read")
        )

    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with scene.database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, BEFORE)
    assert schema.upgrade(scene.database) is None

    with scene.database.read() as connection:
        query = select(api_key.c.name, api_key.c.scopes)
        found = {row.name: row.scopes for row in connection.execute(query)}
    assert found["whole"] == "keys:admin nodes:read statements:read statements:write"
    assert found["narrow"] == "nodes:read"
    assert "statements" not in found["lab"]
