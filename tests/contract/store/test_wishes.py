"""Wishes of collectivities on both databases: heeded by each reading, kept in the engine's log."""

from datetime import date, timedelta

from sqlalchemy import select

from domain.calendar.paris_days import local, midnight
from domain.events import ReadingTaken
from domain.refusal import Refused
from domain.towns.wishes import CalendarEntry, CalendarKind
from store.engine.engine_facts import node_facts
from store.fleet import wishes
from store.fleet.readings import add_readings
from store.tables.fleet import node
from store.tables.installation import audit
from tests.support.builders import reading
from tests.support.scene import Scene

STORAGE_WH_PER_K, LIMIT_C = 500.0, 50.0  # of the scene's sites


class Boiler:
    """One node and its site."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.node_id = scene.node("boiler")
        with scene.database.read() as connection:
            self.site_id = int(
                connection.execute(
                    select(node.c.site_id).where(node.c.id == self.node_id)
                ).scalar_one()
            )
        self._seq = 0

    def heard(self, headroom_wh: float = 10_000.0) -> ReadingTaken:
        """What the engine hears of a reading taken now."""
        self._seq += 1
        now_s = self.scene.clock.now_s
        item = reading(self.node_id, self._seq, headroom_wh=headroom_wh, taken_at_s=now_s)
        with self.scene.store.transaction() as tx:
            add_readings(tx, self.node_id, [item])
            (fact,) = (fact for fact in tx.events if isinstance(fact, ReadingTaken))
        return fact

    def plan(self, kind: CalendarKind, first: date, last: date) -> int | Refused:
        entry = CalendarEntry(kind=kind, first_day=first, last_day=last, note="vidange")
        with self.scene.store.transaction() as tx:
            return wishes.add_entry(tx, self.site_id, entry, "account/1")

    def wish(self, warmest_c: float | None) -> Refused | None:
        with self.scene.store.transaction() as tx:
            return wishes.wish_warmest(tx, self.site_id, warmest_c, "account/1")


def test_a_set_point_lowers_the_room_that_the_engine_hears_of(scene: Scene) -> None:
    boiler = Boiler(scene)
    assert boiler.heard().headroom_wh == 10_000.0

    assert boiler.wish(LIMIT_C - 4.0) is None
    lowered = boiler.heard()
    again = [fact for fact in _facts(scene) if isinstance(fact, ReadingTaken)]
    assert boiler.wish(None) is None

    assert lowered.headroom_wh == 10_000.0 - 4.0 * STORAGE_WH_PER_K
    assert [fact.headroom_wh for fact in again] == [lowered.headroom_wh]
    assert boiler.heard().headroom_wh == 10_000.0


def _facts(scene: Scene) -> list[object]:
    with scene.store.transaction() as tx:
        return list(node_facts(tx))


def test_a_wish_beyond_the_sites_limit_is_refused_and_changes_nothing(scene: Scene) -> None:
    boiler = Boiler(scene)
    boiler.wish(45.0)

    refused = boiler.wish(LIMIT_C + 1.0)

    assert refused is not None
    assert refused.code == "wish.range"
    with scene.database.read() as connection:
        assert wishes.warmest_wished(connection, boiler.site_id) == 45.0
        assert wishes.warmest_wished(connection, 999) is None
    with scene.store.transaction() as tx:
        nowhere = wishes.wish_warmest(tx, 999, 45.0, "test")
    assert nowhere is not None


def test_a_closure_is_heeded_from_its_first_midnight_to_its_last(scene: Scene) -> None:
    boiler = Boiler(scene)
    today = local(scene.clock.now_s).date()
    first, last = today + timedelta(days=2), today + timedelta(days=3)
    assert isinstance(boiler.plan(CalendarKind.CLOSURE, first, last), int)

    seen = []
    for at_s in (
        midnight(first) - 1.0,
        midnight(first),
        midnight(last + timedelta(days=1)) - 1.0,
        midnight(last + timedelta(days=1)),
    ):
        scene.clock.advance(at_s - scene.clock.now_s)
        seen.append(boiler.heard().headroom_wh)

    assert seen == [10_000.0, 0.0, 0.0, 10_000.0]


def test_works_keep_work_away_until_they_are_taken_back(scene: Scene) -> None:
    boiler = Boiler(scene)
    today = local(scene.clock.now_s).date()
    boiler.plan(CalendarKind.CLOSURE, today, today)
    number = boiler.plan(CalendarKind.WORKS, today, today)
    assert isinstance(number, int)
    during = boiler.heard()
    with scene.store.transaction() as tx:
        assert not wishes.remove_entry(tx, 999, number, "account/1")
        assert wishes.remove_entry(tx, boiler.site_id, number, "account/1")
        assert not wishes.remove_entry(tx, boiler.site_id, number, "account/1")
    after = boiler.heard()

    assert (during.accepts_work, after.accepts_work, after.headroom_wh) == (False, True, 0.0)


def test_the_calendar_tells_what_is_to_come_and_all_is_audited(scene: Scene) -> None:
    boiler = Boiler(scene)
    today = local(scene.clock.now_s).date()
    boiler.plan(CalendarKind.CLOSURE, today, today)
    boiler.plan(CalendarKind.WORKS, today + timedelta(days=5), today + timedelta(days=6))
    refused = boiler.plan(CalendarKind.WORKS, today, today - timedelta(days=1))
    boiler.wish(45.0)
    scene.clock.advance(86_400.0)

    with scene.database.read() as connection:
        (coming,) = wishes.calendar(connection, boiler.site_id, scene.clock.now_s)
        actions = connection.execute(
            select(audit.c.action).where(audit.c.actor == "account/1").order_by(audit.c.id)
        ).scalars()
        assert list(actions) == ["site.calendar", "site.calendar", "site.set_point"]
    assert (coming.entry.kind, coming.entry.note) == (CalendarKind.WORKS, "vidange")
    assert isinstance(refused, Refused)
