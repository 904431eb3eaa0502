"""A town moves between two installations, from each database to the other, and back out again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.refusal import Refused
from metering.packages.command import export_package, import_package
from store import metadata
from store.checks.invariants import look_at_all
from store.collectivities import accounts
from store.ledger.heat_shares import Grouping, shared_sums, shared_until
from store.statements import disputes, statements
from tests.support.databases import ENGINES, Databases, postgres_databases
from tests.support.metered import MARCH, REAL, hourly, tell
from tests.support.moving import PASSWORD_HASH, contents, description, furnish, pack
from tests.support.scene import Scene
from tests.support.sold import TOWN, give_town, issued

EVER = (0.0, 1e12)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Databases]]:
    with postgres_databases() as postgresql:
        yield {"sqlite": Databases(tmp_path_factory.mktemp("two")), "postgresql": postgresql}


@pytest.fixture(params=[ENGINES, ENGINES[::-1]], ids=" to ".join)
def pair(
    request: pytest.FixtureRequest, servers: dict[str, Databases]
) -> Iterator[tuple[Scene, Scene]]:
    """Where the town is, and where it goes."""
    made = [(servers[name], servers[name].fresh()) for name in request.param]
    old, new = (Scene(url) for _, url in made)
    yield old, new
    for scene, (server, url) in zip((old, new), made, strict=True):
        scene.close()
        server.take_back(url)


def documents(scene: Scene) -> dict[str, bytes]:
    with scene.database.read() as connection:
        rows = statements.statements(connection)
        return {row.number: statements.document_of(connection, row.statement_id) for row in rows}


def counts(scene: Scene) -> dict[str, int]:
    with scene.database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.metadata.sorted_tables
        }


def is_sound(scene: Scene) -> bool:
    return not any(item.offenders for item in look_at_all(scene.database, role="scheduler"))


def test_everything_arrives_and_every_statement_is_the_same(
    pair: tuple[Scene, Scene], tmp_path: Path
) -> None:
    old, new = pair
    node_id = furnish(old)
    new.clock.now_s = old.clock.now_s
    package = pack(old, tmp_path / "town.zip")

    done = import_package(new.store, package)

    assert not isinstance(done, Refused), done.sentence
    assert done["statements"] == 4
    assert documents(new) == documents(old)
    assert is_sound(new)
    # What leaves again is what came: no table has another row, no document another byte.
    again = pack(new, tmp_path / "again.zip")
    assert description(again)["resources"] == description(package)["resources"]
    assert all(item["rows"] for item in description(package)["resources"] if _must_have(item))
    with new.database.read() as connection:
        (person,) = accounts.accounts_of(connection, 1)
        shares = shared_sums(connection, Grouping.SITE, None, EVER)
        until_s = shared_until(connection, 1)
    with old.database.read() as connection:
        assert shares == shared_sums(connection, Grouping.SITE, None, EVER)
        assert until_s == shared_until(connection, 1)
    assert (person["email"], person["has_joined"]) == ("marie@ville.fr", False)
    assert PASSWORD_HASH.encode() not in b"".join(contents(package).values())
    _goes_on(new, node_id)


def _must_have(item: dict[str, object]) -> bool:
    return "rows" in item and item["name"] not in {"other_nodes", "pruned_months"}


def _goes_on(scene: Scene, node_id: int) -> None:
    """The boiler joins again under its name, and the next month is sealed and billed."""
    assert scene.node(spec=REAL, site_id=1) == node_id
    told = tell(scene, hourly(node_id, scene.clock.now_s, 18 * 24, 73 * 24 + 2, heat_wh=2_000_000))
    assert told.stored
    number = issued(scene, MARCH).number
    assert number == "CHALEUR-2026-00005"
    assert is_sound(scene)
    with scene.database.read() as connection:
        first = statements.statements(connection)[0]
        told_of = disputes.disputes_of(connection, first.statement_id)
        (person,) = accounts.accounts_of(connection, 1)
    assert [item.made_by for item in told_of] == [
        f"account/{person['account_id']}",
        "account/former",
    ]
    # What is numbered anew does not take a number that came along.
    assert scene.site("another") > 1


def test_told_twice_it_changes_nothing(pair: tuple[Scene, Scene], tmp_path: Path) -> None:
    old, new = pair
    furnish(old)
    new.clock.now_s = old.clock.now_s
    package = pack(old, tmp_path / "town.zip")
    assert not isinstance(import_package(new.store, package), Refused)
    before = counts(new)

    again = import_package(new.store, package)

    assert not isinstance(again, Refused)
    assert again["came_before"] is True
    assert counts(new) == before


def test_what_is_here_already_is_refused_and_nothing_is_left(
    pair: tuple[Scene, Scene], tmp_path: Path
) -> None:
    old, new = pair
    furnish(old)
    new.clock.now_s = old.clock.now_s
    package = pack(old, tmp_path / "town.zip")
    new.site("another")
    taken_site = counts(new)

    refused = import_package(new.store, package)
    home = import_package(old.store, package)

    assert isinstance(refused, Refused)
    assert refused.code == "package.taken"
    assert "There is a site 1 here already" in refused.sentence
    assert counts(new) == taken_site
    assert isinstance(home, Refused)
    assert TOWN.name in home.sentence


def test_towns_that_shared_a_series_of_numbers_follow_one_another(
    pair: tuple[Scene, Scene], tmp_path: Path
) -> None:
    """The numbers of the first stay noted, so that no gap looks like a loss."""
    old, new = pair
    furnish(old)
    new.clock.now_s = old.clock.now_s
    with old.store.transaction() as tx:
        statements.take_number(tx, "CHALEUR-2026")  # of another town's statement

    package = pack(old, tmp_path / "town.zip")
    assert not isinstance(import_package(new.store, package), Refused)

    assert is_sound(new)
    with new.store.transaction() as tx:
        assert statements.take_number(tx, "CHALEUR-2026").text == "CHALEUR-2026-00006"


def test_a_town_without_anything_moves_too(pair: tuple[Scene, Scene], tmp_path: Path) -> None:
    old, new = pair
    old.site("pool")
    give_town(old)

    done = import_package(new.store, pack(old, tmp_path / "town.zip"))

    assert not isinstance(done, Refused)
    assert is_sound(new)


def test_a_file_that_exists_is_not_written_over(pair: tuple[Scene, Scene], tmp_path: Path) -> None:
    old, _ = pair
    old.site("pool")
    give_town(old)
    file = tmp_path / "town.zip"
    file.write_bytes(b"mine")

    refused = export_package(old.store, TOWN.siret, file)
    unknown = export_package(old.store, "Nulle part", tmp_path / "other.zip")
    nowhere = export_package(old.store, TOWN.siret, tmp_path / "no" / "town.zip")

    assert [item.code for item in (refused, unknown, nowhere) if isinstance(item, Refused)] == [
        "file.exists",
        "collectivity.unknown",
        "file.unwritable",
    ]
    assert file.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [file]
