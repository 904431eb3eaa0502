"""What is explained is the policy that decides: whom it takes first, and what it waits for."""

import pytest

from domain.events import AttemptClaimed, Event, JobQueued
from domain.jobs.job import SchedulingType
from scheduler.engine import Engine
from scheduler.explaining.beliefs import Beliefs
from scheduler.explaining.likely_start import likely_start
from scheduler.explaining.waiting import Explanation, explain_waiting
from scheduler.placement.plan.policy import Keeps, View
from scheduler.placement.policies.easy import BACKFILL_DEPTH
from scheduler.placement.policies.only_looking import OnlyLooking
from scheduler.placement.policies.registry import POLICIES
from tests.support.builders import NOW_S, job_queued, node_joined
from tests.support.told import policy, reading_of

FLEX = SchedulingType.FLEX.value
BY_AGE = ("random", "round-robin", "least-loaded", "easy", "coldest")


def beliefs(policy_text: str, *waiting: JobQueued, charge: float = 1.0, busy: int = 0) -> Beliefs:
    """One boiler of 8 cores with water of this charge that nobody draws, and jobs that wait."""
    facts: list[Event] = [node_joined(1, is_preheat=False, idle_power_w=0.0)]
    facts.append(reading_of(1, charge, heat_demand_w=0.0))
    if busy:
        facts += [
            job_queued(900, cores=busy),
            AttemptClaimed(instance_id=900, attempt=1, node_id=1),
        ]
    engine = Engine(OnlyLooking())
    engine.handle([*facts, *waiting], NOW_S)
    view = View(state=engine.state, now_s=NOW_S)
    return Beliefs(view, policy(policy_text), waiting, is_all=True)


def explained(of: Beliefs, job: JobQueued) -> Explanation:
    return explain_waiting(of.view, job, of.line_before(job), of.policy)


def flex(number: int = 1, slack_s: float = 172_800.0, **fields: object) -> JobQueued:
    usual: dict[str, object] = {"scheduling_type": FLEX, "start_before_s": NOW_S + slack_s}
    return job_queued(number, **{**usual, **fields})


@pytest.mark.parametrize("policy_text", POLICIES)
def test_only_a_policy_that_waits_for_heat_is_said_to(policy_text: str) -> None:
    job = flex(time_limit_s=36_000, cores=8)

    found = explained(beliefs(policy_text, job), job)

    waits = {"chaufferie": "waiting_for_heat", "recipe": "waiting_for_heat"}
    waits["qarnot"] = "water_too_warm"
    assert found.code == waits.get(policy_text, "about_to_start")


def test_qarnot_says_how_warm_the_water_may_be() -> None:
    job = flex()

    found = explained(beliefs("qarnot", job, charge=0.9), job)

    assert found.sentence == (
        "The water is too warm for it where it fits: pool-1 (boiler-1) is the emptiest, 90 % full, "
        "and a flex job starts up to 75 %."
    )


@pytest.mark.parametrize("policy_text", POLICIES)
def test_who_is_ahead_follows_from_the_policy(policy_text: str) -> None:
    """An old patient job, and one that somebody waits for; all cores are taken."""
    old, new = flex(1, queued_at_s=NOW_S - 9000.0), job_queued(2)
    found = beliefs(policy_text, old, new, busy=8)

    first, second = (old, new) if policy_text in BY_AGE else (new, old)

    assert [job.instance_id for job in found.waiting] == [first.instance_id, second.instance_id]
    assert "no job is ahead of it" in explained(found, first).sentence
    rule = found.policy.turn(found.view, second).words
    assert f"1 job is ahead of it: {rule}" in explained(found, second).sentence
    assert ("the oldest go first" in rule) is (policy_text in {*BY_AGE, "easy-on-demand-first"})


@pytest.mark.parametrize(
    ("policy_text", "slack_s", "first"),
    [
        ("chaufferie", 3000.0, 2),
        ("chaufferie", 800.0, 1),
        ("chaufferie deadlines=safe", 3000.0, 1),
        ("recipe", 3000.0, 1),
        ("qarnot", 800.0, 2),
        ("easy", 800.0, 2),
    ],
)
def test_a_job_whose_last_moment_presses_is_first_where_the_policy_says_so(
    policy_text: str, slack_s: float, first: int
) -> None:
    jobs = flex(1, slack_s), job_queued(2, queued_at_s=NOW_S - 10.0)

    found = beliefs(policy_text, *jobs, busy=8)

    assert found.waiting[0].instance_id == first


@pytest.mark.parametrize("policy_text", POLICIES)
def test_a_node_is_said_to_be_kept_for_whom_it_is(policy_text: str) -> None:
    first, second = (job_queued(n, cores=8 - n, queued_at_s=NOW_S - 9.0 + n) for n in (1, 2))
    found = beliefs(policy_text, first, second, busy=4)
    keeps = found.policy.turn(found.view, first).keeps

    kept = [explained(found, job).kept for job in (first, second)]

    assert (kept[0] is not None) is (keeps is not Keeps.NOBODY)
    assert kept[1] is None  # There is one node.
    assert (keeps is Keeps.NOBODY) is (policy_text == "qarnot")


def test_easy_says_that_a_job_is_too_far_back_to_be_looked_at() -> None:
    wide = job_queued(1, cores=8, queued_at_s=NOW_S - 9.0)
    behind = [job_queued(number, cores=7) for number in range(2, BACKFILL_DEPTH + 2)]
    last = job_queued(9999, time_limit_s=60)
    found = beliefs("easy", wide, *behind, last, busy=4)

    assert explained(found, last).code == "too_far_back"
    assert explained(beliefs("easy", wide, *behind[1:], last, busy=4), last).code == (
        "about_to_start"
    )


@pytest.mark.parametrize("policy_text", POLICIES)
def test_jobs_that_fit_and_find_the_room_taken_are_told_so(policy_text: str) -> None:
    first, second = (job_queued(n, cores=5, queued_at_s=NOW_S - 9.0 + n) for n in (1, 2))
    found = beliefs(policy_text, first, second, charge=0.2)

    assert explained(found, first).code == "about_to_start"
    assert explained(found, second).code == "behind_others"


@pytest.mark.parametrize("policy_text", POLICIES)
def test_the_likely_start_of_a_patient_job_follows_from_the_policy(policy_text: str) -> None:
    job = flex(77, time_limit_s=36_000, cores=8)
    found = beliefs(policy_text)

    likely = likely_start(found.view, job, found.line_before(job), found.policy)

    waits = policy_text in {"chaufferie", "recipe", "qarnot"}
    assert (likely.at_s is None) is waits
    assert (likely.latest_s is not None) is (policy_text in {"chaufferie", "recipe"})
    assert 77 not in found.view.state.queue  # It was only asked for.
