"""Who took how much of late, and how far that puts them back."""

import pytest

from scheduler.order.fair_share import FairShare, Standing
from tests.support.builders import NOW_S

DAY_S = 86_400.0
HALF_LIFE_S = 7 * DAY_S
LAB, FIRM = (1, ""), (2, "")
MUCH_CORE_S = 1e6


def standing(shares: FairShare, *, now_s: float = NOW_S, **parts: float) -> Standing:
    named = {key.replace("_", "/").removeprefix("t"): part for key, part in parts.items()}
    return shares.standing(now_s, HALF_LIFE_S, named, least_core_s=1.0)


def test_what_was_taken_counts_half_after_a_half_life() -> None:
    shares = FairShare()
    shares.add(LAB, 800.0, NOW_S, HALF_LIFE_S)

    assert shares.taken_core_s(LAB, NOW_S, HALF_LIFE_S) == 800.0
    assert shares.taken_core_s(LAB, NOW_S + HALF_LIFE_S, HALF_LIFE_S) == pytest.approx(400.0)
    assert shares.taken_core_s(LAB, NOW_S + 3 * HALF_LIFE_S, HALF_LIFE_S) == pytest.approx(100.0)


def test_it_makes_no_difference_in_which_order_one_hears_of_ends() -> None:
    one, other = FairShare(), FairShare()
    ends = [(500.0, NOW_S), (300.0, NOW_S + DAY_S)]
    for core_s, at_s in ends:
        one.add(LAB, core_s, at_s, HALF_LIFE_S)
    for core_s, at_s in reversed(ends):
        other.add(LAB, core_s, at_s, HALF_LIFE_S)

    later_s = NOW_S + 9 * DAY_S
    assert one.taken_core_s(LAB, later_s, HALF_LIFE_S) == pytest.approx(
        other.taken_core_s(LAB, later_s, HALF_LIFE_S)
    )


def test_what_runs_counts_while_it_runs() -> None:
    shares = FairShare()
    shares.begin(LAB, 8, NOW_S)
    shares.begin(LAB, 4, NOW_S + 10.0)

    assert shares.taken_core_s(LAB, NOW_S + 20.0, HALF_LIFE_S) == pytest.approx(200.0)

    shares.finish(LAB, 8, NOW_S)
    shares.finish(LAB, 4, NOW_S + 10.0)
    assert shares.taken_core_s(LAB, NOW_S + 99.0, HALF_LIFE_S) == 0.0


def test_who_took_its_share_stands_at_one_half_and_who_took_nothing_at_one() -> None:
    shares = FairShare()
    for account in (LAB, FIRM):
        shares.add(account, MUCH_CORE_S, NOW_S, HALF_LIFE_S)

    found = standing(shares)

    assert found.tenant_frac == pytest.approx({1: 0.5, 2: 0.5})
    assert 3 not in found.tenant_frac


def test_who_may_take_three_parts_of_four_stands_higher() -> None:
    shares = FairShare()
    for account in (LAB, FIRM):
        shares.add(account, MUCH_CORE_S, NOW_S, HALF_LIFE_S)

    found = standing(shares, t1=3.0).tenant_frac

    assert found[1] == pytest.approx(0.5 ** (0.5 / 0.75))
    assert found[2] == pytest.approx(0.5 ** (0.5 / 0.25))


def test_projects_share_what_their_tenant_took() -> None:
    shares = FairShare()
    shares.add((1, "thesis"), 3 * MUCH_CORE_S, NOW_S, HALF_LIFE_S)
    shares.add((1, "course"), MUCH_CORE_S, NOW_S, HALF_LIFE_S)
    shares.add((2, "thesis"), MUCH_CORE_S, NOW_S, HALF_LIFE_S)

    usual = standing(shares).project_frac
    wider = standing(shares, t1_thesis=3.0).project_frac

    assert usual[1, "thesis"] == pytest.approx(0.5**1.5)
    assert usual[1, "course"] == pytest.approx(0.5**0.5)
    assert usual[2, "thesis"] == pytest.approx(0.5)
    assert wider[1, "thesis"] == wider[1, "course"] == pytest.approx(0.5)


def test_a_first_small_job_hardly_puts_its_tenant_back() -> None:
    shares = FairShare()
    shares.add(LAB, 60.0, NOW_S, HALF_LIFE_S)

    found = shares.standing(NOW_S, HALF_LIFE_S, {}, least_core_s=3600.0 * 64)

    assert found.tenant_frac[1] > 0.999


def test_what_ended_is_carried_over_and_crumbs_are_not() -> None:
    shares = FairShare()
    shares.add((1, "thesis"), 5000.0, NOW_S, HALF_LIFE_S)
    shares.add(FIRM, 0.5, NOW_S, HALF_LIFE_S)

    again = FairShare()
    again.restore(shares.to_plain(), HALF_LIFE_S)

    assert shares.to_plain() == again.to_plain() == [[1, "thesis", 5000.0, NOW_S]]
