"""What people declare of meters and decide on rows, and what comes of it in the lines."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from domain.calendar.months import begin_of
from domain.refusal import Refused
from domain.registers.declaration import Act, Declaration, Evidence
from domain.registers.register import Doubt, Mark
from metering.keeping.closing import close_over
from metering.keeping.deciding import Verdict, case_id, find_case, take_verdict
from metering.keeping.declaring import Wanted, take_declaration
from metering.keeping.standing import standings
from metering.keeping.verifying import verify
from metering.ledger.lines import Case
from store.ledger.ledger_tables import register_ledger
from store.ledger.pruning import prune_registers
from store.tables.installation import audit
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
DAY_S = 24 * HOUR_S
SEEN = Evidence(note="read off the display")


@pytest.fixture
def node_id(scene: Scene) -> int:
    """A real boiler; it is the beginning of March."""
    scene.clock.now_s = begin_of(MARCH) + 2 * DAY_S
    return scene.node(spec=REAL)


def declare(
    scene: Scene,
    serial: str,
    act: Act,
    at_s: float,
    *,
    index_wh: int | None = None,
    closing_index_wh: int | None = None,
    replaces: str | None = None,
    node: str | None = None,
) -> int | Refused:
    item = Declaration(
        act=act,
        at_s=at_s,
        index_wh=index_wh,
        closing_index_wh=closing_index_wh,
        actor="test",
        evidence=SEEN,
    )
    wanted = Wanted(declaration=item, serial=serial, replaced_serial=replaces, node_name=node)
    with scene.store.transaction() as tx:
        return take_declaration(tx, wanted)


def code(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.code


def cases(scene: Scene, serial: str = "H-1") -> list[Case]:
    with scene.database.read() as connection:
        return [
            case
            for item in standings(connection, None, scene.clock.now_s)
            if item.account.known.facts.serial == serial
            for case in item.cases
        ]


def decide(scene: Scene, case: Case, *, accept: bool, index_wh: int | None = None) -> int | Refused:
    verdict = Verdict(is_accepted=accept, note="looked at", actor="test", index_wh=index_wh)
    with scene.database.read() as connection:
        wanted = case_id(meter_id_of(scene, "H-1"), case)
        found = find_case(connection, wanted, scene.clock.now_s)
    if isinstance(found, Refused):
        return found
    with scene.store.transaction() as tx:
        return take_verdict(tx, found, verdict)


def test_a_display_that_agrees_confirms_the_meter(scene: Scene, node_id: int) -> None:
    told = hourly(node_id, BEGIN_S, 48)
    tell(scene, told)

    shown_wh = told[-1].heat_register_wh + 450
    answer = declare(scene, "H-1", Act.CONFIRM, told[-1].taken_at_s + 1800.0, index_wh=shown_wh)

    assert answer == meter_id_of(scene, "H-1")
    close(scene, JANUARY)
    assert len(lines(scene, JANUARY)) == 1


@pytest.mark.parametrize("factor", [1000, 0.001])
def test_a_display_in_another_unit_is_refused_by_name(
    scene: Scene, node_id: int, factor: float
) -> None:
    told = hourly(node_id, BEGIN_S, 48)
    tell(scene, told)

    shown_wh = int(told[-1].heat_register_wh * factor)
    refused = declare(scene, "H-1", Act.CONFIRM, told[-1].taken_at_s, index_wh=shown_wh)

    assert code(refused) == "meter.disagrees"
    assert isinstance(refused, Refused)
    assert "factor of 1000" in refused.sentence


@pytest.mark.parametrize(
    ("act", "index_wh", "expected"),
    [
        (Act.CONFIRM, None, "meter.index"),
        (Act.SWAP, 0, "meter.replaced"),
        (Act.READER, None, "meter.node"),
        (Act.REMOVE, None, "meter.index"),
    ],
)
def test_a_declaration_that_says_too_little_is_refused(
    scene: Scene, node_id: int, act: Act, index_wh: int | None, expected: str
) -> None:
    tell(scene, hourly(node_id, BEGIN_S, 2))

    assert code(declare(scene, "H-1", act, BEGIN_S, index_wh=index_wh)) == expected


@pytest.mark.parametrize("act", [Act.RESET, Act.REMOVE])
def test_a_life_cannot_end_before_the_meter_was_heard_of(
    scene: Scene, node_id: int, act: Act
) -> None:
    tell(scene, hourly(node_id, BEGIN_S, 48))
    before_s = BEGIN_S - 30 * DAY_S

    ended = declare(scene, "H-1", act, before_s, index_wh=0)
    swapped = declare(
        scene, "H-2", Act.SWAP, before_s, index_wh=0, closing_index_wh=3, replaces="H-1"
    )

    assert (code(ended), code(swapped)) == ("meter.before", "meter.before")


def test_a_declaration_needs_evidence_and_a_past(scene: Scene, node_id: int) -> None:
    tell(scene, hourly(node_id, BEGIN_S, 2))
    bare = Declaration(act=Act.REMOVE, at_s=BEGIN_S, index_wh=1, actor="test")
    with scene.store.transaction() as tx:
        refused = take_declaration(tx, Wanted(declaration=bare, serial="H-1"))

    assert code(refused) == "meter.evidence"
    late = declare(scene, "H-1", Act.REMOVE, scene.clock.now_s + DAY_S, index_wh=1)
    assert code(late) == "meter.future"
    assert code(declare(scene, "H-9", Act.REMOVE, BEGIN_S, index_wh=1)) == "meter.unknown"


def _swap(scene: Scene, node_id: int) -> float:
    """The heat meter was swapped on 11 January at noon; the instant."""
    swap_s = BEGIN_S + 10 * DAY_S + 12 * HOUR_S
    old = hourly(node_id, BEGIN_S, 10 * 24 + 12)
    new = [
        replace(item, heat_meter_serial="H-new")
        for item in hourly(node_id, swap_s + HOUR_S, 22 * 24, 1000, heat_wh=HEAT_WH)
    ]
    tell(scene, [*old, *new])
    return swap_s


def test_a_declared_swap_counts_both_meters_up_to_and_from_their_displays(
    scene: Scene, node_id: int
) -> None:
    swap_s = _swap(scene, node_id)
    confirm(scene, "H-1")
    last_wh = 100_000 + (10 * 24 + 12) * HEAT_WH
    answer = declare(
        scene,
        "H-new",
        Act.SWAP,
        swap_s,
        index_wh=0,
        closing_index_wh=last_wh,
        replaces="H-1",
    )
    assert not isinstance(answer, Refused)
    close(scene, JANUARY)

    new, old = sorted(lines(scene, JANUARY), key=lambda line: line.meter_serial, reverse=True)
    old, new = (new, old) if new.meter_serial == "H-1" else (old, new)
    assert (old.to_index_wh, old.to_at_s) == (last_wh, swap_s)
    assert (new.from_index_wh, new.from_at_s) == (0, swap_s)
    assert old.energy_wh + new.energy_wh == 31 * 24 * HEAT_WH
    assert Mark.READ_BY_PERSON in old.marks
    assert Mark.LAST_INDEX in old.marks


def test_an_undeclared_swap_is_in_quarantine_and_counts_only_once_it_is_declared(
    scene: Scene, node_id: int
) -> None:
    swap_s = _swap(scene, node_id)
    confirm(scene, "H-1")

    (case,) = cases(scene, "H-new")
    assert case.doubt is Doubt.UNDECLARED
    refused = declare(scene, "H-new", Act.CONFIRM, swap_s + DAY_S, index_wh=24 * HEAT_WH)
    assert code(refused) == "meter.undeclared"
    close(scene, JANUARY)
    assert [line.meter_serial for line in lines(scene, JANUARY)] == ["H-1"]

    last_wh = 100_000 + (10 * 24 + 12) * HEAT_WH
    declare(scene, "H-new", Act.SWAP, swap_s, index_wh=0, closing_index_wh=last_wh, replaces="H-1")
    close(scene, FEBRUARY)

    assert cases(scene, "H-new") == []
    about_january = [*lines(scene, JANUARY)] + [
        line for line in lines(scene, FEBRUARY) if line.about_month == JANUARY
    ]
    assert sum(line.energy_wh for line in about_january) == 31 * 24 * HEAT_WH


def test_a_reset_that_is_declared_explains_what_stood_in_quarantine(
    scene: Scene, node_id: int
) -> None:
    reset_s = BEGIN_S + 5 * DAY_S
    before = hourly(node_id, BEGIN_S, 5 * 24)
    after = hourly(node_id, reset_s + HOUR_S, 27 * 24, 1000, heat_wh=HEAT_WH)
    tell(scene, [*before, *after])
    confirm(scene, "H-1")
    (case,) = cases(scene)
    assert (case.doubt, case.count) == (Doubt.WENT_BACK, len(after))

    last_wh = before[-1].heat_register_wh + HEAT_WH
    assert declare(scene, "H-1", Act.RESET, reset_s, index_wh=0, closing_index_wh=last_wh) == 1
    close(scene, JANUARY)

    assert cases(scene) == []
    assert sum(line.energy_wh for line in lines(scene, JANUARY)) == 31 * 24 * HEAT_WH
    assert [line.epoch for line in lines(scene, JANUARY)] == [1, 2]


def test_another_node_reads_the_meter_once_that_is_declared(scene: Scene, node_id: int) -> None:
    other_id = scene.node("second", spec=REAL, site_id=1)
    first = hourly(node_id, BEGIN_S, 5 * 24)
    second = [
        replace(item, heat_meter_serial="H-1", electricity_meter_serial="E-2")
        for item in hourly(
            other_id, BEGIN_S + 5 * DAY_S, 27 * 24, heat_wh=100_000 + 5 * 24 * HEAT_WH
        )
    ]
    tell(scene, first)
    tell(scene, second)
    confirm(scene, "H-1")
    assert {case.doubt for case in cases(scene)} == {Doubt.OTHER_READER}

    declare(scene, "H-1", Act.READER, first[-1].taken_at_s + 1.0, node="second")
    close(scene, JANUARY)

    assert cases(scene) == []
    assert sum(line.energy_wh for line in lines(scene, JANUARY)) == 31 * 24 * HEAT_WH


def test_a_rejected_row_is_bridged_and_waits_no_more(scene: Scene, node_id: int) -> None:
    told = hourly(node_id, BEGIN_S, 32 * 24)
    told[99] = replace(told[99], heat_register_wh=told[99].heat_register_wh * 1000)
    tell(scene, told)
    confirm(scene, "H-1")

    (case,) = cases(scene)
    assert decide(scene, case, accept=False) == 1
    assert code(decide(scene, case, accept=False)) == "quarantine.unknown"
    close(scene, JANUARY)

    (line,) = lines(scene, JANUARY)
    assert line.energy_wh == 31 * 24 * HEAT_WH
    assert line.marks == (Mark.GAP_BRIDGED,)


def test_a_row_that_a_person_accepts_counts(scene: Scene, node_id: int) -> None:
    """The meter was right: for an hour more passed than the machines can make."""
    told = hourly(node_id, BEGIN_S, 32 * 24)
    jumped = [
        item if number < 99 else replace(item, heat_register_wh=item.heat_register_wh + 1_000_000)
        for number, item in enumerate(told)
    ]
    tell(scene, jumped)
    confirm(scene, "H-1")

    (case,) = cases(scene)
    assert case.doubt is Doubt.TOO_FAST
    decide(scene, case, accept=True)
    close(scene, JANUARY)

    assert cases(scene) == []
    assert lines(scene, JANUARY)[0].energy_wh == 31 * 24 * HEAT_WH + 1_000_000


def test_of_two_values_under_one_number_a_person_chooses_one(scene: Scene, node_id: int) -> None:
    told = hourly(node_id, BEGIN_S, 32 * 24)
    tell(scene, told)
    tell(scene, [replace(told[50], heat_register_wh=told[50].heat_register_wh + 7)])

    (case,) = cases(scene)
    assert (case.doubt, case.count) == (Doubt.CONFLICT, 2)
    assert code(decide(scene, case, accept=True)) == "quarantine.which"
    decide(scene, case, accept=True, index_wh=told[50].heat_register_wh)

    assert cases(scene) == []


def test_a_row_that_went_back_cannot_be_accepted(scene: Scene, node_id: int) -> None:
    told = hourly(node_id, BEGIN_S, 48)
    tell(
        scene,
        [
            *told,
            replace(told[-1], seq=900, taken_at_s=told[-1].taken_at_s + 60.0, heat_register_wh=5),
        ],
    )

    (case,) = cases(scene)

    assert code(decide(scene, case, accept=True)) == "quarantine.not_acceptable"


def test_a_meter_that_stands_still_under_power_is_told(scene: Scene, node_id: int) -> None:
    told = [
        replace(item, heat_register_wh=100_000, electricity_register_wh=number * 2000)
        for number, item in enumerate(hourly(node_id, BEGIN_S, 32 * 24))
    ]
    tell(scene, told)
    confirm(scene, "H-1")

    assert [case.doubt for case in cases(scene)] == [Doubt.STUCK]
    close(scene, JANUARY)
    assert Mark.STUCK in lines(scene, JANUARY)[0].marks


def test_what_a_person_did_stands_in_the_audit_trail(scene: Scene, node_id: int) -> None:
    told = hourly(node_id, BEGIN_S, 48)
    told[9] = replace(told[9], heat_register_wh=1)
    tell(scene, told)
    shown_wh = told[-1].heat_register_wh
    declare(scene, "H-1", Act.CONFIRM, told[-1].taken_at_s, index_wh=shown_wh)
    decide(scene, cases(scene)[0], accept=False)

    with scene.database.read() as connection:
        wanted = audit.c.subject == f"meter/{meter_id_of(scene, 'H-1')}"
        actions = connection.execute(select(audit.c.action).where(wanted)).scalars().all()
    assert actions == ["meter.confirm", "quarantine.reject"]


def test_pruned_rows_are_gone_and_the_chain_still_verifies(scene: Scene, node_id: int) -> None:
    tell(scene, hourly(node_id, BEGIN_S, 60 * 24))
    confirm(scene, "H-1")
    assert close_over(scene.store, 1, DAY_S, "test") == [JANUARY, FEBRUARY]
    before = lines(scene, JANUARY)

    _prune(scene, older_than_s=DAY_S)

    with scene.database.read() as connection:
        oldest = connection.execute(
            select(register_ledger.c.taken_at_s).order_by(register_ledger.c.taken_at_s).limit(1)
        ).scalar_one()
        found = list(verify(connection, None))
    assert oldest == begin_of(FEBRUARY)
    assert [(item.months, item.pruned, item.broken) for item in found] == [(2, 1, [])] * 2
    assert lines(scene, JANUARY) == before


def test_a_row_for_a_pruned_month_is_too_late_and_waits_for_a_person(
    scene: Scene, node_id: int
) -> None:
    told = hourly(node_id, BEGIN_S, 60 * 24)
    tell(scene, [*told[:9], *told[10:]])
    confirm(scene, "H-1")
    close_over(scene.store, 1, DAY_S, "test")
    _prune(scene, older_than_s=DAY_S)

    tell(scene, [told[9]])

    (case,) = cases(scene)
    assert (case.doubt, case.first.seq) == (Doubt.TOO_LATE, told[9].seq)
    decide(scene, case, accept=False)
    assert cases(scene) == []


def test_the_newest_sealed_month_is_never_pruned(scene: Scene, node_id: int) -> None:
    tell(scene, hourly(node_id, BEGIN_S, 32 * 24))
    close(scene, JANUARY)

    _prune(scene, older_than_s=0.0)

    with scene.database.read() as connection:
        kept = connection.execute(select(register_ledger.c.seq)).scalars().all()
    assert len(kept) == 2 * 32 * 24


def _prune(scene: Scene, older_than_s: float) -> None:
    more = True
    while more:
        with scene.store.transaction() as tx:
            more = prune_registers(tx, older_than_s)


def test_what_was_in_quarantine_when_its_month_was_closed_still_waits(
    scene: Scene, node_id: int
) -> None:
    told = hourly(node_id, BEGIN_S, 40 * 24)
    told[99] = replace(told[99], heat_register_wh=told[99].heat_register_wh * 1000)
    tell(scene, told)
    confirm(scene, "H-1")
    close(scene, JANUARY)
    close(scene, FEBRUARY)

    (case,) = cases(scene)
    assert case.first.seq == told[99].seq
    assert Mark.IN_QUARANTINE in lines(scene, JANUARY)[0].marks
    decide(scene, case, accept=False)

    assert cases(scene) == []


def test_a_last_index_that_the_node_never_told_is_refused(scene: Scene, node_id: int) -> None:
    told = hourly(node_id, BEGIN_S, 48)
    tell(scene, told)

    end_s, last_wh = told[-1].taken_at_s + 60.0, told[-1].heat_register_wh
    refused = declare(scene, "H-1", Act.REMOVE, end_s, index_wh=last_wh * 1000)

    assert code(refused) == "meter.disagrees"
    assert not isinstance(declare(scene, "H-1", Act.REMOVE, end_s, index_wh=last_wh + 10), Refused)
