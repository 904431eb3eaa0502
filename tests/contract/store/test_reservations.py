"""Reservations in the store: made, refused, found again by an engine that begins."""

import pytest

from domain.events import ReservationMade
from domain.jobs.reservation import ReservationWish
from domain.refusal import Refused
from scheduler.replay import Replay, replay_last_run
from scheduler.service import SchedulerService
from store.access.tenants import close_tenant, open_project, open_tenant
from store.fleet.readings import add_readings
from store.reservations import reservations
from store.reservations.reservations import Made
from tests.support.builders import job_spec, reading
from tests.support.clock import SOME_DAY_S as NOW_S
from tests.support.scene import Scene
from tests.support.told import policy

HOUR_S = 3600.0


def wish(**fields: object) -> ReservationWish:
    usual: dict[str, object] = {
        "name": "course",
        "starts_at_s": NOW_S + HOUR_S,
        "ends_at_s": NOW_S + 3 * HOUR_S,
        "nodes": ("boiler",),
        "tenant": "lab",
    }
    return ReservationWish(**{**usual, **fields})  # type: ignore[arg-type]


def make(scene: Scene, **fields: object) -> Made | Refused:
    with scene.store.transaction() as tx:
        return reservations.make(tx, wish(**fields), "test")


def made(scene: Scene, **fields: object) -> Made:
    found = make(scene, **fields)
    assert isinstance(found, Made), found
    return found


def names(scene: Scene, tenant_id: int | None = None) -> list[str]:
    with scene.database.read() as connection:
        found = reservations.listed(connection, tenant_id, scene.clock.now_s)
    return [row["name"] for row in found]


def facts(scene: Scene) -> list[ReservationMade]:
    with scene.database.read() as connection:
        found = reservations.facts(connection, scene.clock.now_s)
    return [fact for fact in found if isinstance(fact, ReservationMade)]


def test_what_is_made_is_listed_and_told_to_the_engine_until_it_is_over(scene: Scene) -> None:
    first, second = scene.node("boiler"), scene.node("other")
    later = made(scene, name="later", nodes=("other", "boiler"), starts_at_s=NOW_S + 9 * HOUR_S,
                 ends_at_s=NOW_S + 10 * HOUR_S)  # fmt: skip
    now = made(scene)

    assert names(scene) == ["course", "later"]
    assert [fact.node_ids for fact in facts(scene)] == [(first, second), (first,)]
    scene.clock.advance(3 * HOUR_S)
    assert names(scene) == ["later"]
    with scene.store.transaction() as tx:
        assert not reservations.remove(tx, now.reservation_id, "test")
        assert reservations.remove(tx, later.reservation_id, "test")
        assert not reservations.remove(tx, later.reservation_id, "test")
    assert names(scene) == []
    assert facts(scene) == []


def test_all_nodes_of_a_site_and_no_others(scene: Scene) -> None:
    scene.node("boiler")
    scene.node("other")

    assert made(scene, site="other", nodes=()).nodes == ("other",)


def test_a_tenant_sees_its_own_and_maintenance(scene: Scene) -> None:
    for name in ("a", "b", "c"):
        scene.node(name)
    with scene.store.transaction() as tx:
        firm_id = open_tenant(tx, "firm", "test")
    made(scene, name="lab", nodes=("a",))
    made(scene, name="firm", nodes=("b",), tenant="firm")
    made(scene, name="works", nodes=("c",), tenant=None)

    assert names(scene, scene.tenant_id) == ["lab", "works"]
    assert names(scene, firm_id) == ["firm", "works"]
    assert len(names(scene)) == 3


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ends_at_s": NOW_S + HOUR_S}, "reservation.times"),
        ({"starts_at_s": NOW_S - 9.0, "ends_at_s": NOW_S}, "reservation.past"),
        ({"nodes": ("boiler", "nowhere")}, "node.unknown"),
        ({"nodes": (), "site": "nowhere"}, "site.unknown"),
        ({"tenant": "nobody"}, "tenant.unknown"),
        ({"tenant": "closed"}, "tenant.unknown"),
        ({"project": "nothing"}, "project.unknown"),
        ({"tenant": None, "project": "thesis"}, "reservation.whose"),
    ],
)
def test_what_is_unknown_or_cannot_be_is_refused(
    scene: Scene, fields: dict[str, object], code: str
) -> None:
    scene.node("boiler")
    with scene.store.transaction() as tx:
        close_tenant(tx, open_tenant(tx, "closed", "test"), "test")
        open_project(tx, "lab", "thesis", "test")

    refused = make(scene, **fields)

    assert isinstance(refused, Refused)
    assert refused.code == code
    assert names(scene) == []


@pytest.mark.parametrize(
    ("from_h", "to_h", "is_free"),
    [(0.0, 1.0, True), (3.0, 4.0, True), (0.0, 1.01, False), (2.0, 2.5, False), (0.0, 9.0, False)],
)
def test_two_reservations_of_a_node_never_overlap(
    scene: Scene, from_h: float, to_h: float, *, is_free: bool
) -> None:
    scene.node("boiler")
    scene.node("other")
    made(scene)
    times = {"starts_at_s": NOW_S + from_h * HOUR_S, "ends_at_s": NOW_S + to_h * HOUR_S}

    found = make(scene, name="second", nodes=("other", "boiler"), **times)

    if is_free:
        assert isinstance(found, Made)
    else:
        assert isinstance(found, Refused)
        assert (found.code, "'course'" in found.sentence) == ("reservation.overlaps", True)
        assert isinstance(make(scene, name="third", nodes=("other",), **times), Made)


def test_a_name_is_free_again_when_its_reservation_is_over_or_deleted(scene: Scene) -> None:
    scene.node("boiler")
    scene.node("other")
    first = made(scene)
    second = make(scene, nodes=("other",))
    assert isinstance(second, Refused)
    assert second.code == "reservation.exists"

    with scene.store.transaction() as tx:
        reservations.remove(tx, first.reservation_id, "test")

    made(scene, nodes=("other",))


def test_jobs_that_may_last_into_it_are_named(scene: Scene) -> None:
    node_id = scene.node("boiler")
    key = scene.running(node_id, job_spec())  # an hour, as of now

    assert made(scene, name="after").lasting_into == ()
    found = made(scene, name="soon", starts_at_s=NOW_S + 60.0, ends_at_s=NOW_S + HOUR_S)
    assert found.lasting_into == (key.instance_id,)


def test_an_engine_that_begins_keeps_its_nodes_free_and_replays(scene: Scene) -> None:
    node_id = scene.node("boiler")
    number = made(scene, starts_at_s=NOW_S, ends_at_s=NOW_S + 3 * HOUR_S).reservation_id
    outside = scene.submit(job_spec())
    inside = scene.submit(job_spec(reservation="course", reservation_id=number))
    service = SchedulerService(store=scene.store, policy=policy("chaufferie"))
    with scene.store.transaction() as tx:
        add_readings(tx, node_id, [reading(node_id, 1, taken_at_s=scene.clock.now_s)])

    service.turn()
    held = [item.key for item in scene.claim(node_id).claimed]
    with scene.store.transaction() as tx:
        reservations.remove(tx, number, "test")
    service.turn()
    later = [item.key for item in scene.claim(node_id, holding=held).claimed]

    assert [key.instance_id for key in (*held, *later)] == [inside, outside]
    replayed = replay_last_run(scene.database)
    assert isinstance(replayed, Replay)
    assert replayed.differs_at is None
