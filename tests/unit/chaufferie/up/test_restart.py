from hypothesis import given
from hypothesis import strategies as st

from chaufferie.up.restart import HEALTHY_AFTER_S, LONGEST_PAUSE_S, Ends


def _after(*lives_s: float) -> Ends:
    ends = Ends()
    for lived_s in lives_s:
        ends = ends.after(lived_s)
    return ends


def test_a_program_that_ends_once_is_started_again_at_once() -> None:
    assert _after(3.0).pause_s == 0.0


def test_one_that_keeps_ending_is_started_less_and_less_often() -> None:
    pauses_s = [_after(*[0.1] * count).pause_s for count in range(1, 6)]

    assert pauses_s == [0.0, 0.2, 0.4, 0.8, 1.6]


def test_one_that_lived_well_in_between_is_started_at_once() -> None:
    assert _after(0.1, 0.1, 0.1, HEALTHY_AFTER_S).pause_s == 0.0


@given(st.lists(st.floats(min_value=0.0, max_value=1e9), max_size=200))
def test_no_history_makes_it_wait_longer_than_the_limit(lives_s: list[float]) -> None:
    assert 0.0 <= _after(*lives_s).pause_s <= LONGEST_PAUSE_S
