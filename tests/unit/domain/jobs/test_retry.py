"""How long a job that failed waits before it is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.retry import FIRST_DELAY_S, LONGEST_DELAY_S, retry_delay_s

NUMBERS = st.integers(1, 10**9)


@given(instance_id=NUMBERS, attempt=NUMBERS, failures=NUMBERS)
def test_the_wait_doubles_up_to_its_bound_and_is_spread(
    instance_id: int, attempt: int, failures: int
) -> None:
    most_s = min(FIRST_DELAY_S * 2.0 ** min(failures - 1, 20), LONGEST_DELAY_S)
    delay_s = retry_delay_s(instance_id=instance_id, attempt=attempt, failures=failures)
    assert most_s / 2 <= delay_s <= most_s
    assert delay_s == retry_delay_s(instance_id=instance_id, attempt=attempt, failures=failures)


def test_jobs_that_failed_together_do_not_come_back_together() -> None:
    delays = {round(retry_delay_s(instance_id=n, attempt=1, failures=1), 1) for n in range(100)}
    assert len(delays) > 30
