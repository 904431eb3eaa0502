"""Heat promised by what runs: what is added is taken away again, to nothing."""

import numpy as np
import pytest

from scheduler.forecast.survival import N_BLOCKS, length_index
from scheduler.placement.state.promises import Promises

NOW_S, HOUR_S = 1000.0, 3600.0
TWO_HOURS = length_index(0.7)


def _add(promises: Promises, site: int, **changes: float | bool) -> int:
    usual: dict[str, float | bool] = {
        "heat_w": 500.0,
        "now_s": NOW_S,
        "done_s": 0.0,
        "limit_s": 20 * HOUR_S,
        "is_brief": False,
        "is_urgent": False,
        "time_factor": 1.0,
    }
    fields: dict[str, object] = {**usual, **changes}
    return promises.add(site=site, length=TWO_HOURS, spread=0, **fields)  # type: ignore[arg-type]  # mixed fields


def test_what_a_job_promises_is_gone_when_it_is_gone() -> None:
    promises = Promises()
    rows = [_add(promises, site, is_brief=site % 2 == 0, is_urgent=site == 3) for site in range(40)]
    assert (promises.heat_wh(40).sum(1) > 500.0).all()

    for row in rows:
        promises.remove(row)

    assert np.abs(promises.heat_wh(40)).max() < 1e-9
    assert np.abs(promises.brief_heat_wh(40)).max() < 1e-9
    assert abs(promises.urgent_w) + np.abs(promises.urgent_wh).max() < 1e-9


def test_a_refresh_at_the_same_instant_changes_nothing() -> None:
    promises = Promises()
    for number in range(100):
        _add(promises, number % 7, is_brief=number % 3 == 0, is_urgent=number % 5 == 0)
    before = [
        table.copy()
        for table in (promises.heat_wh(7), promises.brief_heat_wh(7), promises.urgent_wh)
    ]

    promises.refresh(NOW_S, 1.0, 7)

    after = (promises.heat_wh(7), promises.brief_heat_wh(7), promises.urgent_wh)
    for one, other in zip(before, after, strict=True):
        assert one == pytest.approx(other, rel=1e-12)


def test_after_a_refresh_of_older_jobs_the_books_still_close_to_nothing() -> None:
    promises = Promises()
    rows = [_add(promises, number % 3, is_urgent=number % 2 == 0) for number in range(30)]
    promises.refresh(NOW_S + 5 * HOUR_S, 1.0, 3)

    for row in rows:
        promises.remove(row)

    assert np.abs(promises.heat_wh(3)).max() < 1e-9
    assert promises.urgent_w == pytest.approx(0.0, abs=1e-9)


def test_with_no_job_left_a_refresh_shows_nothing() -> None:
    promises = Promises()
    promises.remove(_add(promises, 2))

    promises.refresh(NOW_S, 1.0, 5)

    assert promises.heat_wh(5).tolist() == np.zeros((5, N_BLOCKS)).tolist()


def test_a_job_is_counted_by_the_age_it_has_at_a_refresh() -> None:
    promises = Promises()
    _add(promises, 0)
    soon_wh = float(promises.heat_wh(1)[0, 0])

    promises.refresh(NOW_S + 10 * HOUR_S, 1.0, 1)

    # Far past its median it is less sure to last the coming hour.
    assert 0.0 < float(promises.heat_wh(1)[0, 0]) < 0.8 * soon_wh


def test_a_job_that_starts_later_than_it_was_offered_is_as_old_as_its_run() -> None:
    promises, prompt = Promises(), Promises()
    row = _add(promises, 0)
    promises.start(row, NOW_S + 60.0)
    _add(prompt, 0, now_s=NOW_S + 60.0)

    for each in (promises, prompt):
        each.refresh(NOW_S + HOUR_S, 1.0, 1)

    assert np.array_equal(promises.heat_wh(1), prompt.heat_wh(1))


def test_nothing_is_promised_past_the_limit() -> None:
    promises = Promises()
    _add(promises, 0, limit_s=1.5 * HOUR_S)

    assert promises.heat_wh(1)[0, 2:].tolist() == [0.0] * (N_BLOCKS - 2)


def test_a_brief_job_promises_two_hours_and_is_told_apart() -> None:
    promises = Promises()
    _add(promises, 0, is_brief=True)
    _add(promises, 0)

    brief = promises.brief_heat_wh(1)[0]

    assert brief[:2].sum() > 500.0
    assert brief[2:].sum() == 0.0
    assert (promises.heat_wh(1)[0] >= brief).all()


def test_run_time_from_earlier_attempts_counts_as_age() -> None:
    fresh, resumed = Promises(), Promises()
    _add(fresh, 0)
    _add(resumed, 0, done_s=10 * HOUR_S)

    assert 0.0 < resumed.heat_wh(1)[0, 0] < 0.8 * fresh.heat_wh(1)[0, 0]


def test_where_plants_run_faster_a_second_is_worth_more_heat() -> None:
    slow, fast = Promises(), Promises()
    _add(slow, 0, limit_s=1800.0)
    _add(fast, 0, limit_s=30.0, time_factor=60.0)

    assert fast.heat_wh(1).sum() == pytest.approx(slow.heat_wh(1).sum())


def test_sites_with_news_are_named() -> None:
    promises = Promises()
    row = _add(promises, 3)
    assert promises.changed == {3}

    promises.changed.clear()
    promises.remove(row)
    assert promises.changed == {3}


def test_a_row_is_used_again_when_its_job_has_ended() -> None:
    promises = Promises()
    row = _add(promises, 0)
    promises.remove(row)

    assert _add(promises, 1) == row
    assert promises.heat_wh(2)[0].sum() == pytest.approx(0.0, abs=1e-9)
