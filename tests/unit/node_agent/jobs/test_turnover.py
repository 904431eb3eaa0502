"""How far ahead a node claims."""

from node_agent.jobs.turnover import Turnover


def test_long_jobs_are_never_claimed_ahead() -> None:
    turnover = Turnover()
    for second in range(10):
        turnover.note(float(second * 60), 4)
    assert turnover.ahead_cores(600.0) == 0


def test_hundreds_of_ends_a_second_are_claimed_ahead() -> None:
    turnover = Turnover()
    for tick in range(500):
        turnover.note(tick / 250, 1)
    assert 40 <= turnover.ahead_cores(2.0) <= 60


def test_claiming_ahead_fades_when_the_ends_stop() -> None:
    turnover = Turnover()
    for tick in range(500):
        turnover.note(tick / 250, 1)
    assert turnover.ahead_cores(6.0) == 0
