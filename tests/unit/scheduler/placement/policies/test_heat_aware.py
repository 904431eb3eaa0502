"""Jobs run where, and when, their heat will be used: our policy and the recipe it grew from."""

import pytest

from domain.events import Event, JobQueued, ReservationMade
from domain.jobs.job import SchedulingType
from scheduler.engine import REFRESH_S
from scheduler.placement.heat.rule import RECIPE
from scheduler.placement.policies.heat_aware import HEAT_WANTED, LAST_MOMENT, MOST_HEAT_USED
from tests.support.builders import NOW_S, claimed, ended, job_queued, node_joined
from tests.support.told import Told, boilers, reading_of

FLEX = SchedulingType.FLEX.value
DAY_S = 86_400.0
POLICIES = ("recipe", "chaufferie")


def _flex(number: int = 1, last_s: float = NOW_S + 2 * DAY_S, **fields: object) -> Event:
    usual: dict[str, object] = {
        "cores": 8,
        "time_limit_s": 21_600,
        "scheduling_type": FLEX,
        "start_before_s": last_s,
    }
    return job_queued(number, **{**usual, **fields})


def _tank(charge_frac: float, demand_w: float = 0.0, policy: str = "recipe") -> Told:
    """One store with this demand, beside what its idle servers bring."""
    told = Told(policy, node_joined(is_preheat=False, idle_power_w=0.0))
    told.hear(reading_of(1, charge_frac, heat_demand_w=demand_w))
    return told


@pytest.mark.parametrize("policy", POLICIES)
def test_full_tank_defers_flex_job_and_not_an_on_demand_one(policy: str) -> None:
    told = _tank(1.0, policy=policy)

    assert told.hear(_flex()) == []
    assert told.offer(job_queued(2)).why.code == MOST_HEAT_USED


@pytest.mark.parametrize("policy", POLICIES)
def test_jobs_wait_for_the_first_node(policy: str) -> None:
    told = Told(policy)
    assert told.hear(job_queued(1), _flex(2)) == []

    assert told.nodes_for(node_joined(), reading_of(1, 0.5)) == [1]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_flex_job_whose_heat_is_wanted_starts_at_once(policy: str) -> None:
    order = _tank(0.1, demand_w=3000.0, policy=policy).offer(_flex())

    assert order.why.code == HEAT_WANTED
    assert order.why.candidates[0].score == pytest.approx(1.0, abs=0.01)
    assert order.why.heat_wh is not None
    assert order.why.start_within_s is not None


@pytest.mark.parametrize("policy", POLICIES)
def test_a_deferred_flex_job_starts_when_its_heat_is_wanted(policy: str) -> None:
    told = _tank(1.0, policy=policy)
    told.hear(_flex())

    later_s = NOW_S + REFRESH_S
    wanted = reading_of(1, 0.02, at_s=later_s, heat_demand_w=3000.0)

    assert told.nodes_for(wanted, at_s=later_s) == [1]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_flex_job_starts_by_its_last_moment_whatever_the_water_says(policy: str) -> None:
    told = _tank(1.0, policy=policy)
    told.hear(_flex(last_s=NOW_S + DAY_S, time_limit_s=86_400))
    last_s = NOW_S + DAY_S - 3600.0

    full = [reading_of(1, 1.0, at_s=at_s, heat_demand_w=0.0) for at_s in (last_s - 1.0, last_s)]

    assert told.hear(full[0], at_s=last_s - REFRESH_S) == []
    assert told.offer(full[1], at_s=last_s).why.code == LAST_MOMENT


@pytest.mark.parametrize("policy", POLICIES)
def test_on_demand_work_goes_before_flex_work(policy: str) -> None:
    told = boilers(policy, 0.1, cores=1)

    flex = _flex(1, cores=1, queued_at_s=NOW_S - 100.0)

    assert told.offer(flex, job_queued(2)).instance_id == 2


@pytest.mark.parametrize(
    ("policy", "left_s", "first"),
    [
        ("chaufferie", 3000.0, 2),
        ("chaufferie", 800.0, 1),
        ("chaufferie deadlines=safe", 3000.0, 1),
        ("recipe", 3000.0, 1),
    ],
)
def test_a_job_that_is_due_goes_before_on_demand_work_only_when_it_presses(
    policy: str, left_s: float, first: int
) -> None:
    told = boilers(policy, 1.0, cores=1)

    due = _flex(1, last_s=NOW_S + left_s, cores=1)

    assert told.offer(due, job_queued(2)).instance_id == first


def test_a_pressing_job_that_is_too_wide_keeps_a_node() -> None:
    told = boilers("chaufferie", 1.0, cores=8)
    told.hear(job_queued(1, cores=4), claimed(1))

    wide = _flex(2, last_s=NOW_S + 800.0, cores=8)

    assert told.hear(wide, job_queued(3, cores=4, time_limit_s=3700)) == []


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", ["ondemand", "flex"])
def test_a_short_job_fills_the_hole_before_a_wide_one(policy: str, kind: str) -> None:
    """The wide one has room in an hour, when what runs there has reached its limit."""
    told = _tank(0.1, demand_w=3000.0, policy=policy)
    told.hear(job_queued(1, cores=4), claimed(1))
    told.hear(job_queued(2, cores=8))
    make = _flex if kind == "flex" else job_queued

    assert told.hear(make(3, cores=4, time_limit_s=90_000)) == []
    order = told.offer(make(4, cores=4, time_limit_s=3600))

    assert (order.instance_id, order.why.kept_for) == (4, 2)


@pytest.mark.parametrize("what", ["kept", "reserved"])
def test_a_longer_job_takes_no_hole_that_only_the_one_of_its_shape_before_it_fits(
    what: str,
) -> None:
    """Both come in one round, to two sites on which others are to start within the hour."""
    told = boilers("chaufferie", 0.02, 0.02)
    wanted = [reading_of(number, 0.02, heat_demand_w=3000.0) for number in (1, 2)]
    for number in range(80, 90):  # They all run for half an hour, whatever their limit.
        told.hear(job_queued(number, cores=8), claimed(number))
        told.hear(ended(number, wall_s=1800.0), *wanted)
    if what == "kept":
        for number in (90, 91):
            (offer,) = told.hear(job_queued(number, cores=4, name="other"))
            told.hear(claimed(number, node_id=offer[2]))
        assert told.hear(job_queued(92, cores=8), job_queued(93, cores=7)) == []
    else:
        times = {"starts_at_s": NOW_S + 3600.0, "ends_at_s": NOW_S + 9000.0}
        told.hear(ReservationMade(reservation_id=1, node_ids=(1, 2), **times))

    short = _flex(1, cores=2, time_limit_s=3600)
    long = _flex(2, cores=2, time_limit_s=3700, last_s=NOW_S + 3 * DAY_S)

    assert [offer[0] for offer in told.hear(short, long)] == [1]


def test_a_shorter_job_of_the_same_shape_is_found_behind_a_longer_one() -> None:
    told = boilers("chaufferie", 0.1)
    told.hear(job_queued(1, cores=4), claimed(1), job_queued(2, cores=8))

    alike = [job_queued(number, cores=2, time_limit_s=9999 - number) for number in range(3, 9)]

    assert [offer[0] for offer in told.hear(*alike, job_queued(9, cores=2))] == [9]


def test_the_node_that_has_room_first_is_kept_though_another_has_more_room_now() -> None:
    told = boilers("chaufferie", 0.1, 0.1)
    told.hear(job_queued(1, cores=8, time_limit_s=600), claimed(1))
    told.hear(job_queued(2, cores=5, time_limit_s=9000), claimed(2, node_id=2))
    told.hear(job_queued(3, cores=8))

    assert told.nodes_for(job_queued(4, cores=3, time_limit_s=9999)) == [2]


def test_a_gpu_that_comes_free_in_time_lets_a_short_job_in_and_a_long_one_out() -> None:
    told = Told("chaufferie", node_joined(gpus=("x-1", "x-2")), reading_of(1, 0.1))
    told.hear(job_queued(1, gpus=1, gpu_kind="x"), claimed(1))
    told.hear(job_queued(2, gpus=2))

    assert told.hear(job_queued(3, gpus=1, time_limit_s=3601)) == []
    assert [offer[0] for offer in told.hear(job_queued(4, gpus=1))] == [4]


@pytest.mark.parametrize("policy", POLICIES)
def test_an_on_demand_job_goes_where_the_most_of_its_heat_is_used(policy: str) -> None:
    told = Told(policy, *(node_joined(number, is_preheat=False) for number in (1, 2, 3)))
    told.hear(
        reading_of(1, 0.5, heat_demand_w=0.0),
        reading_of(2, 0.5, heat_demand_w=2500.0),
        reading_of(3, 0.99, heat_demand_w=0.0),
    )

    order = told.offer(job_queued(1, cores=8, time_limit_s=36_000))

    assert order.node_id == 2
    scores = [item.score for item in order.why.candidates]
    assert scores == sorted(scores, reverse=True)
    assert [item.node_id for item in order.why.candidates] == [2, 1, 3]


def test_one_site_is_not_promised_the_heat_of_two_jobs_at_once() -> None:
    """Small stores, demand for one job each: the second goes to the other site."""
    told = Told("recipe")
    for number in (1, 2):
        small = node_joined(number, is_preheat=False, storage_wh_per_k=5.0, idle_power_w=0.0)
        told.hear(small, reading_of(number, 0.5, heat_demand_w=500.0, headroom_wh=170.0))

    nodes = told.nodes_for(*(_flex(number, cores=3) for number in (1, 2, 3)))

    assert sorted(nodes) == [1, 2]


def test_two_nodes_of_one_site_share_its_water() -> None:
    told = Told("recipe")
    for number in (1, 2):
        joined = node_joined(
            number, site_id=7, is_preheat=False, storage_wh_per_k=5.0, idle_power_w=0.0
        )
        told.hear(joined)
    told.hear(*(reading_of(number, heat_demand_w=500.0, headroom_wh=170.0) for number in (1, 2)))

    assert len(told.hear(_flex(1, cores=3), _flex(2, cores=3))) == 1


def test_those_whose_last_moment_comes_first_are_served_first() -> None:
    told = _tank(0.1, demand_w=3000.0)

    late, soon = _flex(1, NOW_S + 3 * DAY_S), _flex(2, NOW_S + 2 * DAY_S)

    assert told.offer(late, soon).instance_id == 2


def test_a_patient_job_asks_for_less_heat_as_its_last_moment_comes() -> None:
    job = _flex(last_s=NOW_S + DAY_S)
    assert isinstance(job, JobQueued)

    hours = (0, 6, 12, 18, 22, 23, 30)
    bars = [RECIPE.gain_asked(job, NOW_S + hour * 3600.0, 1e6) for hour in hours]

    assert bars == sorted(bars, reverse=True)
    assert bars[0] == 1.0
    assert bars[-2:] == [0.0, 0.0]


def test_with_no_patience_no_job_waits_for_heat() -> None:
    for flex in (_flex(), _flex(last_s=NOW_S + 30 * DAY_S), job_queued(1, scheduling_type=FLEX)):
        assert _tank(1.0, policy="chaufferie patience=0").nodes_for(flex) == [1]


def test_more_patience_waits_where_less_would_start() -> None:
    """Half of the heat would be used: an hour of waiting is worth it, or it is not."""
    flex = _flex(time_limit_s=7200)

    eager, patient = (
        _tank(0.3, demand_w=250.0, policy=f"chaufferie patience={patience}")
        for patience in ("0.2", "50")
    )

    assert eager.nodes_for(flex) == [1]
    assert patient.hear(flex) == []


@pytest.mark.parametrize("policy", POLICIES)
def test_jobs_start_as_cores_come_free_with_no_new_look_at_the_water(policy: str) -> None:
    told = boilers(policy, 0.2, cores=4)
    told.hear(job_queued(1, cores=4), claimed(1))
    assert told.hear(job_queued(2, cores=4)) == []

    assert told.nodes_for(ended(1), at_s=NOW_S + 1.0) == [1]


@pytest.mark.parametrize("policy", POLICIES)
def test_the_same_facts_are_decided_the_same_way(policy: str) -> None:
    jobs = [_flex(number, cores=1 + number % 5) for number in range(1, 30)]

    answers = []
    for _ in "ab":
        told = Told(policy, *(node_joined(number, is_preheat=False) for number in range(1, 6)))
        told.hear(
            *(reading_of(number, 0.01 * number, heat_demand_w=3000.0) for number in range(1, 6))
        )
        answers.append(told.hear(*jobs))

    assert answers[0] == answers[1] != []


@pytest.mark.parametrize("policy", POLICIES)
def test_water_that_changed_while_nobody_waited_is_known_to_the_next_job(policy: str) -> None:
    told = boilers(policy, 0.2, 0.6)
    assert told.nodes_for(job_queued(1)) == [1]
    told.hear(claimed(1), ended(1))
    later_s = NOW_S + REFRESH_S
    told.hear(reading_of(1, 0.95, at_s=later_s), reading_of(2, 0.05, at_s=later_s), at_s=later_s)

    assert told.nodes_for(job_queued(2), at_s=later_s + 1.0) == [2]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_node_that_joined_while_nobody_waited_takes_the_next_job(policy: str) -> None:
    told = boilers(policy, 0.6)
    assert told.nodes_for(job_queued(1)) == [1]
    told.hear(claimed(1), ended(1))
    told.hear(node_joined(2), reading_of(2, 0.05))

    assert told.nodes_for(job_queued(2)) == [2]
