"""The operator's page of quarantine: what a meter told that cannot be, why, and what mends it."""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pytest

from domain.calendar.months import begin_of
from domain.fleet.reading import Reading
from tests.contract.http.test_http_pages import sign_in
from tests.support.builders import reading
from tests.support.http_scene import HttpScene
from tests.support.metered import JANUARY

HOUR_S = 3600.0
#: What the boiler of these scenes gives in an hour [Wh].
STEP_WH = 900
COUNT, PLACE = 12, 6
_REJECT = re.compile(r"chaufferie quarantine reject (\S+) --note WHY")


@dataclass
class Boiler:
    """A real one, whose clock is that of the scene."""

    http: HttpScene
    node_id: int

    def tell(self, rows: Sequence[Reading], name: str = "boiler") -> None:
        """The node tells its rows as they were taken."""
        for item in rows:
            answer = self.http.post("/v1/agent/readings", name, json=[asdict(item)])
            assert answer.status_code == 200, answer.text
            codes = {refused["code"] for refused in answer.json()["refused"]}
            assert codes <= {"reading.conflict"}, (
                answer.text
            )  # it stands in the ledger all the same

    def page(self) -> str:
        sign_in(self.http)
        answer = self.http.get("/quarantine", None)
        assert answer.status_code == 200
        self.http.client.cookies.clear()
        return html.unescape(answer.text)


@pytest.fixture
def boiler(http: HttpScene) -> Boiler:
    http.clock.now_s = begin_of(JANUARY)
    node_id = http.node(http.site("Piscine"), is_simulated=False, max_power_w=5_000.0)
    http.clock.now_s = begin_of(JANUARY) + (COUNT + 1) * HOUR_S
    return Boiler(http, node_id)


def rows(boiler: Boiler) -> list[Reading]:
    """Half a day, hour by hour."""
    return [
        reading(
            boiler.node_id,
            number + 1,
            taken_at_s=begin_of(JANUARY) + number * HOUR_S,
            heat_register_wh=100_000 + number * STEP_WH,
            electricity_register_wh=number * 1000,
            simulated=False,
        )
        for number in range(COUNT)
    ]


def changed(where: slice, **change: Callable[[Any], Any]) -> Callable[[list[Reading]], None]:
    """What is done to some of the rows."""

    def apply(told: list[Reading]) -> None:
        for number in range(*where.indices(len(told))):
            old = told[number]
            values = {name: how(getattr(old, name)) for name, how in change.items()}
            told[number] = replace(old, **values)

    return apply


def twice(**change: Callable[[Any], Any]) -> Callable[[list[Reading]], None]:
    """One of the rows comes again, told otherwise."""

    def apply(told: list[Reading]) -> None:
        old = told[PLACE]
        told.append(replace(old, **{name: how(getattr(old, name)) for name, how in change.items()}))

    return apply


ONE, TAIL = slice(PLACE, PLACE + 1), slice(PLACE, None)
WENT_BACK, UNIT, FAST = "went back and no rollover", "by a power of ten", "more than can pass it"
ANOMALIES: dict[str, tuple[Callable[[list[Reading]], None], tuple[str, ...]]] = {
    "an index that goes back": (
        changed(TAIL, heat_register_wh=lambda wh: wh - 50_000),
        (WENT_BACK,),
    ),
    "kWh taken for Wh in one row": (
        changed(ONE, heat_register_wh=lambda wh: wh * 1000),
        (UNIT, FAST),
    ),
    "a unit that changes for good": (
        changed(TAIL, heat_register_wh=lambda wh: wh * 1000),
        (UNIT, FAST),
    ),
    "one row a thousand times too low": (
        changed(ONE, heat_register_wh=lambda wh: wh // 1000),
        (UNIT, WENT_BACK, "told too high"),
    ),
    "more than can pass the meter": (
        changed(ONE, heat_register_wh=lambda wh: wh + 5_000_000),
        (FAST, UNIT),
    ),
    "one row just possible, and higher than the next": (
        changed(ONE, heat_register_wh=lambda wh: wh + 3 * STEP_WH),
        ("told too high", WENT_BACK),
    ),
    "another meter in its place, not declared": (
        changed(TAIL, heat_meter_serial=lambda _: "H-NEW", heat_register_wh=lambda wh: wh - 99_000),
        ("took the place of another",),
    ),
    "a register reset, not declared": (
        changed(TAIL, heat_register_wh=lambda wh: wh - 105_000),
        (WENT_BACK,),
    ),
    "a row from the future": (
        changed(slice(COUNT - 1, None), taken_at_s=lambda at_s: at_s + 30 * HOUR_S),
        ("a time that had not come",),
    ),
    "a clock that was set back": (
        changed(ONE, taken_at_s=lambda at_s: at_s - 3 * HOUR_S),
        ("a time before that of the row before",),
    ),
    "one row told with two indexes": (
        twice(heat_register_wh=lambda wh: wh + 1),
        ("two values under one number",),
    ),
    "a simulated row of a real meter": (
        changed(ONE, simulated=lambda _: True),
        ("told as simulated though it is real",),
    ),
}


@pytest.mark.parametrize("what", ANOMALIES)
def test_each_kind_of_anomaly_stands_there_with_its_reason_and_what_mends_it(
    boiler: Boiler, what: str
) -> None:
    change, reasons = ANOMALIES[what]
    told = rows(boiler)
    change(told)

    boiler.tell(told)
    page = boiler.page()

    assert any(reason in page for reason in reasons), page
    assert "Piscine" in page
    commands = re.findall(r"<code>(chaufferie [^<]+)</code>", page)
    assert commands
    assert not [item for item in commands if "{" in item]


def test_clean_rows_leave_the_page_empty(boiler: Boiler) -> None:
    boiler.tell(rows(boiler))

    assert "Nothing is in quarantine." in boiler.page()


def test_two_nodes_that_claim_one_meter_are_told_with_the_command_that_names_the_reader(
    boiler: Boiler,
) -> None:
    told = rows(boiler)
    other = boiler.http.node(1, "second", is_simulated=False, max_power_w=5_000.0)
    boiler.tell(told)

    boiler.tell([replace(told[-1], node_id=other, seq=1)], "second")
    page = boiler.page()

    assert "another node than the one that reads it" in page
    assert f"meter declare H-{boiler.node_id} reader --node NODE" in page


def test_what_the_page_says_to_type_empties_it(boiler: Boiler) -> None:
    told = rows(boiler)
    changed(ONE, heat_register_wh=lambda wh: wh * 1000)(told)
    boiler.tell(told)
    found = _REJECT.findall(boiler.page())

    for case in found:
        body = {"is_accepted": False, "note": "the driver was set to kWh"}
        assert boiler.http.post(f"/v1/quarantine/{case}", "operator", json=body).status_code == 200

    assert found
    assert "Nothing is in quarantine." in boiler.page()


def test_whoever_may_not_decide_reads_the_reason_alone_and_strangers_nothing(
    boiler: Boiler,
) -> None:
    told = rows(boiler)
    changed(ONE, heat_register_wh=lambda wh: wh * 1000)(told)
    boiler.tell(told)

    assert boiler.http.get("/quarantine", None).status_code == 401
    tenant = boiler.http.get("/quarantine", "owner").text
    assert "does not look at meters" in tenant
    assert "Piscine" not in tenant
    operator = boiler.http.get("/quarantine", "operator")
    assert "Quarantine" in boiler.http.get("/", "operator").text
    assert "/quarantine" not in boiler.http.get("/", "owner").text
    assert "power of ten" in operator.text
