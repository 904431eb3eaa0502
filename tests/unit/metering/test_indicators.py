import pytest

from metering.indicators import ere, erf, pue


def test_pue_is_all_electricity_over_that_of_the_servers() -> None:
    assert pue(1_040, 1_000) == pytest.approx(1.04)


def test_erf_is_reused_heat_over_all_electricity() -> None:
    assert erf(850, 1_000) == pytest.approx(0.85)


def test_ere_is_zero_when_all_is_reused_and_pue_when_none_is() -> None:
    assert ere(1_040, 1_040, 1_000) == 0.0
    assert ere(0, 1_040, 1_000) == pue(1_040, 1_000)


@pytest.mark.parametrize("heat_wh", [0, 400, 1_100])
def test_ere_equals_what_erf_leaves_of_pue(heat_wh: int) -> None:
    reuse, usage, left = erf(heat_wh, 1_100), pue(1_100, 1_000), ere(heat_wh, 1_100, 1_000)

    assert reuse is not None
    assert usage is not None
    assert left == pytest.approx((1.0 - reuse) * usage)


def test_an_impossible_erf_is_shown_and_not_hidden() -> None:
    assert erf(1_200, 1_000) == pytest.approx(1.2)


def test_no_electricity_has_no_ratio() -> None:
    assert (pue(0, 0), erf(0, 0), ere(0, 0, 0)) == (None, None, None)
