"""Tenants, projects and users: made once, ended and opened again, each with its audit line."""

from sqlalchemy import select

from domain.access import Principal, Role
from domain.refusal import Refused
from store.access import keys, tenants
from store.access.keys import KeyRequest, NewKey
from store.tables.installation import audit
from tests.support.scene import Scene


def audited(scene: Scene, kind: str) -> list[str]:
    """The actions on this kind of thing, in their order."""
    statement = select(audit.c.action).where(audit.c.subject.like(f"{kind}/%"))
    with scene.database.read() as connection:
        return list(connection.execute(statement.order_by(audit.c.id)).scalars())


def key_of(scene: Scene, tenant: str, user: str | None) -> NewKey | Refused:
    """A tenant's key, as the API makes one."""
    with scene.store.transaction() as tx:
        place = tenants.key_place(tx, tenant, user, "test")
        if isinstance(place, Refused):
            return place
        request = KeyRequest(
            name="laptop", role=Role.TENANT, tenant_id=place[0], person_id=place[1]
        )
        return keys.add_key(tx, request, "test")


def admitted(scene: Scene, key: NewKey | Refused) -> Principal | Refused:
    assert isinstance(key, NewKey)
    with scene.database.read() as connection:
        return keys.find_principal(connection, key.token, scene.clock.now_s)


def test_a_tenant_is_made_once(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        first = tenants.open_tenant(tx, "university", "test")
        again = tenants.open_tenant(tx, "university", "test")

    assert first == again
    assert audited(scene, "tenant")[1:] == ["tenant.add"]  # the first is the scene's own


def test_a_closed_tenant_has_no_keys_and_gets_none_until_it_is_opened(scene: Scene) -> None:
    key = key_of(scene, "university", None)
    with scene.store.transaction() as tx:
        tenant_id = tenants.open_tenant(tx, "university", "test")
        assert tenants.close_tenant(tx, tenant_id, "test") == 1
        assert tenants.close_tenant(tx, tenant_id, "test") == 0

    after = admitted(scene, key)
    refused = key_of(scene, "university", None)
    with scene.store.transaction() as tx:
        tenants.open_tenant(tx, "university", "test")

    assert isinstance(after, Refused)
    assert after.code == "key.revoked"
    assert isinstance(refused, Refused)
    assert refused.code == "tenant.closed"
    assert isinstance(key_of(scene, "university", None), NewKey)
    assert audited(scene, "tenant")[1:] == ["tenant.add", "tenant.close", "tenant.open_again"]
    assert audited(scene, "key") == ["key.add", "key.revoke", "key.add"]


def test_the_operators_own_tenant_is_not_closed(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        tenant_id = tenants.open_tenant(tx, tenants.OPERATOR_TENANT, "test")
        answer = tenants.close_tenant(tx, tenant_id, "test")

    assert isinstance(answer, Refused)
    assert answer.code == "tenant.operator"


def test_there_is_nothing_to_end_that_does_not_exist(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        assert tenants.close_tenant(tx, 999, "test") is None
        assert tenants.close_project(tx, 999, "test") is False
        assert tenants.remove_person(tx, 999, "test") is None


def test_a_project_and_a_user_need_a_tenant_that_is_open(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        unknown = tenants.open_project(tx, "nobody", "mesh", "test")
        tenants.close_tenant(tx, scene.tenant_id, "test")
        closed = tenants.open_person(tx, "lab", "marie", "test")

    assert isinstance(unknown, Refused)
    assert unknown.code == "tenant.unknown"
    assert isinstance(closed, Refused)
    assert closed.code == "tenant.closed"


def test_two_tenants_may_call_a_project_alike(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        tenants.open_tenant(tx, "university", "test")
        one = tenants.open_project(tx, "lab", "mesh", "test")
        other = tenants.open_project(tx, "university", "mesh", "test")
        assert tenants.open_project(tx, "lab", "mesh", "test") == one
        assert isinstance(one, int)
        tenants.close_project(tx, one, "test")
        tenants.close_project(tx, one, "test")

    assert one != other
    with scene.database.read() as connection:
        ends = tenants.project_ends(connection, scene.tenant_id)
        listed = tenants.projects(connection)
        its_own = tenants.projects(connection, tenant_id=scene.tenant_id)
    assert ends == {"mesh": scene.clock.now_s}
    assert [item["tenant"] for item in listed] == ["lab", "university"]
    assert [item["project_id"] for item in its_own] == [one]
    assert audited(scene, "project") == ["project.add", "project.add", "project.close"]


def test_removing_a_user_ends_his_keys_and_nobody_elses(scene: Scene) -> None:
    maries, pauls = key_of(scene, "lab", "marie"), key_of(scene, "lab", "paul")
    with scene.database.read() as connection:
        (marie, _) = tenants.persons(connection, "lab")
    assert marie["name"] == "marie"
    with scene.store.transaction() as tx:
        assert tenants.remove_person(tx, marie["user_id"], "test") == 1

    assert isinstance(admitted(scene, maries), Refused)
    assert isinstance(admitted(scene, pauls), Principal)
    refused = key_of(scene, "lab", "marie")
    assert isinstance(refused, Refused)
    assert refused.code == "user.removed"
    with scene.store.transaction() as tx:
        assert tenants.open_person(tx, "lab", "marie", "test") == marie["user_id"]
    assert isinstance(key_of(scene, "lab", "marie"), NewKey)
    assert audited(scene, "user") == ["user.add", "user.add", "user.remove", "user.open_again"]


def test_the_list_of_tenants_counts_what_is_open(scene: Scene) -> None:
    key_of(scene, "lab", "marie")
    with scene.store.transaction() as tx:
        closed = tenants.open_project(tx, "lab", "old", "test")
        assert isinstance(closed, int)
        tenants.close_project(tx, closed, "test")
        tenants.open_project(tx, "lab", "mesh", "test")

    with scene.database.read() as connection:
        (lab,) = tenants.tenants(connection)
        (key,) = keys.list_keys(connection, "lab")
        nobodys = keys.list_keys(connection, "nobody")
        owner = keys.owner_names(connection, key["key_id"])

    assert (lab["projects"], lab["users"], lab["keys"]) == (1, 1, 1)
    assert (key["tenant"], key["user"]) == owner == ("lab", "marie")
    assert nobodys == []
