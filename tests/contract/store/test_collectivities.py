"""Collectivities and their sites on both databases."""

from dataclasses import replace

from sqlalchemy import select

from domain.refusal import Refused
from domain.towns.collectivities import Collectivity, Place
from store.collectivities import collectivities
from store.tables.fleet import node
from store.tables.installation import audit
from tests.support.scene import Scene

TOWN = Collectivity(name="Ville", siret="21750001600019", colour="#1a5e9a", contact="mairie")
OTHER = Collectivity(name="Autre", siret="35600000049837")
PLACE = Place(latitude_deg=48.85, longitude_deg=2.35)


def made(scene: Scene, description: Collectivity = TOWN) -> int:
    with scene.store.transaction() as tx:
        new_id = collectivities.add_collectivity(tx, description, "test")
    assert isinstance(new_id, int)
    return new_id


def site_of(scene: Scene, name: str = "boiler") -> int:
    node_id = scene.node(name)
    with scene.database.read() as connection:
        return int(
            connection.execute(select(node.c.site_id).where(node.c.id == node_id)).scalar_one()
        )


def test_a_collectivity_comes_back_as_described_with_its_sites(scene: Scene) -> None:
    town, site_id = made(scene), site_of(scene)
    with scene.store.transaction() as tx:
        assert collectivities.give_site(tx, town, site_id, None, "test") is None
        assert collectivities.give_site(tx, town, site_id, PLACE, "test") is None
        assert collectivities.give_site(tx, town, site_id, None, "test") is None

    with scene.database.read() as connection:
        row = collectivities.find_collectivity(connection, town)
        (listed,) = collectivities.collectivities(connection)
        assert collectivities.owner_of_site(connection, site_id) == town
        assert collectivities.find_collectivity(connection, town + 1) is None

    assert row == listed
    assert row is not None
    assert row.description == TOWN
    assert row.has_logo is False
    assert [(owned.site_id, owned.place) for owned in row.sites] == [(site_id, PLACE)]


def test_a_site_is_one_collectivitys_at_a_time(scene: Scene) -> None:
    town, other, site_id = made(scene), made(scene, OTHER), site_of(scene)
    with scene.store.transaction() as tx:
        collectivities.give_site(tx, town, site_id, PLACE, "test")
        refused = collectivities.give_site(tx, other, site_id, None, "test")
        assert not collectivities.take_site(tx, other, site_id, "test")
        assert collectivities.take_site(tx, town, site_id, "test")
        assert collectivities.give_site(tx, other, site_id, None, "test") is None

    assert isinstance(refused, Refused)
    assert refused.code == "site.given"
    assert "Ville" in refused.sentence


def test_names_and_numbers_are_nobody_elses(scene: Scene) -> None:
    town, other = made(scene), made(scene, OTHER)
    with scene.store.transaction() as tx:
        same = collectivities.add_collectivity(tx, TOWN, "test")
        stolen = replace(OTHER, siret=TOWN.siret)
        changed = collectivities.change_collectivity(tx, other, stolen, "test")
        kept = collectivities.change_collectivity(tx, town, replace(TOWN, contact=None), "test")
        missing = collectivities.change_collectivity(tx, 999, TOWN, "test")
        nowhere = collectivities.give_site(tx, town, 999, None, "test")

    assert isinstance(same, Refused)
    assert isinstance(changed, Refused)
    assert "SIRET" in changed.sentence
    assert kept is None
    assert missing is not None
    assert missing.code == "collectivity.unknown"
    assert nowhere is not None
    assert nowhere.code == "site.unknown"


def test_a_logo_is_kept_and_removed_and_all_of_it_is_audited(scene: Scene) -> None:
    town = made(scene)
    with scene.store.transaction() as tx:
        collectivities.set_logo(tx, town, b"png", "marie")
    with scene.database.read() as connection:
        assert collectivities.logo_of(connection, town) == b"png"
        row = collectivities.find_collectivity(connection, town)
    assert row is not None
    assert row.has_logo is True
    with scene.store.transaction() as tx:
        collectivities.set_logo(tx, town, None, "marie")
    with scene.database.read() as connection:
        assert collectivities.logo_of(connection, town) is None
        actions = connection.execute(
            select(audit.c.action).where(audit.c.subject == f"collectivity/{town}")
        ).scalars()
        assert list(actions) == ["collectivity.add", "collectivity.logo", "collectivity.logo"]
