"""Files of indexes in the ledger: merged by time, sealed with the rest, never against a node."""

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from domain.calendar.months import begin_of
from domain.fleet.reading import Reading
from domain.refusal import Refused
from domain.registers.declaration import Act, Declaration, Evidence
from domain.registers.register import Doubt, Mark
from metering.keeping.deciding import Verdict, case_id, find_case, take_verdict
from metering.keeping.declaring import Wanted, take_declaration
from metering.keeping.importing import OfMeter
from metering.keeping.standing import standings
from metering.keeping.verifying import verify
from metering.ledger.lines import Case
from store.checks.ledger_offenders import (
    broken_chains,
    changed_lines,
    miscounted_rows,
    wrong_closings,
)
from store.ledger.closed_months import segments
from store.ledger.ledger_tables import register_ledger
from store.ledger.pruning import prune_registers
from store.tables.installation import audit
from tests.support.indexes import index_file, looked, taken, wrong_lines
from tests.support.metered import (
    FEBRUARY,
    HEAT_WH,
    HOUR_S,
    JANUARY,
    MARCH,
    REAL,
    close,
    confirm,
    hourly,
    lines,
    meter_id_of,
    tell,
)
from tests.support.scene import Scene

BEGIN_S = begin_of(JANUARY)
JANUARY_H, FEBRUARY_H = 31 * 24, 28 * 24
#: The node falls silent on the 20th of January and is heard again on the 10th of February.
SILENT_H, HEARD_H = 19 * 24, 40 * 24


def told(scene: Scene) -> list[Reading]:
    """A real boiler that was silent for three weeks; what its meter truly showed each hour."""
    node_id = scene.node(spec=REAL)
    scene.clock.now_s = begin_of(MARCH) + 14 * 24 * HOUR_S
    shown = hourly(node_id, BEGIN_S, 73 * 24)
    tell(scene, [*shown[:SILENT_H], *shown[HEARD_H:]])
    confirm(scene, f"H-{node_id}")
    return shown


def cases(scene: Scene, serial: str = "H-1") -> list[Case]:
    with scene.database.read() as connection:
        now_s = scene.database.now_s(connection)
        found = [
            item
            for item in standings(connection, None, now_s)
            if item.account.known.facts.serial == serial
        ]
    return list(found[0].cases)


def sound(scene: Scene) -> bool:
    with scene.database.read() as connection:
        broken = [item.broken for item in verify(connection, None) if item.broken]
    with scene.store.transaction() as tx:
        looks = (broken_chains, changed_lines, miscounted_rows, wrong_closings)
        return not broken and not any(look(tx) for look in looks)


def test_what_was_read_while_the_node_was_silent_stands_at_the_edge_of_the_month(
    scene: Scene,
) -> None:
    shown = told(scene)

    assert taken(scene, index_file(shown[SILENT_H:HEARD_H])) == HEARD_H - SILENT_H
    close(scene, JANUARY)
    close(scene, FEBRUARY)

    (january,), (february,) = lines(scene, JANUARY), lines(scene, FEBRUARY)
    assert january.energy_wh == JANUARY_H * HEAT_WH
    assert january.to_index_wh == february.from_index_wh == 100_000 + JANUARY_H * HEAT_WH
    assert january.marks == february.marks == (Mark.FROM_FILE,)
    assert cases(scene) == []
    assert sound(scene)


def test_a_file_taken_in_twice_changes_nothing_and_leaves_no_trace(scene: Scene) -> None:
    shown = told(scene)
    text = index_file(shown[SILENT_H:HEARD_H])
    taken(scene, text)

    with scene.store.transaction() as tx:
        before = tx.connection.execute(select(register_ledger)).all()
    scene.clock.advance(3600.0)
    backwards = "\n".join([text.splitlines()[0], *reversed(text.splitlines()[1:])])

    assert [taken(scene, text), taken(scene, backwards)] == [0, 0]
    with scene.store.transaction() as tx:
        assert tx.connection.execute(select(register_ledger)).all() == before
        actions = tx.connection.execute(select(audit.c.action)).scalars().all()
    assert list(actions).count("meter.import") == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_order_parts_and_repeats_of_files_change_no_digest(scene: Scene, seed: int) -> None:
    node_id = scene.node(spec=REAL)
    scene.clock.now_s = begin_of(FEBRUARY) + 15 * 24 * HOUR_S
    shown = hourly(node_id, BEGIN_S, 45 * 24)
    tell(scene, shown[:1])
    draw = np.random.default_rng(seed)
    node_told = [*shown[1:SILENT_H], *shown[HEARD_H:]]
    parts = []
    for is_file, items in ((True, shown[SILENT_H - 5 : HEARD_H + 5]), (False, node_told)):
        mixed = [items[place] for place in draw.permutation(len(items))]
        parts += [(is_file, mixed[start::3]) for start in (0, 1, 2, 0)]
    for place in draw.permutation(len(parts)):
        is_file, items = parts[place]
        if is_file:
            taken(scene, index_file(items))
        else:
            tell(scene, items)
    confirm(scene, f"H-{node_id}")
    close(scene, JANUARY)

    with scene.database.read() as connection:
        (segment,) = segments(connection, meter_id_of(scene, f"H-{node_id}"))
    assert segment.digest == DIGEST


#: Of those rows, on both databases and in whatever order.
DIGEST = "0ecae0853811e44f048cdb0b2c6faa4d5782d6bb985bb2109aaad4a26b07c19a"


def test_a_late_file_adjusts_the_next_month_and_no_closed_line(scene: Scene) -> None:
    shown = told(scene)
    close(scene, JANUARY)
    (before,) = lines(scene, JANUARY)
    assert Mark.TO_ESTIMATED in before.marks

    # The heat came in the last days of January, faster than its mean: the line knew no better.
    late = shown[SILENT_H : JANUARY_H + 1]
    raised = [_raised(item, 300 * place) for place, item in enumerate(late[:100])]
    (found,) = _of_meters(scene, index_file(raised))
    assert found.adjusts == (JANUARY,)
    taken(scene, index_file(raised))
    close(scene, FEBRUARY)

    assert lines(scene, JANUARY) == (before,)
    own, adjustment = lines(scene, FEBRUARY)
    assert (own.about_month, adjustment.about_month) == (FEBRUARY, JANUARY)
    assert adjustment.adjusts_line_id == before.line_id
    assert adjustment.energy_wh > 0
    assert before.energy_wh + adjustment.energy_wh + own.energy_wh == (
        (JANUARY_H + FEBRUARY_H) * HEAT_WH
    )
    assert sound(scene)


def _raised(item: Reading, by_wh: int) -> Reading:
    return replace(item, heat_register_wh=item.heat_register_wh + by_wh)


def _of_meters(scene: Scene, text: str) -> list[OfMeter]:
    found = looked(scene, text)
    assert isinstance(found, list), found
    return found


def test_a_file_in_another_unit_waits_in_quarantine_and_the_node_counts_on(scene: Scene) -> None:
    shown = told(scene)
    text = index_file(shown[:48], factor=1000)

    (checked,) = _of_meters(scene, text)
    assert cases(scene) == []  # A look changes nothing.
    taken(scene, text)

    (case,) = cases(scene)
    assert (case.count, case.most_wh) == (48, 0)
    assert {Doubt.AGAINST_NODE, Doubt.UNIT} <= set(case.reasons)
    ((doubted, numbers),) = [(item.case, item.lines) for item in checked.doubted]
    assert (doubted.reasons, numbers) == (case.reasons, tuple(range(2, 50)))
    close(scene, JANUARY)
    (line,) = lines(scene, JANUARY)
    assert Mark.IN_QUARANTINE in line.marks


def test_rows_of_a_file_that_were_rejected_never_count_and_are_named_no_more(
    scene: Scene,
) -> None:
    shown = told(scene)
    taken(scene, index_file(shown[:48], factor=1000))
    (case,) = cases(scene)
    name = case_id(meter_id_of(scene, "H-1"), case)
    assert ".file." in name

    def decide(*, is_accepted: bool) -> int | Refused:
        with scene.store.transaction() as tx:
            found = find_case(tx.connection, name, tx.now_s)
            assert not isinstance(found, Refused)
            return take_verdict(tx, found, Verdict(is_accepted=is_accepted, note="kWh", actor="t"))

    refused = decide(is_accepted=True)
    assert isinstance(refused, Refused)
    assert refused.code == "quarantine.not_acceptable"
    assert decide(is_accepted=False) == 48
    assert cases(scene) == []


def test_rows_that_contradict_one_another_or_go_back_are_doubted_with_their_lines(
    scene: Scene,
) -> None:
    shown = told(scene)
    good = index_file(shown[SILENT_H : SILENT_H + 20]).splitlines()
    twice = good[5].rsplit(";", 1)[0] + ";900.000"
    back = good[12].rsplit(";", 1)[0] + ";1.000"

    (found,) = _of_meters(scene, "\n".join([*good[:12], back, *good[13:], twice]))

    said = {item.case.doubt: item.lines for item in found.doubted}
    assert said[Doubt.CONFLICT] == (6, 22)
    assert said[Doubt.WENT_BACK] == (13,)


def test_a_row_of_the_node_that_comes_later_overthrows_what_a_file_said(scene: Scene) -> None:
    """Also across a month that was closed on what the file said."""
    node_id = scene.node(spec=REAL)
    shown = hourly(node_id, BEGIN_S, 73 * 24)
    scene.clock.now_s = begin_of(FEBRUARY) + 24 * HOUR_S
    tell(scene, shown[:SILENT_H])
    confirm(scene, f"H-{node_id}")
    wrong = [_raised(item, 400_000) for item in shown[JANUARY_H - 48 : JANUARY_H + 2]]
    taken(scene, index_file(wrong))
    assert cases(scene) == []
    close(scene, JANUARY)
    (before,) = lines(scene, JANUARY)
    assert before.energy_wh == JANUARY_H * HEAT_WH + 400_000

    scene.clock.now_s = begin_of(MARCH) + 3 * 24 * HOUR_S
    tell(scene, shown[JANUARY_H + 100 : 60 * 24])

    (case,) = cases(scene)
    assert (case.doubt, case.count) == (Doubt.AGAINST_NODE, 50)
    close(scene, FEBRUARY)
    own, adjustment = lines(scene, FEBRUARY)
    assert adjustment.about_month == JANUARY
    assert adjustment.energy_wh < 0
    total_wh = before.energy_wh + adjustment.energy_wh + own.energy_wh
    assert abs(total_wh - (JANUARY_H + FEBRUARY_H) * HEAT_WH) <= 1
    assert sound(scene)


def test_what_a_file_cannot_speak_of_is_refused_by_its_line(scene: Scene) -> None:
    shown = told(scene)
    strange = index_file(shown[:2]).replace("H-1", "H-77")
    early = index_file([_at(shown[0], BEGIN_S - 10 * HOUR_S), shown[5]])

    assert [line for line, _ in wrong_lines(scene, strange)] == [2, 3]
    ((line, sentence),) = wrong_lines(scene, early)
    assert line == 2
    assert "declare its installation" in sentence

    declared = Declaration(
        act=Act.INSTALL,
        at_s=BEGIN_S - 20 * HOUR_S,
        index_wh=100_000 - 20 * HEAT_WH,
        evidence=Evidence(note="the plumber's form"),
        actor="test",
    )
    with scene.store.transaction() as tx:
        answer = take_declaration(tx, Wanted(declaration=declared, serial="H-1"))
    assert isinstance(answer, int), answer
    before = [_at(_raised(shown[0], -h * HEAT_WH), BEGIN_S - h * HOUR_S) for h in range(1, 20)]
    assert taken(scene, index_file(before)) == 19
    assert cases(scene) == []


def _at(item: Reading, at_s: float) -> Reading:
    return replace(item, taken_at_s=at_s)


def test_a_month_whose_rows_are_gone_takes_no_file_and_later_ones_go_on(scene: Scene) -> None:
    shown = told(scene)
    taken(scene, index_file(shown[SILENT_H:HEARD_H]))
    for month in (JANUARY, FEBRUARY):
        close(scene, month)
    with scene.store.transaction() as tx:
        while prune_registers(tx, older_than_s=0.0):
            pass

    ((line, sentence),) = wrong_lines(scene, index_file(shown[10:11]))
    assert (line, "no longer kept" in sentence) == (2, True)
    later = [_at(item, item.taken_at_s + 600.0) for item in shown[HEARD_H : HEARD_H + 3]]
    assert taken(scene, index_file([_raised(item, 150) for item in later])) == 3
    assert cases(scene) == []
    close(scene, MARCH)
    assert [item.about_month for item in lines(scene, MARCH)] == [MARCH]
    assert sound(scene)
