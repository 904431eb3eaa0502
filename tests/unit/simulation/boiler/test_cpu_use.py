import pytest

from simulation.boiler.cpu_use import LONGEST_BACKLOG_S, CpuUse

STEP_S = 0.5


def _settle(use: CpuUse, counts: list[float]) -> list[float]:
    return [use.step(count, 4.0, STEP_S) for count in counts]


def test_two_of_four_cores_busy_is_half_use() -> None:
    shares = _settle(CpuUse(cores=4.0), [step * 2 * STEP_S for step in range(30)])

    assert shares[-1] == pytest.approx(0.5, abs=1e-3)


def test_use_follows_the_work_within_a_few_steps() -> None:
    use = CpuUse(cores=4.0)
    busy = _settle(use, [step * 4 * STEP_S for step in range(10)])
    after = _settle(use, [9 * 4 * STEP_S] * 10)

    assert busy[4] > 0.9
    assert after[5] < 0.1


def test_every_cpu_second_is_shown_once_however_it_is_reported() -> None:
    use = CpuUse(cores=4.0)
    counts = [0.0, 0.0, 1.5, 1.5, 1.5, 3.0, 3.0] + [3.0] * 40
    shown_cpu_s = sum(share * 4 * STEP_S for share in _settle(use, counts))

    assert shown_cpu_s == pytest.approx(3.0, abs=1e-6)


def test_what_was_counted_before_the_first_look_is_not_shown() -> None:
    assert _settle(CpuUse(cores=4.0), [1000.0, 1000.0]) == [0.0, 0.0]


def test_a_warden_that_comes_later_is_counted_from_zero() -> None:
    use = CpuUse(cores=4.0)
    idle = use.step(None, None, STEP_S)
    shown_cpu_s = sum(share * 4 * STEP_S for share in _settle(use, [1.5] * 40))

    assert idle == 0.0
    assert shown_cpu_s == pytest.approx(1.5, abs=1e-6)


def test_a_count_that_begins_anew_goes_on_from_zero() -> None:
    use = CpuUse(cores=4.0)
    counts = [10.0, 10.0, 0.5] + [0.5] * 40
    shown_cpu_s = sum(share * 4 * STEP_S for share in _settle(use, counts))

    assert shown_cpu_s == pytest.approx(0.5, abs=1e-6)


def test_no_count_means_idle_and_never_more_than_full() -> None:
    use = CpuUse(cores=4.0)
    shares = [use.step(None, None, STEP_S), *_settle(use, [0.0, 500.0]), use.step(None, None, 0.5)]

    assert shares[0] == 0.0
    assert max(shares) <= 1.0


def test_a_sudden_pile_of_work_does_not_heat_for_long() -> None:
    use = CpuUse(cores=4.0)
    shares = _settle(use, [0.0, 1e6] + [1e6] * 40)

    assert sum(shares) * STEP_S <= LONGEST_BACKLOG_S + STEP_S
