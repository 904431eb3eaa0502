"""Accounts that nobody uses, on both databases: told once, closed a month later, then nobody's."""

import json

import pytest
from sqlalchemy import select

from domain.disclosure import ACCOUNT_NOTICE_S
from domain.languages import Language
from domain.notices.rules import NoticeRules, NoticeWords, read_notice_rules
from domain.refusal import Refused
from domain.towns.accounts import TownRole
from domain.towns.alerts import AlertKind
from store.collectivities import accounts, alert_choices, town_sessions
from store.collectivities.account_tables import town_account
from store.collectivities.accounts import Invited
from store.notices.notice_tables import notice
from store.tables.installation import audit
from tests.support import sold
from tests.support.scene import Scene
from worker.rounds.unused_accounts import keep_accounts

MARIE = "marie@ville.fr"
DAY_S = 86_400.0
KEPT_S = 730 * DAY_S


class People:
    """A town of one person, who signs in now and then."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        scene.node()
        sold.give_town(scene)
        self.account = self.join()

    def join(self) -> int:
        asked = Invited(
            collectivity_id=1,
            email=MARIE,
            name="Marie",
            role=TownRole.ENERGY_MANAGER,
            site_ids=None,
        )
        with self.scene.store.transaction() as tx:
            made = accounts.invite(tx, asked, "test")
            assert not isinstance(made, Refused)
            account = accounts.follow_invitation(tx, made.code, "hash")
            assert isinstance(account, int)
            town_sessions.open_session(tx, account)
        return account

    def sign_in(self) -> None:
        with self.scene.store.transaction() as tx:
            town_sessions.open_session(tx, self.account)

    def days(self, days: float, domain: str = "ville.fr") -> None:
        """So many days pass, and the worker has its round."""
        self.scene.clock.advance(days * DAY_S)
        words = NoticeWords(
            mail_relay="smtp://relay.test", mail_from=f"a@{domain}", mail_domains=domain
        )
        rules = read_notice_rules(words)
        assert isinstance(rules, NoticeRules)
        keep_accounts(self.scene.store, rules, KEPT_S)

    def mails(self) -> list[dict[str, object]]:
        with self.scene.database.read() as connection:
            rows = connection.execute(select(notice.c.payload).where(notice.c.mail_to == MARIE))
            return [json.loads(text) for text in rows.scalars()]

    def can_sign_in(self) -> bool:
        with self.scene.database.read() as connection:
            return accounts.password_of(connection, MARIE) is not None


@pytest.fixture
def people(scene: Scene) -> People:
    return People(scene)


def test_an_unused_account_is_told_once_and_closed_a_month_later(people: People) -> None:
    people.days(699)
    assert people.mails() == []
    people.days(2)
    people.days(1)
    people.days(27)
    told, before = people.mails(), people.can_sign_in()
    people.days(2)

    assert len(told) == 1
    line = told[0]["lines"][0]  # type: ignore[index]
    closes_in_s = line["facts"]["closes_at_s"] - float(str(told[0]["at_s"]))
    assert closes_in_s == ACCOUNT_NOTICE_S
    assert before
    assert not people.can_sign_in()
    assert len(people.mails()) == 1


def test_whoever_signs_in_keeps_the_account_and_is_told_anew_later(people: People) -> None:
    people.days(701)
    people.sign_in()
    people.days(60)
    assert people.can_sign_in()
    people.days(645)

    assert len(people.mails()) == 2
    assert people.can_sign_in()


def test_a_server_that_slept_for_years_still_gives_a_month(people: People) -> None:
    people.days(3000)
    people.days(29)
    assert people.can_sign_in()
    people.days(2)
    assert not people.can_sign_in()


def test_where_no_mail_goes_the_account_is_closed_all_the_same(people: People) -> None:
    people.days(701, domain="lab.example")
    with people.scene.database.read() as connection:
        (shown,) = accounts.accounts_of(connection, 1)
    people.days(31, domain="lab.example")

    assert shown["unused_told_at_s"] is not None
    assert people.mails() == []
    assert not people.can_sign_in()


def test_a_closed_account_loses_name_and_address_and_the_audit_keeps_its_number(
    people: People,
) -> None:
    with people.scene.store.transaction() as tx:
        alert_choices.choose(tx, people.account, list(AlertKind), Language.FRENCH)
    people.days(701)
    people.days(31)
    people.days(31)
    with people.scene.database.read() as connection:
        row = connection.execute(
            select(town_account).where(town_account.c.id == people.account)
        ).one()
        actors = set(connection.execute(select(audit.c.actor)).scalars())
        choice = alert_choices.choice_of(connection, people.account)
        texts = connection.execute(select(audit.c.detail)).scalars().all()

    assert (row.name, row.password_hash, row.last_seen_at_s) == ("", None, None)
    assert "@" not in row.email
    assert f"account/{people.account}" in actors
    assert choice.kinds == frozenset()
    assert not any(MARIE in (text or "") for text in texts)
    assert people.join() != people.account  # a new invitation is a new account
