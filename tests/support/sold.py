"""A scene whose heat is sold: a town, a metered site, a contract, months that are closed."""

from typing import Any

from domain.calendar.months import begin_of
from domain.refusal import Refused
from domain.towns.collectivities import Collectivity
from metering.books import contracting, issuing
from metering.books.issuing import Issued
from store.collectivities import collectivities
from store.contracts import contracts
from store.contracts.contracts import ContractRow
from tests.support.metered import (
    HOUR_S,
    JANUARY,
    MARCH,
    REAL,
    close,
    confirm,
    hourly,
    tell,
)
from tests.support.scene import Scene
from tests.support.statements import contract, contract_terms

TOWN = Collectivity(name="Ville de Bains-les-Eaux", siret="21750001600019")
REFERENCE = "M-2026-17"


def sell(scene: Scene, **changed: Any) -> int:  # noqa: ANN401 - any JSON
    """A real boiler that told every hour until the middle of March, its town, its contract."""
    node_id = scene.node(spec=REAL)
    scene.clock.now_s = begin_of(MARCH) + 14 * 24 * HOUR_S
    tell(scene, hourly(node_id, begin_of(JANUARY), 73 * 24))
    confirm(scene, f"H-{node_id}")
    give_town(scene)
    added = add(scene, **changed)
    assert not isinstance(added, Refused), added.sentence
    return node_id


def give_town(scene: Scene, site_id: int = 1) -> None:
    with scene.store.transaction() as tx:
        town = collectivities.add_collectivity(tx, TOWN, "test")
        assert isinstance(town, int)
        assert collectivities.give_site(tx, town, site_id, None, "test") is None


def add(scene: Scene, **changed: Any) -> int | Refused:  # noqa: ANN401 - any JSON
    with scene.store.transaction() as tx:
        return contracting.add_contract(tx, contract(**changed), "test")


def amend(scene: Scene, reason: str = "avenant 1", **changed: Any) -> int | Refused:  # noqa: ANN401
    with scene.store.transaction() as tx:
        return contracting.amend_contract(tx, contract(**changed), reason, "test")


def price(amount: str) -> dict[str, Any]:
    """Terms with another price."""
    return contract_terms(tariffs=[{"valid_from": "2026-01-01", "price_per_mwh": amount}])


def row(scene: Scene) -> ContractRow:
    with scene.database.read() as connection:
        found = contracts.find_contract(connection, REFERENCE)
    assert found is not None
    return found


def issue(scene: Scene, month: int) -> Issued | Refused:
    with scene.store.transaction() as tx:
        return issuing.issue(tx, REFERENCE, month, "test")


def issued(scene: Scene, month: int) -> Issued:
    """The statement of a month, closed for it."""
    assert not isinstance(close(scene, month), Refused)
    made = issue(scene, month)
    assert not isinstance(made, Refused), made.sentence
    return made


def correct(scene: Scene, number: str) -> tuple[Issued, Issued] | Refused:
    with scene.store.transaction() as tx:
        return issuing.correct(tx, number, "wrong price", "test")
