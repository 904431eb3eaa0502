"""Why a job was sent to a node, in words: each reason by its code, with the numbers."""

from typing import Any

import pytest

from domain.commands import AssignAttempt, Candidate, Why
from domain.jobs.job import SchedulingType
from scheduler.explaining.placed import explain_placed
from tests.support.builders import NOW_S, job_queued, node_joined
from tests.support.told import Told, boilers, reading_of

FLEX = SchedulingType.FLEX.value


def _candidate(name: str = "b1", **fields: Any) -> Candidate:  # noqa: ANN401 - any field
    usual: dict[str, Any] = {
        "water_temp_c": 24.1,
        "charge_frac": 0.25,
        "free_cores": 2,
        "score": 0.97,
    }
    return Candidate(node_id=1, node_name=name, **{**usual, **fields})


def _sentence(code: str, **fields: Any) -> str:  # noqa: ANN401 - any field
    why = Why(code=code, **{"candidates": (_candidate(),), **fields})
    return explain_placed(why, node_name="b1", site_name="Pool").sentence


def test_the_most_heat_used_names_the_share_and_the_next_best() -> None:
    both = (_candidate(), _candidate("b2", score=0.4))

    assert _sentence("most_heat_used", candidates=both, heat_wh=2600.0) == (
        "Pool (b1) uses the most of its heat: 97 % of 2.6 kWh within a day (24.1 °C, 25 % full); "
        "next was b2 with 40 %."
    )


@pytest.mark.parametrize("code", ["most_heat_used", "deadline_reached", "too_much_due"])
def test_one_that_uses_a_little_less_is_not_said_to_use_the_most(code: str) -> None:
    both = (_candidate(), _candidate("b2", score=0.98))

    assert "Pool (b1) uses nearly the most of its heat: 97 %" in _sentence(
        code, candidates=both, heat_wh=2600.0
    )


def test_a_patient_job_tells_what_its_patience_was_worth() -> None:
    sentence = _sentence("heat_wanted", heat_wh=800.0, waited_s=10_800.0, start_within_s=36_000.0)

    assert sentence == (
        "Its heat is wanted at Pool (b1): 97 % of 800 Wh within a day (24.1 °C, 25 % full). "
        "It had waited 3.0 h for that and could have waited 10 h more."
    )


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"waited_s": 3.0, "start_within_s": 36_000.0}, " It could have waited 10 h more."),
        ({"waited_s": 10_800.0}, " It had waited 3.0 h for that."),
        ({"waited_s": 3.0}, "25 % full)."),
    ],
)
def test_patience_that_was_not_needed_is_not_praised(fields: dict[str, float], end: str) -> None:
    assert _sentence("heat_wanted", heat_wh=800.0, **fields).endswith(end)


def test_the_coldest_tells_what_was_next() -> None:
    both = (_candidate(), _candidate("b2", charge_frac=0.5))

    assert _sentence("coldest_water", candidates=both) == (
        "Pool (b1) is emptiest: 24.1 °C, 25 % full; next was b2, 24.1 °C, 50 % full."
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("only_node_with_room", "only one with room"),
        ("deadline_reached", "last moment to start"),
        ("too_much_due", "come due at once"),
        ("random_node", "by lot"),
        ("next_in_turn", "next in turn"),
        ("least_loaded", "largest share of its cores free"),
        ("first_in_line", "first job in line"),
        ("backfilled", "without delaying"),
        ("warmer_wanted", "wanted most"),
        ("a_rule_of_tomorrow", "by the rule a_rule_of_tomorrow"),
    ],
)
def test_every_rule_has_words(code: str, words: str) -> None:
    assert words in _sentence(code, heat_wh=100.0)


def test_a_reason_kept_by_an_older_version_still_has_words() -> None:
    old = (_candidate(charge_frac=None),)

    assert _sentence("coldest_water", candidates=old) == "Pool (b1) is emptiest: 24.1 °C."
    assert "its water is not known" in _sentence("coldest_water", candidates=())


def test_a_line_for_each_node_that_was_weighed() -> None:
    why = Why(
        code="most_heat_used", candidates=(_candidate(), _candidate("b2", score=0.4)), heat_wh=10.0
    )

    lines = explain_placed(why, node_name="b1", site_name="Pool").lines

    assert lines == (
        "b1: 24.1 °C, 25 % full, 2 cores free, would use 97 % of its heat",
        "b2: 24.1 °C, 25 % full, 2 cores free, would use 40 % of its heat",
    )


@pytest.mark.parametrize(
    "policy",
    [
        *("random", "round-robin", "least-loaded", "easy", "easy-on-demand-first"),
        *("coldest", "qarnot", "recipe", "chaufferie"),
    ],
)
def test_every_policy_gives_reasons_that_have_words_of_their_own(policy: str) -> None:
    told = boilers(policy, 0.1, 0.5)
    told.hear(job_queued(1), job_queued(2))
    orders = [order for order in told.answer if isinstance(order, AssignAttempt)]
    assert len(orders) == 2

    for order in orders:
        found = explain_placed(
            order.why, node_name=f"boiler-{order.node_id}", site_name=f"pool-{order.node_id}"
        )
        assert f"boiler-{order.node_id}" in found.sentence
        assert "chosen by the rule" not in found.sentence
        assert "not known" not in found.sentence


def test_a_flex_job_that_was_placed_is_explained_by_its_heat() -> None:
    told = Told("chaufferie", node_joined(is_preheat=False))
    told.hear(reading_of(1, 0.1, heat_demand_w=3000.0))

    order = told.offer(
        job_queued(1, scheduling_type=FLEX, start_before_s=NOW_S + 86_400.0, cores=8)
    )
    found = explain_placed(order.why, node_name="boiler-1", site_name="pool-1")

    assert found.sentence.startswith("Its heat is wanted at pool-1 (boiler-1): ")
    assert "could have waited" in found.sentence
