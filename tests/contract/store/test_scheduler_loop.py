"""The loop around an engine: what it logs, applies and remembers, whatever the engine decides."""

import threading
from typing import Any

from sqlalchemy import func, select, update

from domain.commands import AssignAttempt, Command, LimitPower, PreemptAttempt, Why
from domain.events import (
    AttemptEnded,
    EngineStarted,
    Event,
    JobQueued,
    KnowledgeRestored,
    LicencesSet,
    OrderSet,
    TimePassed,
    WeatherForecast,
)
from domain.jobs.delivery import Kill, PowerAdvice
from domain.jobs.job import EndReason, JobState
from scheduler.placement.policies.baselines import ColdestTank
from scheduler.ports import ROLE
from scheduler.service import Pace, SchedulerService
from store.engine import event_log, knowledge, leadership
from store.engine.event_log import LoggedBatch
from store.fleet import weather
from store.tables.engine import decision
from store.tables.engine import leadership as leases
from tests.support.builders import job_spec
from tests.support.scene import Scene
from tests.support.scripted_engine import ScriptedEngine

WHY = Why(code="test")
EAGER = Pace(renew_s=0.0, save_s=0.0)


def _service(
    scene: Scene, engine: ScriptedEngine, pace: Pace | None = None, text: str | None = None
) -> SchedulerService:
    return SchedulerService(
        store=scene.store,
        policy=ColdestTank(),
        policy_text=text,
        pace=pace,
        make_engine=lambda _policy: engine,
    )


def _stop(service: SchedulerService) -> None:
    """What the loop does when it is told to stop: one that never listened gives up the same."""
    stop = threading.Event()
    stop.set()
    service.run(_NoNews(), stop)


class _NoNews:
    def wait(self, timeout_s: float) -> list[str]:
        del timeout_s
        return []

    def close(self) -> None:
        """Nothing to close."""


def _n_decisions(scene: Scene) -> int:
    with scene.database.read() as connection:
        return connection.execute(select(func.count()).select_from(decision)).scalar_one()


def _run_batches(scene: Scene) -> list[LoggedBatch]:
    with scene.database.read() as connection:
        run = event_log.last_run(connection)
        assert run is not None
        return list(event_log.batches(connection, run.first_batch))


def _known(scene: Scene) -> KnowledgeRestored | None:
    with scene.database.read() as connection:
        return knowledge.restored(connection, role=ROLE)


def _kinds(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


def test_where_nothing_happened_the_engine_is_not_asked(scene: Scene) -> None:
    engine = ScriptedEngine()
    service = _service(scene, engine)
    service.turn()
    after_start = (len(engine.told), _n_decisions(scene))

    service.turn()

    assert (len(engine.told), _n_decisions(scene)) == after_start == (1, 1)


def test_an_engine_that_wants_time_is_told_through_the_log(scene: Scene) -> None:
    engine = ScriptedEngine()
    service = _service(scene, engine)
    service.turn()
    engine.wants = True

    service.turn()

    assert engine.told[1:] == [[TimePassed()]]
    assert _run_batches(scene)[-1].events == (TimePassed(),)


def test_time_passes_in_the_batch_of_what_happened_and_after_it(scene: Scene) -> None:
    engine = ScriptedEngine()
    service = _service(scene, engine)
    service.turn()
    engine.wants = True
    scene.submit()

    service.turn()

    assert _kinds(engine.told[-1]) == [JobQueued, TimePassed]
    assert [type(fact) for fact in _run_batches(scene)[-1].events] == [JobQueued, TimePassed]


def test_the_policy_is_logged_with_its_settings(scene: Scene) -> None:
    _service(scene, ScriptedEngine(), text="chaufferie patience=2.0").turn()

    with scene.database.read() as connection:
        run = event_log.last_run(connection)
    assert run is not None
    assert run.policy == "chaufferie patience=2.0"


def test_a_limit_that_the_engine_orders_reaches_the_node(scene: Scene) -> None:
    node_id = scene.node()
    limit = LimitPower(node_id=node_id, power_cap_frac=0.5, valid_for_s=600.0, why=WHY)
    _service(scene, ScriptedEngine(answers=[[limit]])).turn()

    advised = PowerAdvice(power_cap_frac=0.5, valid_for_s=600.0)
    assert scene.heartbeat(node_id).advice == advised
    assert "LimitPower" in _run_batches(scene)[0].commands


def test_a_preempted_job_ends_queues_and_runs_again_and_each_try_is_billed_once(
    scene: Scene,
) -> None:
    node_id = scene.node()
    key = scene.running(node_id, job_spec(max_attempts=1))
    stop: list[Command] = [
        PreemptAttempt(instance_id=key.instance_id, attempt=1, node_id=node_id, why=WHY)
    ]
    again: list[Command] = [
        AssignAttempt(instance_id=key.instance_id, attempt=2, node_id=node_id, why=WHY)
    ]
    engine = ScriptedEngine(answers=[stop, again])
    service = _service(scene, engine)

    service.turn()
    assert scene.state(key.instance_id) is JobState.PREEMPTED
    told = (
        scene.heartbeat(node_id, holding=[key]).kill,
        scene.claim(node_id, holding=[key]).kill,
    )
    scene.report(node_id, key, EndReason.PREEMPTED, wall_s=30.0)
    scene.report(node_id, key, EndReason.PREEMPTED, wall_s=30.0)
    service.turn()

    assert told == ((Kill(key=key, reason=EndReason.PREEMPTED),),) * 2
    ended, queued = engine.told[-1]
    assert isinstance(ended, AttemptEnded)
    assert isinstance(queued, JobQueued)
    assert (ended.reason, queued.last_attempt, queued.avoid_node_id) == ("preempted", 1, None)
    (second,) = scene.claim(node_id).claimed
    scene.report(node_id, second.key, wall_s=40.0)
    assert scene.state(key.instance_id) is JobState.SUCCEEDED
    assert [(row["attempt"], row["wall_s"]) for row in scene.usage()] == [(1, 30.0), (2, 40.0)]


def test_what_was_learned_is_kept_at_the_end_and_begins_the_next_run(scene: Scene) -> None:
    learned: dict[str, Any] = {"demand": {"7": [1.5, 2.0, None]}, "form": 1}
    first = ScriptedEngine(knowledge=learned)
    service = _service(scene, first)
    service.turn()
    assert _known(scene) is None

    _stop(service)
    scene.node()
    second = ScriptedEngine()
    _service(scene, second).turn()

    assert KnowledgeRestored(knowledge=learned) in second.told[0]
    assert isinstance(second.told[0][0], EngineStarted)
    assert _run_batches(scene)[0].events == tuple(second.told[0])


def test_the_first_run_of_all_begins_without_knowledge(scene: Scene) -> None:
    engine = ScriptedEngine()
    _service(scene, engine).turn()

    assert _kinds(engine.told[0]) == [EngineStarted, OrderSet, LicencesSet]


def test_what_was_learned_is_kept_now_and_then(scene: Scene) -> None:
    engine = ScriptedEngine(knowledge={"seen": 1})
    service = _service(scene, engine, EAGER)
    service.turn()
    service.turn()
    engine.knowledge = {"seen": 2}
    before = _known(scene)
    service.turn()

    assert before == KnowledgeRestored(knowledge={"seen": 1})
    assert _known(scene) == KnowledgeRestored(knowledge={"seen": 2})


def test_a_long_run_that_begins_anew_forgets_nothing(scene: Scene) -> None:
    engine = ScriptedEngine(knowledge={"seen": 1})
    service = _service(scene, engine, Pace(renew_s=0.0, longest_run_s=0.0))
    service.turn()
    service.turn()

    assert KnowledgeRestored(knowledge={"seen": 1}) in engine.told[1]


def test_one_that_no_longer_leads_keeps_nothing(scene: Scene) -> None:
    service = _service(scene, ScriptedEngine(knowledge={"seen": 1}), Pace(renew_s=600.0))
    service.turn()
    with scene.store.transaction() as tx:
        tx.connection.execute(update(leases).values(holder="elsewhere:1:2"))
        assert leadership.is_led(tx, role=ROLE)

    _stop(service)

    assert _known(scene) is None
    with scene.store.transaction() as tx:
        assert leadership.is_led(tx, role=ROLE)


def test_a_new_run_hears_the_weather_that_is_still_to_come(scene: Scene) -> None:
    now_s = scene.clock.now_s
    told = WeatherForecast(site_ids=(), first_hour_s=now_s, outdoor_temp_c=(4.0, 3.5, 3.0))
    over = WeatherForecast(site_ids=(1,), first_hour_s=now_s - 3600.0, outdoor_temp_c=(9.0,))
    scene.node()
    with scene.store.transaction() as tx:
        weather.take_forecast(tx, told, "test")
        weather.take_forecast(tx, over, "test")
    engine = ScriptedEngine()

    _service(scene, engine).turn()

    heard = [event for event in engine.told[0] if isinstance(event, WeatherForecast)]
    assert heard == [told]
