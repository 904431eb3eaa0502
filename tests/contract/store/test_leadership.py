import subprocess
import sys

import pytest

from store.engine import leadership
from tests.support.scene import Scene

ROLE = "scheduler"
TTL_S = 10.0
ELSEWHERE = "other-host/0/0:1:2"


def _take(scene: Scene, holder: str) -> str:
    with scene.store.transaction() as tx:
        return leadership.take(tx, role=ROLE, holder=holder, ttl_s=TTL_S)


def _is_led(scene: Scene) -> bool:
    with scene.store.transaction() as tx:
        return leadership.is_led(tx, role=ROLE)


def test_the_first_leads_and_the_second_does_not(scene: Scene) -> None:
    me = leadership.this_process()

    assert _take(scene, me) == me
    assert _take(scene, ELSEWHERE) == me
    assert _is_led(scene)


def test_a_leader_that_renews_stays(scene: Scene) -> None:
    for _ in range(5):
        assert _take(scene, ELSEWHERE) == ELSEWHERE
        scene.clock.advance(TTL_S - 1.0)

    assert _take(scene, leadership.this_process()) == ELSEWHERE


def test_a_leader_of_another_host_is_replaced_when_its_time_is_over(scene: Scene) -> None:
    me = leadership.this_process()
    _take(scene, ELSEWHERE)

    scene.clock.advance(TTL_S)
    assert _take(scene, me) == ELSEWHERE
    scene.clock.advance(0.1)

    assert not _is_led(scene)
    assert _take(scene, me) == me


def test_a_leader_that_died_on_this_host_is_replaced_at_once(scene: Scene) -> None:
    child = subprocess.run(
        [
            sys.executable,
            "-c",
            "from store.engine.leadership import this_process; print(this_process())",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    _take(scene, child)
    me = leadership.this_process()

    assert not _is_led(scene)
    assert _take(scene, me) == me


@pytest.mark.parametrize("changed", ["started", "number"])
def test_a_later_process_is_not_taken_for_an_earlier_one(changed: str) -> None:
    host, number, started = leadership.this_process().rsplit(":", 2)
    other = f"{host}:{number}:1" if changed == "started" else f"{host}:4194305:{started}"

    assert leadership.is_gone(other)
    assert not leadership.is_gone(leadership.this_process())


def test_who_gives_up_lets_another_lead_at_once(scene: Scene) -> None:
    _take(scene, ELSEWHERE)
    with scene.store.transaction() as tx:
        leadership.give_up(tx, role=ROLE, holder=ELSEWHERE)
    me = leadership.this_process()

    assert _take(scene, me) == me


def test_only_the_leader_can_give_up(scene: Scene) -> None:
    me = leadership.this_process()
    _take(scene, me)

    with scene.store.transaction() as tx:
        leadership.give_up(tx, role=ROLE, holder=ELSEWHERE)

    assert _take(scene, ELSEWHERE) == me
