"""What a town's people are told by mail, on both databases: each thing once, nothing lost."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from domain.calendar.paris_days import local
from domain.languages import Language
from domain.notices.rules import NoticeRules, NoticeWords, read_notice_rules
from domain.refusal import Refused
from domain.registers.declaration import Act, Declaration, Evidence
from domain.towns.accounts import TownRole
from domain.towns.alerts import AlertKind, Closing, Finding, Subject, Unknown, changes
from domain.towns.wishes import CalendarEntry, CalendarKind
from store.collectivities import accounts, alert_choices, alerts, collectivities
from store.collectivities.accounts import Invited
from store.collectivities.alert_mails import APART_S, MOST_LINES, write_mails
from store.fleet import wishes
from store.ledger.meters import declare
from store.notices.notice_tables import notice
from tests.support import sold
from tests.support.builders import reading
from tests.support.metered import JANUARY, REAL, close, meter_id_of, tell
from tests.support.scene import Scene
from worker.rounds.alerts.heat import Patience
from worker.rounds.alerts.watching import watch

MARIE, PAUL = "marie@ville.fr", "paul@conseil.fr"
STEP_S, HOUR_S = 600.0, 3600.0
HEAT_WH = 150  #: What a boiler brings in ten minutes where it brings what is wanted: 900 W.
SILENT_S = Patience().meter_silent_s


def rules(domains: str = "ville.fr,conseil.fr") -> NoticeRules:
    words = NoticeWords(
        mail_relay="smtp://relay.test", mail_from="no-reply@chaufferie.test", mail_domains=domains
    )
    found = read_notice_rules(words)
    assert isinstance(found, NoticeRules)
    return found


class Watch:
    """A town with one real boiler, whose people are told of what happens to it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.node_id = scene.node(spec=REAL)
        sold.give_town(scene)
        self.index_wh, self.seq = 100_000, 0
        self.rules = rules()

    def person(
        self,
        email: str = MARIE,
        *kinds: AlertKind,
        language: Language = Language.ENGLISH,
        site_ids: tuple[int, ...] | None = None,
    ) -> int:
        """Somebody who wants to be told of these, or of everything."""
        asked = Invited(
            collectivity_id=1,
            email=email,
            name=email,
            role=TownRole.ENERGY_MANAGER,
            site_ids=site_ids,
        )
        with self.scene.store.transaction() as tx:
            made = accounts.invite(tx, asked, "test")
            assert not isinstance(made, Refused)
            alert_choices.choose(tx, made.account_id, kinds or tuple(AlertKind), language)
        return made.account_id

    def hours(self, hours: float, *, heats: bool = True, **fields: object) -> None:
        """The boiler tells every ten minutes for so long, with heat or without."""
        told = []
        for _ in range(round(hours * HOUR_S / STEP_S)):
            self.scene.clock.advance(STEP_S)
            self.seq += 1
            self.index_wh += HEAT_WH if heats else 0
            item = reading(
                self.node_id,
                self.seq,
                taken_at_s=self.scene.clock.now_s,
                heat_register_wh=self.index_wh,
                electricity_register_wh=self.seq,
                heat_demand_w=900.0,
                simulated=False,
            )
            told.append(replace(item, **fields))  # type: ignore[arg-type]
        tell(self.scene, told)

    def look(self) -> int:
        return watch(self.scene.store, self.rules, Patience())

    def mails(self) -> list[tuple[str, dict[str, object]]]:
        """To whom, and what, in the order in which they were written."""
        with self.scene.database.read() as connection:
            rows = connection.execute(select(notice).order_by(notice.c.id)).all()
        return [(row.mail_to, json.loads(row.payload)) for row in rows]

    def told(self, email: str = MARIE) -> list[tuple[str, bool, str | None]]:
        """Kind, whether it is over, and the closing word, of every line that somebody got."""
        return [
            (line["kind"], line["is_end"], line["closing"])
            for address, payload in self.mails()
            if address == email
            for line in payload["lines"]  # type: ignore[attr-defined]
        ]

    def unknown(self) -> dict[str, Unknown]:
        with self.scene.database.read() as connection:
            found = alerts.watched_by(connection, [1])
        return {item.subject.name: item.unknown for item in found if item.unknown is not None}


@pytest.fixture
def town(scene: Scene) -> Watch:
    return Watch(scene)


def test_a_lack_of_heat_is_told_once_and_once_when_it_is_over(town: Watch) -> None:
    town.person()
    town.hours(6)
    assert town.look() == 0
    town.hours(2, heats=False)
    assert town.look() == 0  # two hours are not three
    town.hours(2, heats=False)
    for _ in range(3):
        town.look()
    began = town.mails()
    town.hours(2)
    for _ in range(3):
        town.look()

    assert len(began) == 1
    facts = began[0][1]["lines"][0]["facts"]  # type: ignore[index]
    assert (facts["heat_wh"], facts["wanted_wh"], facts["hours"]) == (0, 2700, 3.0)
    assert town.told() == [("no_heat", False, None), ("no_heat", True, "heat_back")]


def test_a_boiler_that_covers_a_part_of_a_large_demand_is_not_missed(town: Watch) -> None:
    town.person()
    town.hours(6, heat_demand_w=1e6)

    assert town.look() == 0
    assert town.told() == []


def test_water_that_is_warm_enough_wants_no_heat(town: Watch) -> None:
    town.person()
    town.hours(6, heats=False, headroom_wh=0.0)
    town.look()
    with town.scene.store.transaction() as tx:
        assert wishes.wish_warmest(tx, 1, 30.0, "test") is None
    town.hours(6, heats=False, water_temp_c=30.5)
    town.look()

    assert town.told() == []


def test_a_closed_site_lacks_nothing_and_a_closure_ends_a_lack(town: Watch) -> None:
    town.person()
    town.hours(6, heats=False)
    town.look()
    today = local(town.scene.clock.now_s).date()
    entry = CalendarEntry(
        kind=CalendarKind.CLOSURE, first_day=today, last_day=today + timedelta(days=1), note=""
    )
    with town.scene.store.transaction() as tx:
        assert not isinstance(wishes.add_entry(tx, 1, entry, "test"), Refused)
    town.hours(2, heats=False)
    town.look()
    town.hours(2, heats=False)
    town.look()

    assert town.told() == [("no_heat", False, None), ("no_heat", True, "not_wanted")]


def test_a_silent_meter_is_told_once_and_the_lack_of_heat_is_then_unknown(town: Watch) -> None:
    town.person()
    town.hours(2)
    town.scene.clock.advance(SILENT_S + 60.0)
    town.look()
    unknown = town.unknown()
    for _ in range(5):
        town.scene.clock.advance(SILENT_S)
        town.look()
    town.hours(1)
    town.look()

    assert unknown == {"site/1": Unknown.METER_SILENT}
    assert town.told() == [("meter_silent", False, None), ("meter_silent", True, "heard")]


def test_a_meter_that_was_never_heard_is_said_and_not_alarmed(town: Watch) -> None:
    town.person()
    for _ in range(3):
        town.scene.clock.advance(10 * SILENT_S)
        town.look()

    assert town.told() == []
    assert town.unknown() == {"site/1": Unknown.NEVER_HEARD}


def test_a_meter_that_is_taken_out_is_not_missed_any_more(town: Watch) -> None:
    town.person(MARIE, AlertKind.METER_SILENT)
    town.hours(2)
    town.scene.clock.advance(SILENT_S + 60.0)
    town.look()
    last = Declaration(
        act=Act.REMOVE,
        at_s=town.scene.clock.now_s,
        index_wh=town.index_wh,
        evidence=Evidence(note="seen"),
        actor="test",
    )
    with town.scene.store.transaction() as tx:
        declare(tx, meter_id_of(town.scene, f"H-{town.node_id}"), last)
    town.scene.clock.advance(APART_S)
    town.look()

    assert town.told() == [("meter_silent", False, None), ("meter_silent", True, "gone")]


def test_what_comes_within_the_hour_waits_and_comes_together(town: Watch) -> None:
    town.person()
    town.hours(6, heats=False)
    town.look()
    town.hours(1)
    town.look()  # it is over, an hour after the mail
    town.hours(0.5, heats=False)
    first = len(town.mails())
    town.scene.clock.advance(SILENT_S + 60.0)
    town.look()

    assert first == 2
    assert town.told() == [
        ("no_heat", False, None),
        ("no_heat", True, "heat_back"),
        ("meter_silent", False, None),
    ]


def test_a_flapping_site_writes_an_hour_apart_and_loses_nothing(town: Watch) -> None:
    town.person()
    town.hours(6, heats=False)
    for number in range(40):
        town.hours(0.5, heats=number % 16 >= 8)
        town.look()
    town.scene.clock.advance(APART_S)
    town.look()
    times = [float(str(payload["at_s"])) for _, payload in town.mails()]

    assert all(after - before >= APART_S for before, after in pairwise(times))
    kinds = [is_end for kind, is_end, _ in town.told() if kind == "no_heat"]
    assert kinds == [bool(number % 2) for number in range(len(kinds))]
    assert len(kinds) >= 3


def test_each_person_hears_of_what_they_chose_and_may_see(town: Watch) -> None:
    other = town.scene.site("other")
    with town.scene.store.transaction() as tx:
        assert collectivities.give_site(tx, 1, other, None, "test") is None
    town.person(MARIE, AlertKind.METER_SILENT)
    town.person(PAUL, language=Language.FRENCH)
    town.person("eve@ville.fr", site_ids=(other,))
    town.person("out@elsewhere.fr")
    town.hours(6, heats=False)
    town.look()

    (mail,) = town.mails()
    assert mail[0] == PAUL
    assert mail[1]["language"] == "fr"


def test_whoever_asks_later_hears_of_what_comes_later(town: Watch) -> None:
    town.person(MARIE)
    town.hours(6, heats=False)
    town.look()
    town.scene.clock.advance(1.0)
    town.person(PAUL)
    town.hours(2)
    town.look()

    assert town.told(PAUL) == []
    assert len(town.told(MARIE)) == 2


def test_whoever_unsubscribes_or_leaves_gets_nothing_more(town: Watch) -> None:
    marie, paul = town.person(MARIE), town.person(PAUL)
    town.hours(6, heats=False)
    town.look()
    town.hours(1)
    with town.scene.store.transaction() as tx:
        alert_choices.choose(tx, marie, (), Language.FRENCH)
        assert accounts.leave_collectivity(tx, 1, paul, "test")
    town.look()

    assert len(town.told(MARIE)) == len(town.told(PAUL)) == 1
    with town.scene.database.read() as connection:
        due = connection.execute(select(notice.c.mail_to, notice.c.due_at_s)).all()
        assert alert_choices.choice_of(connection, paul).kinds == frozenset()
    assert {row.mail_to: row.due_at_s is None for row in due} == {MARIE: False, PAUL: True}


def test_a_round_that_dies_is_done_by_the_next(
    town: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.person()
    town.hours(6, heats=False)
    with monkeypatch.context() as patched:
        patched.setattr(
            "worker.rounds.alerts.watching.write_mails",
            lambda *_: (_ for _ in ()).throw(SystemExit),
        )
        with pytest.raises(SystemExit):
            town.look()
    assert town.mails() == []
    with town.scene.database.read() as connection:
        assert alerts.standing(connection) == []

    town.look()
    town.look()

    assert town.told() == [("no_heat", False, None)]


def test_two_workers_that_saw_the_same_note_it_once(town: Watch) -> None:
    town.person()
    seen = Finding(
        subject=Subject(kind=AlertKind.NO_HEAT, name="site/1", site_ids=frozenset({1})),
        holds=True,
        since_s=0.0,
    )
    changed = changes([], [seen])
    noted = []
    for _ in range(2):
        with town.scene.store.transaction() as tx:
            noted.append(alerts.note(tx, changed))
    with town.scene.database.read() as connection:
        (standing,) = alerts.standing(connection)
    for _ in range(2):
        with town.scene.store.transaction() as tx:
            ended = replace(changed, begun=(), over=((standing.alert_id, Closing.GONE),))
            noted.append(alerts.note(tx, ended))

    assert noted == [1, 0, 1, 0]


def test_a_statement_is_told_to_who_wanted_it_before_it_was_issued(scene: Scene) -> None:
    sold.sell(scene)
    town = Watch.__new__(Watch)
    town.scene, town.rules = scene, rules()
    town.person(MARIE, AlertKind.STATEMENT_READY)
    made = sold.issued(scene, JANUARY)
    scene.clock.advance(1.0)
    town.person(PAUL, AlertKind.STATEMENT_READY)
    town.look()
    early = town.mails()
    scene.clock.advance(2 * HOUR_S)
    for _ in range(3):
        town.look()

    assert early == []  # its PDFs may still come
    (mail,) = town.mails()
    assert mail[0] == MARIE
    line = mail[1]["lines"][0]  # type: ignore[index]
    assert line["facts"]["number"] == made.number
    assert line["facts"]["is_credit_note"] is False


def test_a_year_near_its_ceiling_is_told_and_an_amendment_takes_it_back(scene: Scene) -> None:
    low = {"mwh_per_year": "1.0", "effect": "shown"}
    sold.sell(scene, ceiling=low)
    town = Watch.__new__(Watch)
    town.scene, town.rules = scene, rules()
    town.person(MARIE, AlertKind.VOLUME_NEAR)
    assert not isinstance(close(scene, JANUARY), Refused)
    sold.issue(scene, JANUARY)
    town.look()
    town.look()
    high = {"mwh_per_year": "50", "effect": "shown"}
    assert not isinstance(sold.amend(scene, ceiling=high), Refused)
    scene.clock.advance(APART_S)
    town.look()

    assert town.told() == [("volume_near", False, None), ("volume_near", True, "below")]
    facts = town.mails()[0][1]["lines"][0]["facts"]  # type: ignore[index]
    assert facts["ceiling_wh"] == 1_000_000
    assert facts["used_wh"] == 72 * 24 * 900 + 24 * 900 - 900


def test_a_mail_has_so_many_lines_and_says_how_many_more_there_are(town: Watch) -> None:
    town.person()
    found = [
        Finding(
            subject=Subject(
                kind=AlertKind.METER_SILENT, name=f"meter/{number}", site_ids=frozenset({1})
            ),
            holds=True,
            since_s=0.0,
        )
        for number in range(MOST_LINES + 7)
    ]
    with town.scene.store.transaction() as tx:
        alerts.note(tx, changes([], found))
        assert write_mails(tx, town.rules.may_write_to) == 1

    (mail,) = town.mails()
    assert len(mail[1]["lines"]) == MOST_LINES  # type: ignore[arg-type]
    assert mail[1]["more"] == 7
