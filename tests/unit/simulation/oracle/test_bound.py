"""What the bound is on plants so simple that it can be reckoned by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.oracle.bound import Form, bound
from simulation.oracle.series import Cut, SiteSeries
from simulation.oracle.work import Work
from tests.support.oracle_milp import milp_bound

Floats = NDArray[np.float64]

HOUR_S = 3600.0
POWER_W = 1000.0


def _series(demand_wh: Floats, room_wh: float = 0.0, loss_frac: float = 0.0) -> SiteSeries:
    """Stores without a cooler, all power captured: ``e + u <= (1 - loss) e' + p``."""
    ones = np.ones(demand_wh.shape)
    balance = Cut(
        power=-ones,
        start=-(1.0 - loss_frac) * ones,
        end=ones,
        useful=ones,
        room=np.zeros(demand_wh.shape),
    )
    return SiteSeries(
        power_max_wh=np.full(len(demand_wh), POWER_W),
        useful_max_wh=demand_wh,
        excess_max_wh=room_wh * ones,
        undumped_max_wh=np.full(demand_wh.shape, np.inf),
        has_cooler=np.zeros(len(demand_wh), dtype=np.bool_),
        cuts=(balance,),
    )


def _jobs(*jobs: tuple[float, float, float, float]) -> Work:
    """Jobs as (release h, due h, power W, energy Wh)."""
    release_h, due_h, power_w, energy_wh = np.array(jobs).T
    return Work(
        release_s=release_h * HOUR_S, due_s=due_h * HOUR_S, power_w=power_w, energy_wh=energy_wh
    )


NO_DEMAND_AT_FIRST = np.array([[0.0, 0.0, 500.0, 500.0]])


@pytest.mark.parametrize("form", ["envelope", "full"])
class TestBothForms:
    def test_work_waits_for_heat_to_be_wanted(self, form: Form) -> None:
        found = bound(_series(NO_DEMAND_AT_FIRST), _jobs((0, 4, 500.0, 800.0)), form)

        assert found.status == "Optimal"
        assert found.useful_kwh == pytest.approx(0.8)
        assert found.site_power_w.sum() >= 800.0 - 1e-6

    def test_work_that_is_due_before_heat_is_wanted_brings_nothing(self, form: Form) -> None:
        found = bound(_series(NO_DEMAND_AT_FIRST), _jobs((0, 2, 500.0, 800.0)), form)

        assert found.useful_kwh == pytest.approx(0.0, abs=1e-9)

    def test_a_store_carries_its_heat_there(self, form: Form) -> None:
        series = _series(NO_DEMAND_AT_FIRST, room_wh=300.0)

        found = bound(series, _jobs((0, 2, 500.0, 800.0)), form)

        assert found.useful_kwh == pytest.approx(0.3)
        assert found.site_excess_wh[0, 1] == pytest.approx(300.0)

    def test_a_store_loses_some_of_it(self, form: Form) -> None:
        series = _series(NO_DEMAND_AT_FIRST, room_wh=300.0, loss_frac=0.1)

        found = bound(series, _jobs((0, 2, 500.0, 800.0)), form)

        assert found.useful_kwh == pytest.approx(0.3 * 0.9)

    def test_work_that_comes_late_is_not_done_early(self, form: Form) -> None:
        demand = np.array([[900.0, 900.0, 900.0, 0.0]])

        found = bound(_series(demand), _jobs((2.5, 9, 1000.0, 5000.0)), form)

        assert found.useful_kwh == pytest.approx(0.5)

    def test_a_narrow_job_cannot_fill_a_large_site(self, form: Form) -> None:
        demand = np.full((1, 3), 900.0)

        found = bound(_series(demand), _jobs((0, 3, 200.0, 5000.0)), form)

        assert found.useful_kwh == pytest.approx(0.6)

    def test_work_goes_where_heat_is_wanted(self, form: Form) -> None:
        demand = np.array([[0.0, 400.0], [300.0, 0.0]])

        found = bound(_series(demand), _jobs((0, 2, 2000.0, 2000.0)), form)

        assert found.useful_kwh == pytest.approx(0.7)
        assert found.site_useful_wh == pytest.approx(demand)

    def test_a_site_has_no_more_power_than_its_servers(self, form: Form) -> None:
        found = bound(_series(np.full((1, 2), 9000.0)), _jobs((0, 2, 9000.0, 9000.0)), form)

        assert found.useful_kwh == pytest.approx(2 * POWER_W / 1000.0)


def test_following_each_job_can_be_tighter_than_counting_intervals() -> None:
    """Two short windows around a long one: the intervals let its energy be in both."""
    demand = np.zeros((1, 8))
    demand[0, [1, 6]] = 1000.0
    work = _jobs((0, 3, 1000.0, 100.0), (5, 8, 1000.0, 100.0), (0, 8, 1000.0, 700.0))

    envelope, full = bound(_series(demand), work), bound(_series(demand), work, "full")

    assert full.useful_kwh == pytest.approx(0.9)
    assert envelope.useful_kwh >= full.useful_kwh - 1e-9


class TestJobsThatCannotBeCut:
    def test_a_job_runs_through_and_wastes_what_is_not_wanted(self) -> None:
        demand = np.array([[600.0, 0.0, 600.0]])
        work = _jobs((0, 3, 600.0, 1200.0))

        assert bound(_series(demand), work, "full").useful_kwh == pytest.approx(1.2)
        found = milp_bound(_series(demand), work)

        assert found.status == "Optimal"
        assert found.useful_kwh == pytest.approx(0.6)

    def test_a_job_is_not_spread_over_sites(self) -> None:
        demand = np.full((2, 1), 300.0)
        work = _jobs((0, 1, 600.0, 600.0))

        assert bound(_series(demand), work, "full").useful_kwh == pytest.approx(0.6)
        assert milp_bound(_series(demand), work).useful_kwh == pytest.approx(0.3)

    def test_a_job_that_fits_well_brings_as_much_as_a_fluid(self) -> None:
        demand = np.array([[0.0, 500.0, 500.0, 0.0]])
        work = _jobs((0, 4, 500.0, 1000.0))

        assert milp_bound(_series(demand), work).useful_kwh == pytest.approx(1.0)

    def test_without_a_job_that_fits_nothing_is_brought(self) -> None:
        work = _jobs((0, 1, 500.0, 1000.0))

        assert milp_bound(_series(np.full((1, 4), 500.0)), work).useful_kwh == pytest.approx(0.0)

    @pytest.mark.parametrize("seed", range(6))
    def test_it_is_never_above_the_linear_program_and_not_far_below(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        demand = rng.uniform(0.0, 1500.0, (3, 16))
        release_h = rng.integers(0, 10, 10).astype(np.float64)
        run_h = rng.integers(1, 5, 10)
        power_w = rng.choice([200.0, 400.0, 800.0], 10)
        due_h = np.minimum(release_h + run_h + rng.integers(0, 6, 10), 16)
        work = Work(
            release_s=release_h * HOUR_S,
            due_s=due_h * HOUR_S,
            power_w=power_w,
            energy_wh=power_w * run_h,
        )
        series = _series(demand, room_wh=400.0, loss_frac=0.02)

        rigid, fluid = milp_bound(series, work), bound(series, work, "full")

        assert rigid.status == "Optimal"
        assert rigid.useful_kwh <= fluid.useful_kwh * (1 + 1e-6)
        assert rigid.useful_kwh > 0.8 * fluid.useful_kwh
