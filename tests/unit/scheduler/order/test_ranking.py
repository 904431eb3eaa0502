"""The terms of a priority, and the time by which they move a job."""

from dataclasses import replace

import pytest

from domain.jobs.job import SchedulingType
from scheduler.order.ranking import Ranking
from tests.support.builders import NOW_S, job_queued, order_set

HOUR_S = 3600.0
LAB = (1, "")


def ranking(**fields: float) -> Ranking:
    found = Ranking()
    found.set_rule(order_set(**fields))
    found.shares.add(LAB, 1e9, NOW_S, found.rule.half_life_s)
    found.renew(NOW_S, fleet_cores=64, largest_cores=32)
    return found


def test_an_hour_of_waiting_is_worth_its_points() -> None:
    terms = {term.name: term for term in ranking().terms(job_queued(), NOW_S + 3 * HOUR_S)}

    assert terms["age"].value == pytest.approx(3.0)
    assert terms["age"].points == pytest.approx(300.0)


def test_a_patient_job_ages_from_a_day_before_it_is_due() -> None:
    job = job_queued(scheduling_type=SchedulingType.FLEX.value, start_before_s=NOW_S + 30 * HOUR_S)

    assert ranking().terms(job, NOW_S + 9 * HOUR_S)[0].value == pytest.approx(3.0)


def test_what_a_person_said_moves_a_job_by_so_much_waiting() -> None:
    assert ranking().said_s(job_queued(priority=-250)) == pytest.approx(-2.5 * HOUR_S)
    assert ranking(age=50.0).said_s(job_queued(priority=100)) == pytest.approx(2 * HOUR_S)
    assert ranking(priority=0.0).said_s(job_queued(priority=100)) == 0.0


def test_who_took_much_goes_after_who_took_nothing() -> None:
    found = ranking()
    job = job_queued()

    assert found.ahead_s(job, LAB) == pytest.approx(12 * HOUR_S)
    assert found.ahead_s(job, (2, "")) == pytest.approx(24 * HOUR_S)


def test_a_large_job_goes_before_a_small_one_where_the_operator_wants_it() -> None:
    found = ranking(size=800.0, tenant_share=0.0)

    assert found.ahead_s(job_queued(cores=16), LAB) == pytest.approx(4 * HOUR_S)
    assert found.ahead_s(job_queued(whole_node=True), LAB) == pytest.approx(8 * HOUR_S)


def test_the_terms_say_what_the_order_goes_by() -> None:
    found = ranking(size=800.0, project_share=600.0)
    one = job_queued(cores=16, priority=70)
    other = replace(one, tenant_id=2, cores=32, priority=-30)
    accounts = (LAB, (2, ""))
    points = [sum(term.points for term in found.terms(job, NOW_S)) for job in (one, other)]
    ahead_s = [
        found.ahead_s(job, account) + found.said_s(job)
        for job, account in zip((one, other), accounts, strict=True)
    ]

    assert points[1] - points[0] == pytest.approx((ahead_s[1] - ahead_s[0]) / HOUR_S * 100.0)


def test_without_a_rule_nothing_but_age_moves_anybody() -> None:
    usual = Ranking()
    usual.shares.add(LAB, 1e9, NOW_S, usual.rule.half_life_s)
    usual.renew(NOW_S, fleet_cores=64, largest_cores=32)

    assert usual.ahead_s(job_queued(), LAB) == usual.ahead_s(job_queued(), (2, "")) == 0.0
