"""What was declared by mistake is taken back, and what cannot be is refused; on both databases."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from domain.calendar.months import after, begin_of
from domain.refusal import Refused
from domain.registers.declaration import Act, Declaration, Evidence
from domain.registers.register import Doubt, Mark
from metering.keeping.closing import close_over
from metering.keeping.deciding import (
    TakenBack,
    Verdict,
    case_id,
    find_case,
    take_verdict,
    withdraw_decision,
)
from metering.keeping.declaring import Wanted, take_declaration
from metering.keeping.standing import standings
from metering.keeping.verifying import verify
from metering.keeping.withdrawing import withdraw
from store.ledger import meters
from store.ledger.decisions import decisions
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
pytestmark = pytest.mark.usefixtures("told")
MISTAKE = Evidence(note="another meter was meant")


@pytest.fixture
def told(scene: Scene) -> None:
    """A real boiler that told every hour of January and February; it is the beginning of March."""
    scene.clock.now_s = begin_of(MARCH) + 2 * DAY_S
    made = scene.node(spec=REAL)
    tell(scene, hourly(made, BEGIN_S, 60 * 24))
    confirm(scene, f"H-{made}")


def index_at(hours: float) -> int:
    return 100_000 + round(hours * HEAT_WH)


def declare(
    scene: Scene,
    act: Act,
    hours: float,
    serial: str = "H-1",
    *,
    index_wh: int | None = None,
    closing_index_wh: int | None = None,
    replaces: str | None = None,
    node: str | None = None,
) -> int | Refused:
    item = Declaration(
        act=act,
        at_s=BEGIN_S + hours * HOUR_S,
        index_wh=index_wh,
        closing_index_wh=closing_index_wh,
        actor="test",
        evidence=SEEN,
    )
    wanted = Wanted(declaration=item, serial=serial, replaced_serial=replaces, node_name=node)
    with scene.store.transaction() as tx:
        return take_declaration(tx, wanted)


def taken_back(scene: Scene, number: int, evidence: Evidence = MISTAKE) -> int | Refused:
    with scene.store.transaction() as tx:
        return withdraw(tx, number, evidence, "test")


def declared(scene: Scene, serial: str = "H-1") -> list[Declaration]:
    with scene.database.read() as connection:
        return meters.declarations(connection, meter_id_of(scene, serial))


def number_of(scene: Scene, act: Act, serial: str = "H-1") -> int:
    return [item.declaration_id for item in declared(scene, serial) if item.act is act][-1]


def doubts(scene: Scene, serial: str = "H-1") -> list[Doubt]:
    with scene.database.read() as connection:
        return [
            case.doubt
            for item in standings(connection, None, scene.clock.now_s)
            if item.account.known.facts.serial == serial
            for case in item.cases
        ]


def code(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.code


def test_rows_after_a_removal_that_was_none_count_again(scene: Scene) -> None:
    assert declare(scene, Act.REMOVE, 100.5, index_wh=index_at(100.5)) == 1
    assert doubts(scene) == [Doubt.OUTSIDE_EPOCH]

    assert taken_back(scene, number_of(scene, Act.REMOVE)) == meter_id_of(scene, "H-1")

    assert doubts(scene) == []
    close(scene, JANUARY)
    (line,) = lines(scene, JANUARY)
    assert line.energy_wh == 31 * 24 * HEAT_WH
    assert line.marks == ()


def test_a_closed_month_stays_and_the_next_one_carries_what_was_withheld(
    scene: Scene,
) -> None:
    declare(scene, Act.REMOVE, 100.5, index_wh=index_at(100.5))
    close(scene, JANUARY)
    before = lines(scene, JANUARY)
    assert sum(line.energy_wh for line in before) == round(100.5 * HEAT_WH)

    taken_back(scene, number_of(scene, Act.REMOVE))
    assert doubts(scene) == [], "rows of closed months are judged anew, too"
    close(scene, FEBRUARY)

    assert lines(scene, JANUARY) == before
    late = [line for line in lines(scene, FEBRUARY) if line.about_month == JANUARY]
    assert Mark.ADJUSTMENT in late[0].marks
    assert sum(line.energy_wh for line in [*before, *late]) == 31 * 24 * HEAT_WH
    with scene.database.read() as connection:
        assert [item.broken for item in verify(connection, None)] == [[], []]


def test_a_swap_is_withdrawn_whole_by_either_half(scene: Scene) -> None:
    for act, serial in ((Act.SWAP, "H-new"), (Act.REMOVE, "H-1")):
        answer = declare(
            scene,
            Act.SWAP,
            200.5,
            "H-new",
            index_wh=0,
            closing_index_wh=index_at(200.5),
            replaces="H-1",
        )
        assert not isinstance(answer, Refused), answer
        assert doubts(scene) == [Doubt.OUTSIDE_EPOCH]

        assert not isinstance(taken_back(scene, number_of(scene, act, serial)), Refused)

        assert doubts(scene) == []
        with scene.database.read() as connection:
            known = [item.facts.serial for item in meters.known_meters(connection)]
        assert known == ["H-1", "E-1"], "nobody told of the other one"
    close(scene, JANUARY)
    assert [line.energy_wh for line in lines(scene, JANUARY)] == [31 * 24 * HEAT_WH]


def test_a_withdrawal_is_an_entry_with_actor_and_reason_and_nothing_is_deleted(
    scene: Scene,
) -> None:
    declare(scene, Act.RESET, 300.5, index_wh=index_at(300.5), closing_index_wh=index_at(300.5))
    number = number_of(scene, Act.RESET)
    taken_back(scene, number)

    kept = declared(scene)
    assert [item.act for item in kept] == [Act.CONFIRM, Act.RESET, Act.WITHDRAW]
    assert (kept[-1].withdraws_id, kept[-1].actor) == (number, "test")
    assert kept[-1].evidence == MISTAKE
    with scene.database.read() as connection:
        trail = connection.execute(select(audit.c.action, audit.c.detail)).all()
    assert ("meter.withdraw", f"reset, declaration {number}: {MISTAKE.note}") in [
        tuple(row) for row in trail
    ]


def test_what_cannot_be_withdrawn_is_refused_by_name(scene: Scene) -> None:
    declare(scene, Act.REMOVE, 100.5, index_wh=index_at(100.5))
    number = number_of(scene, Act.REMOVE)
    declare(scene, Act.INSTALL, 110.5, index_wh=index_at(110.5))

    assert code(taken_back(scene, 4711)) == "declaration.unknown"
    assert code(taken_back(scene, number, Evidence(photo_sha256="0" * 64))) == "declaration.note"
    assert code(taken_back(scene, number)) == "declaration.needed"
    assert not isinstance(taken_back(scene, number_of(scene, Act.INSTALL)), Refused)
    assert not isinstance(taken_back(scene, number), Refused)
    assert code(taken_back(scene, number)) == "declaration.withdrawn"
    withdrawal = number_of(scene, Act.WITHDRAW)
    assert code(taken_back(scene, withdrawal)) == "declaration.is_withdrawal"


def test_nothing_is_declared_or_withdrawn_of_a_month_whose_rows_are_gone(
    scene: Scene,
) -> None:
    declare(scene, Act.RESET, 100.5, index_wh=index_at(100.5), closing_index_wh=index_at(100.5))
    close_over(scene.store, 1, DAY_S, "test")
    more = True
    while more:
        with scene.store.transaction() as tx:
            more = prune_registers(tx, DAY_S)

    assert code(taken_back(scene, number_of(scene, Act.RESET))) == "meter.forgotten"
    late = declare(scene, Act.REMOVE, 200.5, index_wh=index_at(200.5))
    assert code(late) == "meter.forgotten"


def test_a_meter_that_comes_back_from_its_check_goes_on_in_a_life_of_its_own(
    scene: Scene,
) -> None:
    declare(scene, Act.REMOVE, 100.0, index_wh=index_at(100))
    answer = declare(scene, Act.INSTALL, 110.0, index_wh=index_at(110))
    assert not isinstance(answer, Refused), answer

    assert doubts(scene) == [Doubt.OUTSIDE_EPOCH], "of the ten hours in which it was out"
    close(scene, JANUARY)
    first, second = lines(scene, JANUARY)
    assert first.energy_wh + second.energy_wh == (31 * 24 - 10) * HEAT_WH


@pytest.mark.parametrize(
    ("before", "then", "expected"),
    [
        ((Act.INSTALL, 0.5), (Act.INSTALL, 0.5), "meter.order"),
        ((Act.INSTALL, 0.5), (Act.INSTALL, 50.5), "meter.order"),
        ((Act.RESET, 50.5), (Act.RESET, 50.5), "meter.order"),
        ((Act.RESET, 50.5), (Act.INSTALL, 90.5), "meter.order"),
        ((Act.INSTALL, 50.5), (Act.REMOVE, 20.5), "meter.order"),
        ((Act.REMOVE, 50.5), (Act.REMOVE, 90.5), "meter.removed"),
        ((Act.REMOVE, 50.5), (Act.RESET, 90.5), "meter.removed"),
        ((Act.REMOVE, 50.5), (Act.CONFIRM, 90.5), "meter.outside"),
        ((Act.RESET, 90.5), (Act.REMOVE, 50.5), "meter.removed"),
    ],
)
def test_what_cannot_stand_beside_what_was_declared_is_refused(
    scene: Scene,
    before: tuple[Act, float],
    then: tuple[Act, float],
    expected: str,
) -> None:
    for (act, hours), is_first in ((before, True), (then, False)):
        shown = index_at(hours)
        answer = declare(scene, act, hours, index_wh=shown, closing_index_wh=shown)
        if is_first:
            assert not isinstance(answer, Refused), answer
        else:
            assert code(answer) == expected


def test_a_swap_must_fit_both_meters(scene: Scene) -> None:
    scene.node("other", spec=REAL)
    tell(scene, [replace(item, node_id=2) for item in hourly(2, BEGIN_S, 24)])

    def swap(serial: str, hours: float = 100.5, replaces: str = "H-1") -> str:
        closing_wh = index_at(hours)
        answer = declare(
            scene,
            Act.SWAP,
            hours,
            serial,
            index_wh=0,
            closing_index_wh=closing_wh,
            replaces=replaces,
        )
        return code(answer)

    assert swap("H-1") == "meter.itself"
    assert swap("E-1") == "meter.other_sort"
    assert swap("H-new", replaces="H-9") == "meter.unknown"
    declare(scene, Act.INSTALL, 150.5, index_wh=index_at(150.5))
    assert swap("H-new") == "meter.order", "before the old one was put in"
    with scene.database.read() as connection:
        assert meters.noted_meters(connection, "H-new") == [], "a refusal leaves nothing behind"


def test_a_reader_is_a_node_of_the_site_and_no_earlier_than_the_meter(
    scene: Scene,
) -> None:
    scene.node("elsewhere", spec=REAL)

    assert code(declare(scene, Act.READER, 10.5, node="elsewhere")) == "meter.other_site"
    assert code(declare(scene, Act.READER, -10.5, node="boiler")) == "meter.before"


def test_a_first_index_that_the_node_never_told_is_refused(scene: Scene) -> None:
    wrong = declare(scene, Act.INSTALL, 10.5, index_wh=index_at(10.5) * 1000)

    assert code(wrong) == "meter.disagrees"


def test_a_life_cannot_end_lower_than_it_began(scene: Scene) -> None:
    scene.clock.now_s += 60 * DAY_S
    assert not isinstance(declare(scene, Act.RESET, 2000.5, index_wh=900_000), Refused)

    assert code(declare(scene, Act.REMOVE, 2200.5, index_wh=800_000)) == "meter.lower"


def decide(scene: Scene, name: str, *, is_accepted: bool, index_wh: int | None = None) -> None:
    with scene.store.transaction() as tx:
        found = find_case(tx.connection, name, tx.now_s)
        assert not isinstance(found, Refused), found
        verdict = Verdict(is_accepted=is_accepted, note="seen", actor="test", index_wh=index_wh)
        assert isinstance(take_verdict(tx, found, verdict), int)


def undo(scene: Scene, number: int, note: str = "the other meter was meant") -> object:
    with scene.store.transaction() as tx:
        return withdraw_decision(tx, number, note, "another")


def numbers(scene: Scene) -> list[int]:
    with scene.database.read() as connection:
        return [item.decision_id for item in decisions(connection, meter_id_of(scene, "H-1"))]


def open_cases(scene: Scene) -> list[tuple[str, Doubt]]:
    with scene.database.read() as connection:
        now_s = scene.database.now_s(connection)
        return [
            (case_id(item.account.known.facts.meter_id, case), case.doubt)
            for item in standings(connection, None, now_s)
            if item.account.known.facts.serial == "H-1"
            for case in item.cases
        ]


def jumped(scene: Scene, hours: int) -> None:
    """The register stood 40 kWh higher all at once, and counted on from there."""
    scene.clock.now_s = begin_of(after(MARCH)) + 2 * DAY_S
    items = hourly(1, BEGIN_S + 60 * DAY_S, hours, first_seq=60 * 24 + 1, heat_wh=0)
    base_wh = index_at(60 * 24) + 40_000
    tell(scene, [replace(it, heat_register_wh=it.heat_register_wh + base_wh) for it in items])


def test_a_wrong_verdict_is_withdrawn_and_its_rows_wait_again(scene: Scene) -> None:
    jumped(scene, 31 * 24)
    ((name, doubt),) = open_cases(scene)
    assert doubt is Doubt.TOO_FAST
    decide(scene, name, is_accepted=False)
    assert open_cases(scene) == []

    answer = undo(scene, numbers(scene)[-1])

    assert isinstance(answer, TakenBack)
    assert answer.from_s == pytest.approx(BEGIN_S + 60 * DAY_S)
    assert open_cases(scene) == [(name, doubt)]
    decide(scene, name, is_accepted=True)
    assert open_cases(scene) == []
    with scene.database.read() as connection:
        trail = connection.execute(select(audit.c.action, audit.c.actor)).all()
    kept = [row for row in trail if row.action.startswith("quarantine")]
    assert [(row.action, row.actor) for row in kept] == [
        ("quarantine.reject", "test"),
        ("quarantine.withdraw", "another"),
        ("quarantine.accept", "test"),
    ]


def test_a_verdict_on_a_closed_month_is_withdrawn_as_an_adjustment(scene: Scene) -> None:
    jumped(scene, 31 * 24 + 12)
    ((name, _),) = open_cases(scene)
    decide(scene, name, is_accepted=True)
    for month in (JANUARY, FEBRUARY, MARCH):
        close(scene, month)
    (before,) = lines(scene, MARCH)

    assert isinstance(undo(scene, numbers(scene)[-1]), TakenBack)
    close(scene, after(MARCH))

    assert lines(scene, MARCH) == (before,)
    adjustments = [it for it in lines(scene, after(MARCH)) if it.about_month == MARCH]
    (adjustment,) = adjustments
    assert adjustment.adjusts_line_id == before.line_id
    assert adjustment.energy_wh < 0
    with scene.database.read() as connection:
        assert not [item for item in verify(connection, None) if item.broken]


def test_of_what_contradicts_both_decisions_go_together(scene: Scene) -> None:
    other = replace(hourly(1, BEGIN_S, 1, first_seq=100, heat_wh=index_at(99) + 7)[0])
    tell(scene, [replace(other, taken_at_s=BEGIN_S + 99 * HOUR_S)])
    ((name, doubt),) = open_cases(scene)
    assert doubt is Doubt.CONFLICT
    decide(scene, name, is_accepted=True, index_wh=index_at(99))
    first, second = numbers(scene)

    assert isinstance(undo(scene, second), TakenBack)

    assert open_cases(scene) == [(name, doubt)]
    again = undo(scene, first)
    assert isinstance(again, Refused)
    assert again.code == "decision.withdrawn"


def test_what_cannot_be_withdrawn_of_decisions_is_refused(scene: Scene) -> None:
    jumped(scene, 31 * 24)
    ((name, _),) = open_cases(scene)
    decide(scene, name, is_accepted=False)
    (number,) = numbers(scene)

    unknown, silent = undo(scene, 4711), undo(scene, number, " ")
    undo(scene, number)
    withdrawal = undo(scene, numbers(scene)[-1])

    answers = [item for item in (unknown, silent, withdrawal) if isinstance(item, Refused)]
    codes = [item.code for item in answers]
    assert codes == ["decision.unknown", "decision.note", "decision.is_withdrawal"]


def test_a_verdict_on_rows_that_are_gone_stays(scene: Scene) -> None:
    jumped(scene, 31 * 24 + 12)
    ((name, _),) = open_cases(scene)
    decide(scene, name, is_accepted=False)
    for month in (JANUARY, FEBRUARY, MARCH, after(MARCH)):
        close(scene, month)
    with scene.store.transaction() as tx:
        while prune_registers(tx, older_than_s=0.0):
            pass

    answer = undo(scene, numbers(scene)[-1])

    assert isinstance(answer, Refused)
    assert answer.code == "meter.forgotten"
