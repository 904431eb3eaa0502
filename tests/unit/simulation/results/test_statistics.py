import math

import pytest

from simulation.results.statistics import estimate, paired_difference, student_quantile


@pytest.mark.parametrize(
    ("degrees", "printed"),
    # NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2, column 0.975.
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262), (10, 2.228), (30, 2.042)],
)
def test_quantiles_are_those_that_handbooks_print(degrees: int, printed: float) -> None:
    assert student_quantile(degrees) == pytest.approx(printed, abs=5e-4)


def test_many_degrees_of_freedom_are_the_normal_law() -> None:
    assert student_quantile(100_000) == pytest.approx(1.95996, abs=1e-4)


def test_the_interval_of_a_known_sample() -> None:
    found = estimate([1.0, 2.0, 3.0, 4.0, 5.0])

    assert found is not None
    assert found.mean == 3.0
    assert found.ci95 == pytest.approx(2.7764 * math.sqrt(2.5 / 5), rel=1e-4)


def test_one_value_says_nothing_of_its_spread() -> None:
    found = estimate([7.0])

    assert found is not None
    assert (found.n, found.mean, found.ci95) == (1, 7.0, None)


def test_no_value_has_no_mean() -> None:
    assert estimate([]) is None


def test_what_both_met_cancels_out_of_a_paired_difference() -> None:
    hard_seeds = {1: 0.70, 2: 0.90, 3: 0.80}
    better = {seed: value + 0.01 for seed, value in hard_seeds.items()}

    found = paired_difference(better, hard_seeds)
    alone = estimate(list(better.values()))

    assert found is not None
    assert alone is not None
    assert found.mean == pytest.approx(0.01)
    assert found.ci95 == pytest.approx(0.0, abs=1e-12)
    assert alone.ci95 is not None
    assert alone.ci95 > 0.2


def test_only_seeds_that_both_have_are_paired() -> None:
    found = paired_difference({1: 2.0, 2: 5.0}, {2: 1.0, 3: 9.0})

    assert found is not None
    assert (found.n, found.mean) == (1, 4.0)
    assert paired_difference({1: 2.0}, {2: 1.0}) is None
