"""Safe budgets: nothing starts that they might not cover up to its time limit."""

from decimal import Decimal
from typing import Any

import pytest

from domain.billing.prices import ComputePrices, PriceList
from domain.billing.quota_words import parse_setting
from domain.calendar.months import after, begin_of, month_of
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import JobState, SchedulingType
from domain.jobs.job_spec import JobSpec, Resources
from domain.refusal import Refused
from scheduler.replay import replay_last_run
from scheduler.service import Pace, SchedulerService
from store.fleet.readings import add_readings
from store.quotas import budgets
from tests.support.budgets import (
    HOUR_S,
    PRICES,
    answer,
    every_standing,
    limit,
    limit_safely,
    run_for,
    told,
)
from tests.support.builders import array_spec, job_spec, reading
from tests.support.scene import Scene
from tests.support.told import policy


class Cluster:
    """One node with eight cores, of 100 W each, and a scheduler that decides when asked."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.node_id = scene.node()
        self._seq = 0
        self._running: set[AttemptKey] = set()
        self.scheduler = self.service()

    def service(self) -> SchedulerService:
        pace = Pace(renew_s=0.0, reconcile_s=0.0)
        return SchedulerService(store=self.scene.store, policy=policy("coldest"), pace=pace)

    def decide(self) -> list[AttemptKey]:
        """What starts now."""
        self._seq += 1
        self.scene.heartbeat(self.node_id, holding=tuple(self._running))
        now_s = self.scene.clock.now_s
        with self.scene.store.transaction() as tx:
            add_readings(tx, self.node_id, [reading(self.node_id, self._seq, taken_at_s=now_s)])
        self.scheduler.turn()
        handed = self.scene.claim(self.node_id, holding=tuple(self._running))
        started = sorted(item.key for item in handed.claimed)
        self._running |= set(started)
        return started

    def end(self, key: AttemptKey) -> None:
        """It has run for an hour, and ends."""
        self._running.remove(key)
        self.scene.report(self.node_id, key, wall_s=HOUR_S)


def lasting(hours: float, cores: int = 1, **fields: Any) -> JobSpec:  # noqa: ANN401 - any field
    """A job with a time limit."""
    resources = Resources(cores=cores, time_limit_s=int(hours * HOUR_S))
    return job_spec(resources=resources, **fields)


def test_only_as_many_start_as_it_covers_to_their_limits(scene: Scene) -> None:
    cluster = Cluster(scene)
    limit_safely(scene, core_hours__total="5")
    crowd = scene.submit(lasting(2.0, array=array_spec("0-7")))

    running = cluster.decide()

    assert len(running) == 2
    scene.clock.advance(HOUR_S)
    cluster.end(running[0])
    # One core-hour has ended, two are promised to what runs: two are left for one more.
    assert len(cluster.decide()) == 1
    assert scene.states(crowd) == {"succeeded": 1, "running": 2, "queued": 5}
    assert cluster.decide() == []


def test_a_shorter_job_passes_one_that_is_not_covered(scene: Scene) -> None:
    cluster = Cluster(scene)
    limit_safely(scene, core_hours__total="3")
    first = scene.submit(lasting(2.0))
    long = scene.submit(lasting(2.0))
    short = scene.submit(lasting(1.0))

    assert [key.instance_id for key in cluster.decide()] == [first, short]
    assert scene.state(long) is JobState.QUEUED


def test_without_it_the_same_crowd_starts_at_once(scene: Scene) -> None:
    cluster = Cluster(scene)
    limit(scene, core_hours__total="5")
    scene.submit(lasting(2.0, array=array_spec("0-7")))

    assert len(cluster.decide()) == 8


@pytest.mark.parametrize(
    ("limits", "starting"),
    [({"kwh__total": "0.45"}, 2), ({"cost__total": "1.20"}, 2), ({"core_hours__month": "7"}, 3)],
)
def test_each_budget_counts_what_it_may_take(
    scene: Scene, limits: dict[str, str], starting: int
) -> None:
    """Two hours of a core: 0.2 kWh, and 0.25 an hour."""
    cluster = Cluster(scene)
    budgets.remember_prices(scene.store, PRICES)
    limit_safely(scene, **limits)
    scene.submit(lasting(2.0, array=array_spec("0-5")))

    assert len(cluster.decide()) == starting


def test_what_ran_before_it_was_set_is_counted_to_its_limit(scene: Scene) -> None:
    cluster = Cluster(scene)
    scene.submit(lasting(4.0, project="mesh"))
    running = cluster.decide()
    limit_safely(scene, project="mesh", core_hours__total="5")
    scene.submit(lasting(2.0, project="mesh"))
    others = scene.submit(lasting(2.0, project="flow"))

    assert [key.instance_id for key in cluster.decide()] == [others]
    cluster.end(running[0])
    assert len(cluster.decide()) == 1


def test_a_scheduler_that_starts_anew_knows_what_is_promised(scene: Scene) -> None:
    cluster = Cluster(scene)
    limit_safely(scene, core_hours__total="5")
    run_for(scene, cluster.node_id, HOUR_S, lasting(1.0))
    scene.submit(lasting(2.0, array=array_spec("0-7")))
    assert len(cluster.decide()) == 2

    cluster.scheduler = cluster.service()

    assert cluster.decide() == []
    replayed = replay_last_run(scene.database)
    assert not isinstance(replayed, Refused), replayed
    assert (replayed.differs_at, replayed.books) == (None, None)


def test_a_new_month_and_a_raised_budget_let_more_start(scene: Scene) -> None:
    cluster = Cluster(scene)
    limit_safely(scene, core_hours__month="2")
    run_for(scene, cluster.node_id, HOUR_S, lasting(1.0))
    waiting = scene.submit(lasting(2.0))
    assert cluster.decide() == []

    scene.clock.advance(begin_of(after(month_of(scene.clock.now_s))) - scene.clock.now_s)

    assert [key.instance_id for key in cluster.decide()] == [waiting]
    scene.submit(lasting(2.0))
    assert cluster.decide() == []
    limit_safely(scene, core_hours__month="4")
    assert len(cluster.decide()) == 1


def test_other_prices_are_heeded_by_what_starts(scene: Scene) -> None:
    cluster = Cluster(scene)
    budgets.remember_prices(scene.store, PRICES)
    limit_safely(scene, cost__total="1")
    core_hour = dict.fromkeys(SchedulingType, Decimal("0.60"))
    dear = ComputePrices(from_month=200001, core_hour=core_hour, kwh=Decimal(0))
    scene.submit(lasting(2.0))

    budgets.remember_prices(scene.store, PriceList(currency="EUR", versions=(dear,)))

    assert cluster.decide() == []
    budgets.remember_prices(scene.store, PRICES)
    assert len(cluster.decide()) == 1


def test_what_it_could_never_cover_is_refused(scene: Scene) -> None:
    budgets.remember_prices(scene.store, PRICES)
    limit_safely(scene, core_hours__month="5", project="mesh")
    limit_safely(scene, cost__total="2")

    assert answer(scene, lasting(6.0, project="mesh")) == "quota.core_hours"
    assert answer(scene, lasting(2.0, cores=5)) == "quota.cost"
    assert isinstance(answer(scene, lasting(5.0, project="mesh")), int)
    an_hour = job_spec(cores=6, project="mesh")  # an hour, where nothing is said
    assert answer(scene, an_hour) == "quota.core_hours"
    (refused,) = scene.submit_all([scene.submission(lasting(6.0, project="mesh"))])
    assert isinstance(refused, Refused)
    assert refused.sentence == (
        "The budget of core-hours of project 'mesh' is safe and holds 5 in all, and the job may "
        "take 6.000 within its time limit; give it a shorter --time or fewer cores, or ask the "
        "operator for more."
    )


def test_setting_it_again_without_makes_it_a_budget_as_others(scene: Scene) -> None:
    cluster = Cluster(scene)
    limit_safely(scene, core_hours__total="5")
    assert every_standing(scene)[":core_hours/total"].quota.is_safe
    scene.submit(lasting(2.0, array=array_spec("0-3")))
    assert len(cluster.decide()) == 2

    limit(scene, core_hours__total="5")

    assert not every_standing(scene)[":core_hours/total"].quota.is_safe
    assert told(scene)[-1].budgets == ()
    assert len(cluster.decide()) == 2


@pytest.mark.parametrize(("key", "amount"), [("cores", "4"), ("core-hours/month", "none")])
def test_what_is_no_budget_cannot_be_safe(key: str, amount: str) -> None:
    refused = parse_setting(key, amount, "", is_safe=True)

    assert isinstance(refused, Refused)
    assert (refused.code, key in refused.sentence) == ("quota.not_safe", True)
