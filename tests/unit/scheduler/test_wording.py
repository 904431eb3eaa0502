import pytest

from scheduler.wording import in_words


@pytest.mark.parametrize(
    ("duration_s", "text"),
    [(0.4, "0 s"), (59, "59 s"), (150, "2.5 min"), (7200, "2.0 h"), (86_400, "24 h")],
)
def test_lengths_of_time_are_said_as_people_say_them(duration_s: float, text: str) -> None:
    assert in_words(duration_s) == text
