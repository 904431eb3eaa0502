import pytest

from scheduler.explaining.wording import cores, in_words, kilowatt_hours, percent


@pytest.mark.parametrize(
    ("duration_s", "text"),
    [(0.4, "0 s"), (59, "59 s"), (150, "2.5 min"), (7200, "2.0 h"), (86_400, "24 h")],
)
def test_lengths_of_time_are_said_as_people_say_them(duration_s: float, text: str) -> None:
    assert in_words(duration_s) == text


def test_quantities_are_said_as_people_say_them() -> None:
    assert [cores(1), cores(8)] == ["1 core", "8 cores"]
    assert [percent(0.0), percent(0.974)] == ["0 %", "97 %"]
    assert [kilowatt_hours(950.0), kilowatt_hours(2640.0)] == ["950 Wh", "2.6 kWh"]
