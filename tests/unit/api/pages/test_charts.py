import re

from hypothesis import given
from hypothesis import strategies as st

from api.pages import france
from api.pages.charts import HEIGHT, WIDTH, chart
from domain.towns.collectivities import Place

VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1e9, allow_nan=False)), min_size=1, max_size=31)


def test_bars_stand_on_zero_and_are_as_high_as_their_amounts() -> None:
    drawn = chart(["a", "b"], bars=[10.0, 20.0], line=[None, 15.0], from_zero=True)

    assert drawn is not None
    assert [tick.value for tick in drawn.ticks] == [0.0, 5.0, 10.0, 15.0, 20.0]
    low, high = drawn.bars
    assert abs(high.height - 2 * low.height) < 0.2
    assert low.y + low.height == high.y + high.height == drawn.ticks[0].y
    assert drawn.lines == []
    assert len(drawn.dots) == 1


def test_a_line_is_broken_where_nothing_was_read() -> None:
    drawn = chart(list("abcde"), bars=[], line=[25.0, 26.0, None, 26.0, 27.0], from_zero=False)

    assert drawn is not None
    assert len(drawn.lines) == 2
    assert drawn.ticks[0].value >= 24.0


def test_a_single_temperature_has_a_scale_whose_marks_differ() -> None:
    drawn = chart(["a"], bars=[], line=[20.0], from_zero=False)

    assert drawn is not None
    shown = [f"{tick.value:.{drawn.digits}f}" for tick in drawn.ticks]
    assert len(set(shown)) == len(shown) >= 3


def test_nothing_known_is_no_chart() -> None:
    assert chart(["a"], bars=[None], line=[None], from_zero=True) is None
    assert chart([], bars=[], line=[], from_zero=True) is None


@given(bars=VALUES, line=VALUES)
def test_everything_drawn_lies_inside_the_drawing(
    bars: list[float | None], line: list[float | None]
) -> None:
    size = min(len(bars), len(line))
    drawn = chart(["x"] * size, bars=bars[:size], line=line[:size], from_zero=True)

    if drawn is None:
        return
    xs = [item.x for item in drawn.bars] + [dot[0] for dot in drawn.dots]
    ys = [tick.y for tick in drawn.ticks] + [dot[1] for dot in drawn.dots]
    assert all(0 <= x <= WIDTH for x in xs)
    assert all(0 <= y <= HEIGHT for y in [*ys, *(item.y for item in drawn.bars)])
    assert 2 <= len(drawn.ticks) <= 7


def test_towns_stand_where_they_are_on_the_map() -> None:
    lille, nice, brest = (
        france.point(Place(latitude_deg=latitude, longitude_deg=longitude))
        for latitude, longitude in ((50.63, 3.06), (43.70, 7.27), (48.39, -4.49))
    )

    assert lille[1] < brest[1] < nice[1]
    assert brest[0] < lille[0] < nice[0]
    assert not france.is_on_map(Place(latitude_deg=-21.1, longitude_deg=55.5))


def test_the_outline_lies_inside_the_map() -> None:
    numbers = [float(text) for text in re.findall(r"[\d.]+", france.OUTLINE)]

    assert len(numbers) > 200
    assert min(numbers) >= 0
    assert max(numbers) <= france.WIDTH
