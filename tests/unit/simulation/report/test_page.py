import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

from simulation.report.page import page_of, write_report
from simulation.results.results import CellResult
from tests.support.cells import POLICIES, a_cell, a_run

_VOID = {"meta", "br", "hr", "img", "link"}


class _Balance(HTMLParser):
    """Notices an element that is closed wrongly."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.add(tag)
        if tag not in _VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def _cells(*, with_series: bool = True) -> list[CellResult]:
    return [
        a_cell(season=season, seed=seed, with_series=with_series and seed == 1)
        for season in ("winter", "summer")
        for seed in (1, 2, 3)
    ]


def _anchors(page: str) -> list[str]:
    return re.findall(r'<section id="(\w+)">', page)


def _row(page: str, anchor: str, policy: str) -> str:
    section = page.split(f'<section id="{anchor}">')[1].split("</section>", 1)[0]
    rows: list[str] = re.findall(r"<tr[^>]*><td>(.*?)</tr>", section)
    return next(row for row in rows if row.startswith(f"{policy}</td>"))


def test_the_page_has_every_picture_and_a_way_to_it() -> None:
    page = page_of(_cells())

    assert _anchors(page) == ["heat", "waiting", "waste", "week", "places", "bound", "comfort"]
    assert all(f'href="#{anchor}"' in page for anchor in _anchors(page))


def test_each_picture_stands_beside_the_page_as_a_file_of_its_own(tmp_path: Path) -> None:
    page = write_report(tmp_path, _cells()).read_text()

    names = {path.name for path in tmp_path.glob("*.svg")}
    assert {"heat-1.svg", "waiting-1.svg", "week-1.svg"} < names
    assert len(names) == page.count("<svg ")
    for name in names:
        picture = ET.fromstring((tmp_path / name).read_text())  # noqa: S314 - our own drawing
        assert picture.tag == "{http://www.w3.org/2000/svg}svg"
        assert float(picture.attrib["width"]) > 0
        assert picture.findtext("{http://www.w3.org/2000/svg}title")
        assert "--ours" in (picture.findtext("{http://www.w3.org/2000/svg}style") or "")


def test_the_page_asks_nobody_for_anything_and_runs_nothing() -> None:
    page = page_of(_cells())
    balance = _Balance()
    balance.feed(page)

    assert balance.opened == []
    assert not balance.seen & {"script", "link", "img", "iframe", "object"}
    assert not re.search(r"https?://|\bsrc=|url\(|@import", page)
    assert "default-src 'none'" in page


def test_every_picture_is_sound_and_stands_beside_its_figures() -> None:
    page = page_of(_cells())
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)

    assert len(pictures) > 10
    # What is parsed is our own drawing.
    assert all(ET.fromstring(picture).get("role") == "img" for picture in pictures)  # noqa: S314
    for block in page.split('<div class="block')[1:]:
        assert "<table>" in block


def test_colours_are_there_for_light_and_for_dark_and_every_tone_has_one() -> None:
    page = page_of(_cells())
    tones = set(re.findall(r'class="(?:bar|dot|line) (\w+)"', page))

    assert "prefers-color-scheme: dark" in page
    assert {"ours", "recipe", "coldest", "plain", "water", "heat", "demand"} <= tones
    assert [tone for tone in tones if f".{tone} {{" not in page] == []


def test_figures_on_the_page_are_those_of_the_runs() -> None:
    runs = tuple(
        a_run(policy, oracle_frac=frac, useful_kwh=heat, dumped_kwh=7_654.0)
        for policy, frac, heat in (("coldest", 0.8123, 8_123.0), ("chaufferie", 0.9876, 9_876.0))
    )
    page = page_of([CellResult(scenario="hard", season="summer", seed=1, runs=runs, sites=())])

    assert "98.76" in _row(page, "heat", "chaufferie")
    assert "+17.53" in _row(page, "heat", "chaufferie")
    assert "8\u202f123" in _row(page, "heat", "coldest")
    assert "7\u202f654" in _row(page, "waste", "coldest")
    assert "most useful heat by chaufferie, 98.76 % of the oracle" in page


def test_ours_is_told_apart_from_the_others() -> None:
    page = page_of(_cells())

    assert page.count('<tr class="ours">') >= 2
    assert page.count('<tr class="ours">') < page.count("<tr>")


def test_without_series_and_oracle_the_page_shows_what_there_is() -> None:
    cells = [
        replace(
            cell,
            runs=tuple(
                replace(run, oracle_frac=None, oracle_kwh=None, oracle_replay_frac=None)
                for run in cell.runs
            ),
        )
        for cell in _cells(with_series=False)
    ]
    page = page_of(cells)

    assert _anchors(page) == ["heat", "waiting", "waste", "comfort"]
    assert "MWh" in page
    assert "% of the oracle</text>" not in page


def test_a_policy_alone_needs_no_baseline() -> None:
    page = page_of([a_cell(policies=("random",), with_series=True)])

    assert "week" in _anchors(page)
    assert "hard, summer, random" in page


def test_the_plain_name_of_ours_goes_before_its_settings_in_close_views() -> None:
    names = ("coldest", "chaufferie patience=0", "chaufferie")
    page = page_of([a_cell(policies=names, with_series=True)])

    assert "(hard, summer, chaufferie)" in page
    assert "(hard, summer, chaufferie patience=0)" not in page


def test_what_failed_stands_above_everything_else() -> None:
    page = page_of(_cells(), ["hard, mid, seed 4 failed: ValueError in plant.py, line 3: <no>."])

    assert page.index("seed 4 failed") < page.index("<main>")
    assert "&lt;no&gt;" in page


def test_a_scenario_cannot_write_into_the_page() -> None:
    page = page_of([a_cell(scenario="<script>alert(1)</script>", policies=POLICIES)])

    assert "<script>" not in page


def test_the_same_cells_give_the_same_page() -> None:
    assert page_of(_cells()) == page_of(_cells())
