import itertools
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from simulation.report import svg
from simulation.report.frontier import Point, frontier
from simulation.report.heatmap import Group, heatmap
from simulation.report.lines import Course, Panel, course_picture
from simulation.report.rows import Row, bars, dots
from simulation.report.scale import Scale, named, round_step, rounded_out


def _parsed(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 - our own drawing


def _row(value: float, half: float | None = None, name: str = "coldest") -> Row:
    return Row(name=name, value=value, half=half, shown=f"{value:.1f}", tone="plain")


def _of_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [item for item in root.iter() if name in item.get("class", "").split()]


def test_names_cannot_break_out_of_a_picture() -> None:
    picture = svg.picture(10, 10, '<b>"&', svg.text(0, 0, "</text><script>"))

    assert "<script>" not in picture
    [text] = [item for item in _parsed(picture) if item.tag == "text"]
    assert text.text == "</text><script>"


@pytest.mark.parametrize(
    ("value", "written"), [(1.0, "1"), (0.126, "0.13"), (-2.5, "-2.5"), (1200.0, "1200")]
)
def test_coordinates_are_short(value: float, written: str) -> None:
    assert svg.number(value) == written


@pytest.mark.parametrize(
    ("span", "about", "step"), [(10, 5, 2), (1, 4, 0.25), (97, 4, 25), (0.03, 3, 0.01), (7, 7, 1)]
)
def test_axes_step_by_round_values(span: float, about: int, step: float) -> None:
    assert round_step(span, about) == pytest.approx(step)


@pytest.mark.parametrize("ends", [(0.0, 0.0), (97.3, 99.9), (-3.0, 4.0), (5.0, 5.0), (1e-6, 2e-6)])
def test_an_axis_holds_its_values_and_has_a_length(ends: tuple[float, float]) -> None:
    low, high = rounded_out(*ends)

    assert low <= ends[0] <= ends[1] <= high
    assert low < high


def test_ticks_lie_within_the_axis_and_include_its_round_ends() -> None:
    scale = Scale(low=0.1, high=0.7, low_px=0, high_px=100)

    assert scale.ticks(6) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    assert scale.px(0.4) == pytest.approx(50)
    assert (scale.px(-5), scale.px(5)) == (0, 100)


def test_ticks_are_written_without_needless_decimals() -> None:
    assert [named(value) for value in (0.0, 0.30000000000000004, 98.5, 12000.0)] == [
        "0",
        "0.3",
        "98.5",
        "12\u202f000",
    ]


def test_bars_are_as_long_as_their_values() -> None:
    root = _parsed(bars("heat", "MWh", [_row(10.0), _row(5.0), _row(0.0)]))
    widths = [float(bar.get("width", "")) for bar in _of_class(root, "bar")]

    assert widths[0] == pytest.approx(2 * widths[1], rel=0.01)
    assert widths[2] < 1


def test_dots_stand_in_the_order_of_their_values_left_of_the_mark() -> None:
    root = _parsed(dots("heat", "%", [_row(84.0, 2.0), _row(97.4)], mark=100.0))
    places = [float(dot.get("cx", "")) for dot in _of_class(root, "dot")]
    [mark] = _of_class(root, "mark")

    assert places[0] < places[1] < float(mark.get("x1", ""))
    assert len(_of_class(root, "whisker")) == 3


def test_no_row_leaves_an_empty_picture_that_still_is_one() -> None:
    assert _parsed(bars("heat", "MWh", [])).tag == "svg"
    assert _parsed(frontier("cell", "h", "%", [])).tag == "svg"


def test_a_picture_says_its_figures_to_whoever_does_not_see_it() -> None:
    root = _parsed(dots("hard, summer", "% of the oracle", [_row(97.4)], mark=100.0))
    title = root.find("title")

    assert root.get("role") == "img"
    assert title is not None
    assert "coldest 97.4" in str(title.text)


def _points(n: int) -> list[Point]:
    rng = np.random.default_rng(3)
    return [
        Point(
            name=f"policy-{index}",
            family=f"policy-{index}",
            x=float(rng.uniform(0, 3)),
            y=float(rng.uniform(97, 99)),
            tone="plain",
        )
        for index in range(n)
    ]


def test_names_of_a_crowd_do_not_cover_one_another() -> None:
    root = _parsed(frontier("cell", "h", "%", _points(12)))
    boxes = [
        (float(item.get("x", "")), float(item.get("y", "")), svg.text_width_px(str(item.text)))
        for item in _of_class(root, "label")
    ]

    assert len(boxes) == 12
    overlaps = [
        (one, other)
        for one, other in itertools.combinations(boxes, 2)
        if abs(one[1] - other[1]) < 11
        and one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
    ]
    assert overlaps == []


def test_settings_of_one_policy_are_joined_in_the_order_of_waiting() -> None:
    points = [
        Point(name=f"ours {wait}", family="ours", x=wait, y=90 + wait, tone="ours")
        for wait in (3.0, 1.0, 2.0)
    ]
    root = _parsed(frontier("cell", "h", "%", [*points, *_points(1)]))
    [line] = _of_class(root, "line")
    xs = [float(place.split(",")[0]) for place in line.get("points", "").split()]

    assert len(xs) == 3
    assert xs == sorted(xs)


def test_a_course_goes_through_every_hour_and_names_do_not_touch() -> None:
    hours = np.arange(168.0)
    courses = tuple(
        Course(name=name, values=20 + level + np.sin(hours / 4), tone=name)
        for name, level in (("water", 0.0), ("set", 0.01), ("limit", 0.02))
    )
    root = _parsed(course_picture("a week", [Panel(says="water, C", courses=courses)]))
    ends = sorted(float(item.get("y", "")) for item in _of_class(root, "label"))

    assert [len(line.get("points", "").split()) for line in _of_class(root, "line")] == [168] * 3
    assert min(b - a for a, b in itertools.pairwise(ends)) >= 12


def test_a_course_that_never_changes_is_drawn() -> None:
    flat = Course(name="demand", values=np.zeros(24), tone="demand")

    root = _parsed(course_picture("a day", [Panel(says="kW", courses=(flat,), is_from_zero=True)]))

    assert len(_of_class(root, "line")) == 1


def test_a_heatmap_paints_busy_hours_and_leaves_idle_ones_empty() -> None:
    busy = np.array([[0.0, 1.0], [0.0, 1.0], [0.1, 1.0], [0.0, 0.0]])
    root = _parsed(heatmap("cell", [Group(name="pool", busy_frac=busy)]))
    drawn = {
        shade: re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)", path.get("d", ""))
        for shade in range(1, 6)
        for path in _of_class(root, f"shade{shade}")[:1]
    }

    [full] = drawn[5]  # Three busy hours are one stroke.
    [light] = drawn[1][:1]
    assert float(full[2]) == pytest.approx(3 * float(light[2]), rel=0.01)
    assert float(full[0]) < float(light[0])
    assert float(light[1]) < float(full[1])  # The first site stands above the second.
