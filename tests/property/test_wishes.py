"""Any history of wishes: never outside the safe range, and its decisions replay bit for bit."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain import wire
from domain.calendar.paris_days import local
from domain.events import ReadingTaken
from domain.refusal import Refused
from domain.towns.wishes import CalendarEntry, CalendarKind
from scheduler.replay import Replay, replay_last_run
from scheduler.service import Pace, SchedulerService
from store.fleet import wishes
from store.fleet.readings import add_readings
from store.tables.engine import event
from store.tables.jobs import attempt
from tests.support.builders import job_spec, reading
from tests.support.databases import Databases
from tests.support.scene import Scene
from tests.support.told import policy

SITE, STORAGE_WH_PER_K, LIMIT_C = 1, 500.0, 50.0  # of the scene's only site
EAGER = Pace(reconcile_s=0.0, renew_s=0.0)
WORDS = ("normal", "limited", "stopped")

temperatures = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True, width=32))
deeds = st.one_of(
    st.tuples(st.just("wish"), temperatures),
    st.tuples(st.just("wish"), st.floats(10.0, 60.0)),
    st.tuples(st.just("plan"), st.sampled_from(CalendarKind), st.integers(-2, 3)),
    st.tuples(st.just("back"), st.integers(1, 4)),
    st.tuples(st.just("tell"), st.floats(0.0, 1e6), st.sampled_from(WORDS)),
    st.tuples(st.just("submit")),
    st.tuples(st.just("decide")),
    st.tuples(st.just("wait"), st.sampled_from([60.0, 3600.0, 43_200.0])),
)


class History:
    """A boiler of a town that wishes, with work for it and a scheduler."""

    def __init__(self, url: str) -> None:
        self.scene = Scene(url)
        self.node_id = self.scene.node("boiler")
        self.service = SchedulerService(
            store=self.scene.store, policy=policy("chaufferie"), pace=EAGER
        )
        self.service.turn()  # its run has begun: what it hears from here on it hears once
        self.told: list[tuple[float, bool]] = []  #: Headroom and consent, as the boiler told them.
        self.warmest: list[float | None] = []  #: As they were wished when it told them.

    def do(self, deed: tuple[object, ...]) -> None:
        match deed:
            case ("wish", value):
                with self.scene.store.transaction() as tx:
                    refused = wishes.wish_warmest(tx, SITE, value, "account/1")  # type: ignore[arg-type]
                    kept = wishes.warmest_wished(tx.connection, SITE)
                assert refused is not None or kept == value
                assert kept is None or kept <= LIMIT_C
            case ("plan", CalendarKind() as kind, int() as days):
                today = local(self.scene.clock.now_s).date()
                entry = CalendarEntry(
                    kind=kind, first_day=today, last_day=today + timedelta(days=days), note=""
                )
                with self.scene.store.transaction() as tx:
                    made = wishes.add_entry(tx, SITE, entry, "account/1")
                assert isinstance(made, Refused) is (days < 0)
            case ("back", int() as number):
                with self.scene.store.transaction() as tx:
                    wishes.remove_entry(tx, SITE, number, "account/1")
            case ("tell", float() as headroom_wh, str() as state):
                self._tell(headroom_wh, state)
            case ("submit",):
                self.scene.submit(job_spec(cores=4))
            case ("decide",):
                self.service.turn()
            case ("wait", float() as seconds):
                self.scene.clock.advance(seconds)

    def _tell(self, headroom_wh: float, state: str) -> None:
        item = reading(
            self.node_id,
            len(self.told) + 1,
            taken_at_s=self.scene.clock.now_s,
            headroom_wh=headroom_wh,
            control_state=state,
        )
        self.told.append((headroom_wh, item.accepts_work))
        with self.scene.store.transaction() as tx:
            self.warmest.append(wishes.warmest_wished(tx.connection, SITE))
            add_readings(tx, self.node_id, [item])

    def heard(self) -> list[ReadingTaken]:
        """What the engine heard of those readings, as its log keeps it."""
        with self.scene.database.read() as connection:
            rows = connection.execute(select(event).order_by(event.c.id)).all()
        facts = (wire.load_event(row.kind, row.payload) for row in rows)
        return [fact for fact in facts if isinstance(fact, ReadingTaken)]

    def assert_replays(self) -> None:
        result = replay_last_run(self.scene.database)
        assert isinstance(result, Replay), result
        assert result.differs_at is None, (result.logged, result.replayed)
        assert result.books is None


@pytest.fixture(scope="module")
def databases() -> Iterator[Databases]:
    with tempfile.TemporaryDirectory() as folder:
        yield Databases(Path(folder))


@settings(max_examples=12, deadline=None)
@given(done=st.lists(deeds, min_size=3, max_size=25))
def test_wishes_are_bounded_by_what_is_safe_and_their_history_replays(
    databases: Databases, done: list[tuple[object, ...]]
) -> None:
    url = databases.fresh()
    history = History(url)
    try:
        for deed in done:
            history.do(deed)
        history.service.turn()

        heard = history.heard()
        assert len(heard) == len(history.told)
        for fact, (told_wh, accepts), warmest_c in zip(
            heard, history.told, history.warmest, strict=True
        ):
            lowered_k = 0.0 if warmest_c is None else LIMIT_C - warmest_c
            least_wh = max(told_wh - lowered_k * STORAGE_WH_PER_K, 0.0)
            assert fact.headroom_wh in {least_wh, 0.0}  # never more than the boiler told
            assert accepts or not fact.accepts_work  # nobody's wish opens what is shut
        history.assert_replays()
        # What is wished afterwards is no part of what was decided before.
        history.do(("wish", 30.0))
        history.do(("plan", CalendarKind.WORKS, 1))
        history.assert_replays()
    finally:
        history.scene.close()
        databases.take_back(url)


def test_during_works_nothing_is_sent_there(databases: Databases) -> None:
    url = databases.fresh()
    history = History(url)
    for deed in (("plan", CalendarKind.WORKS, 0), ("tell", 1e6, "normal"), ("submit",)):
        history.do(deed)
    history.do(("decide",))
    with history.scene.database.read() as connection:
        during = connection.execute(select(attempt)).all()
    history.do(("back", 1))
    history.do(("wait", 60.0))
    history.do(("tell", 1e6, "normal"))
    history.do(("decide",))
    with history.scene.database.read() as connection:
        after = connection.execute(select(attempt)).all()
    history.assert_replays()
    history.scene.close()

    assert (len(during), len(after)) == (0, 1)
