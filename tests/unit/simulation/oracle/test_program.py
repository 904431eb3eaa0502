"""A program is handed over whole, and its bound holds whatever the solver says."""

import numpy as np
import pytest

from simulation.oracle.rows import Program, Rows
from simulation.oracle.solving import INTERIOR_POINT, SIMPLEX, solve
from tests.support.oracle_milp import solve_whole

NONE = -1


def _two_by_two() -> Program:
    """Maximise 3 x + 2 y with x + y <= 4, x + 3 y <= 6, x <= 3: best at (3, 1), 11."""
    rows = Rows()
    x, y = np.array([0, 0]), np.array([1, 1])
    rows.add([(x, 1.0), (y, np.array([1.0, 3.0]))], np.array([4.0, 6.0]))
    return rows.program(cost=np.array([3.0, 2.0]), most=np.array([3.0, 10.0]))


@pytest.mark.parametrize("solver", [SIMPLEX, INTERIOR_POINT])
def test_the_optimum_is_found_and_proven(solver: str) -> None:
    answer = solve(_two_by_two(), solver=solver)

    assert answer.status == "Optimal"
    assert answer.values == pytest.approx([3.0, 1.0], abs=1e-6)
    assert answer.at_most == pytest.approx(11.0, rel=1e-6)
    assert answer.at_most >= 11.0 - 1e-9


@pytest.mark.parametrize("prices", [(0.0, 0.0), (1.0, 0.3), (5.0, 5.0), (-1.0, 2.0)])
def test_any_prices_give_an_upper_bound(prices: tuple[float, float]) -> None:
    assert _two_by_two().safe_bound(np.array(prices)) >= 11.0 - 1e-12


def test_the_right_prices_give_the_optimum() -> None:
    assert _two_by_two().safe_bound(np.array([2.0, 0.0])) == pytest.approx(11.0)


def test_an_equality_may_have_a_price_of_either_sign() -> None:
    rows = Rows()
    rows.add([(np.array([0]), 1.0), (np.array([1]), -1.0)], np.zeros(1), is_equal=True)
    program = rows.program(cost=np.array([1.0, 0.0]), most=np.array([10.0, 2.0]))

    assert program.safe_bound(np.array([1.0])) == pytest.approx(2.0)
    assert program.safe_bound(np.array([-1.0])) == pytest.approx(20.0)
    assert solve(program, solver=SIMPLEX).at_most == pytest.approx(2.0)


def test_a_missing_column_is_left_out() -> None:
    rows = Rows()
    rows.add([(np.array([NONE, 0]), 1.0), (np.array([1, 1]), 1.0)], np.array([2.0, 5.0]))
    program = rows.program(cost=np.array([1.0, 1.0]), most=np.array([9.0, 9.0]))

    assert program.start.tolist() == [0, 1, 3]
    assert solve(program, solver=SIMPLEX).at_most == pytest.approx(5.0)


def test_whole_numbers_are_whole() -> None:
    rows = Rows()
    rows.add([(np.array([0]), 2.0)], np.array([5.0]))
    program = rows.program(cost=np.array([1.0]), most=np.array([10.0]))

    answer = solve_whole(program, np.array([0]))

    assert answer.values == pytest.approx([2.0])
    assert answer.at_most == pytest.approx(2.0)


def test_the_solver_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Results go to standard output as JSON: a banner there would spoil them."""
    solve(_two_by_two(), solver=SIMPLEX)

    assert capfd.readouterr() == ("", "")
