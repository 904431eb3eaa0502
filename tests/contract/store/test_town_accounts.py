"""People of collectivities on both databases: invited once, let in, locked out, sent away."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from domain.refusal import Refused
from domain.towns.accounts import TownRole, TownVisitor
from domain.towns.collectivities import Collectivity
from store.access.browser_sessions import SESSION_LIFE_S
from store.collectivities import accounts, collectivities, town_sessions
from store.collectivities.accounts import INVITATION_LIFE_S, Invitation, Invited
from store.collectivities.town_sessions import LOCKED_FOR_S, TRIES
from store.tables.installation import audit
from tests.support.scene import Scene
from tests.support.town import SIRETS

MARIE = "marie@ville.fr"


class People:
    """A town with two sites, and whoever is invited."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        with scene.store.transaction() as tx:
            made = [
                collectivities.add_collectivity(tx, Collectivity(name=name, siret=siret), "test")
                for name, siret in zip(("Ville", "Autre"), SIRETS, strict=False)
            ]
        self.town, self.other = (int(str(number)) for number in made)
        self.sites = [self._site(name) for name in ("one", "two")]
        self.asked = Invited(
            collectivity_id=self.town,
            email=MARIE,
            name="Marie",
            role=TownRole.ENERGY_MANAGER,
            site_ids=None,
        )

    def _site(self, name: str) -> int:
        self.scene.node(name)
        with self.scene.store.transaction() as tx:
            sites = tx.connection.exec_driver_sql("SELECT max(id) FROM site").scalar_one()
            assert collectivities.give_site(tx, self.town, int(sites), None, "test") is None
        return int(sites)

    def invite(self, **fields: object) -> Invitation:
        with self.scene.store.transaction() as tx:
            made = accounts.invite(tx, replace(self.asked, **fields), "test")  # type: ignore[arg-type]
        assert isinstance(made, Invitation)
        return made

    def join(self, **fields: object) -> tuple[int, str]:
        """Account and session of somebody who followed an invitation."""
        invitation = self.invite(**fields)
        with self.scene.store.transaction() as tx:
            account = accounts.follow_invitation(tx, invitation.code, "hash")
            assert account == invitation.account_id
            session = town_sessions.open_session(tx, invitation.account_id)
        return invitation.account_id, session.token

    def visitor(self, token: str) -> TownVisitor | None:
        with self.scene.database.read() as connection:
            now_s = self.scene.clock.now_s
            return town_sessions.find_town_visitor(connection, token, now_s)


@pytest.fixture
def people(scene: Scene) -> People:
    return People(scene)


def test_an_invitation_is_followed_once_and_lets_its_owner_see_the_sites(people: People) -> None:
    invitation = people.invite()
    with people.scene.store.transaction() as tx:
        now_s = people.scene.clock.now_s
        assert accounts.invited_email(tx.connection, invitation.code, now_s) == MARIE
        assert accounts.password_of(tx.connection, MARIE) is None
        account = accounts.follow_invitation(tx, invitation.code, "hash")
        again = accounts.follow_invitation(tx, invitation.code, "another")
        assert accounts.password_of(tx.connection, MARIE) == (account, "hash")
        assert isinstance(account, int)
        session = town_sessions.open_session(tx, account)

    assert isinstance(again, Refused)
    visitor = people.visitor(session.token)
    assert visitor is not None
    assert (visitor.name, visitor.site_ids) == ("Marie", frozenset(people.sites))


def test_an_invitation_grows_old_and_a_new_one_ends_the_old(people: People) -> None:
    first, second = people.invite(), people.invite(name="Marie D.")
    with people.scene.store.transaction() as tx:
        replaced = accounts.follow_invitation(tx, first.code, "hash")
    people.scene.clock.advance(INVITATION_LIFE_S + 1.0)
    with people.scene.store.transaction() as tx:
        late = accounts.follow_invitation(tx, second.code, "hash")

    assert isinstance(replaced, Refused)
    assert isinstance(late, Refused)
    assert first.account_id == second.account_id


def test_an_adviser_of_two_towns_sees_the_agreed_sites_of_each(people: People) -> None:
    one = people.sites[0]
    people.join(role=TownRole.ADVISER, site_ids=(one,))
    _, token = people.join(collectivity_id=people.other, role=TownRole.ADVISER)

    visitor = people.visitor(token)

    assert visitor is not None
    assert [item.collectivity for item in visitor.memberships] == ["Autre", "Ville"]
    assert visitor.site_ids == {one}
    with people.scene.store.transaction() as tx:
        collectivities.take_site(tx, people.town, one, "test")
    visitor = people.visitor(token)
    assert visitor is not None
    assert visitor.site_ids == frozenset()


def test_a_site_of_another_town_is_not_handed_out(people: People) -> None:
    with people.scene.store.transaction() as tx:
        asked = replace(people.asked, collectivity_id=people.other, site_ids=(people.sites[0],))
        strange = accounts.invite(tx, asked, "test")
        nowhere = accounts.invite(tx, replace(people.asked, collectivity_id=999), "test")

    assert isinstance(strange, Refused)
    assert strange.code == "account.site"
    assert isinstance(nowhere, Refused)


def test_a_new_password_and_an_end_to_the_session_close_it(people: People) -> None:
    account, token = people.join()
    with people.scene.store.transaction() as tx:
        accounts.set_password(tx, account, "new hash")
        fresh = town_sessions.open_session(tx, account)
    assert people.visitor(token) is None
    assert people.visitor(fresh.token) is not None

    people.scene.clock.advance(SESSION_LIFE_S + 1.0)

    assert people.visitor(fresh.token) is None


def test_whoever_leaves_the_last_town_is_closed_out(people: People) -> None:
    account, token = people.join()
    people.join(collectivity_id=people.other)
    token = people.join()[1]
    with people.scene.store.transaction() as tx:
        assert accounts.leave_collectivity(tx, people.other, account, "test")
        assert not accounts.leave_collectivity(tx, people.other, account, "test")
    assert people.visitor(token) is not None
    with people.scene.store.transaction() as tx:
        assert accounts.leave_collectivity(tx, people.town, account, "test")

    assert people.visitor(token) is None
    with people.scene.database.read() as connection:
        assert accounts.password_of(connection, MARIE) is None
        assert accounts.accounts_of(connection, people.town) == []
    assert people.invite().account_id == account


@pytest.mark.parametrize("email", [MARIE, "nobody@ville.fr"])
def test_after_too_many_tries_an_address_waits_whether_it_exists_or_not(
    people: People, email: str
) -> None:
    people.join()

    def attempt() -> Refused | None:
        with people.scene.store.transaction() as tx:
            return town_sessions.count_try(tx, email)

    assert [attempt() for _ in range(TRIES)] == [None] * TRIES
    locked = attempt()
    assert locked is not None
    assert locked.code == "sign_in.locked"
    people.scene.clock.advance(LOCKED_FOR_S + 1.0)
    assert attempt() is None


def test_a_success_forgets_the_tries_before_it(people: People) -> None:
    account, _ = people.join()
    with people.scene.store.transaction() as tx:
        for _ in range(TRIES - 1):
            assert town_sessions.count_try(tx, MARIE) is None
        town_sessions.open_session(tx, account)
        for _ in range(TRIES):
            assert town_sessions.count_try(tx, MARIE) is None


def test_people_are_listed_without_secrets_and_all_is_audited(people: People) -> None:
    account, _ = people.join()
    with people.scene.database.read() as connection:
        (listed,) = accounts.accounts_of(connection, people.town)
        actions = list(
            connection.execute(
                select(audit.c.action).where(audit.c.subject == f"account/{account}")
            ).scalars()
        )

    assert (listed["email"], listed["role"], listed["has_joined"]) == (
        MARIE,
        "energy_manager",
        True,
    )
    assert not any("hash" in key for key in listed)
    assert actions == ["account.invite", "account.password", "account.sign_in"]
