import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from domain.calendar.months import month_of
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import EndReason
from domain.refusal import Refused
from metering.keeping.closing import close_month
from metering.statements.canonical import canonical, digest_of, sealed
from scheduler.doctor import examine, report_findings
from scheduler.placement.policies.baselines import ColdestTank
from scheduler.service import SchedulerService
from store import triggers
from store.checks.invariants import INVARIANTS
from store.dependencies.dependency_tables import dependency
from store.fleet.readings import add_readings
from store.gangs.member_tables import attempt_member
from store.ledger.ledger_tables import (
    meter,
    register_closing,
    register_ledger,
    register_line,
    register_segment,
)
from store.quotas.quota_tables import usage_total
from store.statements.invoice_tables import invoice
from store.statements.statement_tables import statement, statement_series
from store.statements.statements import NewStatement, add_statement, take_number
from store.tables.access import tenant
from store.tables.engine import decision, event, outbox
from store.tables.fleet import node
from store.tables.jobs import attempt, instance, job, job_usage
from tests.support.builders import job_spec, reading
from tests.support.scene import Scene
from tests.support.sold import add, give_town


@pytest.fixture
def busy(scene: Scene) -> Scene:
    """A store on which everything has happened once: jobs 1 to 6, one in each kind of state."""
    service = SchedulerService(store=scene.store, policy=ColdestTank())
    node_id = scene.node()
    with scene.store.transaction() as tx:
        now_s = scene.clock.now_s
        last_month = reading(node_id, 0, taken_at_s=now_s - 30 * 86_400.0)
        items = [reading(node_id, seq, taken_at_s=now_s + seq / 10) for seq in (1, 2)]
        add_readings(tx, node_id, [last_month, *items])
    assert close_month(scene.store, 1, month_of(last_month.taken_at_s), "test") == 2
    _issue(scene)
    for _ in range(6):
        scene.submit(job_spec(max_attempts=2))
    service.turn()
    keys = [item.key for item in scene.claim(node_id).claimed]
    scene.clock.advance(5.0)
    scene.report(node_id, keys[0])
    scene.report(node_id, keys[1], EndReason.PROGRAM_FAILED)
    scene.cancel(keys[2].instance_id)
    scene.report(node_id, keys[2], EndReason.CANCELLED)
    scene.heartbeat(node_id, "boot-2", spooled=keys[3:5])
    scene.clock.advance(11.0)  # longer than the wait after a first failure
    service.turn()
    return scene


def _broken(scene: Scene) -> set[str]:
    return {finding.name for finding in examine(scene.database) if finding.offenders}


def test_a_sound_store_holds_all_of_it(busy: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    findings = examine(busy.database)

    assert [finding for finding in findings if finding.offenders] == []
    assert len(findings) >= len(INVARIANTS)
    assert report_findings(findings, as_json=False) == 0
    assert "All of them hold." in capsys.readouterr().out


def test_an_empty_store_is_sound(scene: Scene) -> None:
    assert _broken(scene) == set()


def _bypass(connection: Connection) -> None:
    """Let a test break what the database itself would refuse."""
    for name in triggers.definitions(is_sqlite=True):
        triggers.remove(connection, name)


def _state(number: int, state: str) -> Callable[[Connection], Any]:
    return lambda c: c.execute(update(instance).where(instance.c.id == number).values(state=state))


def _of_attempt(number: int, attempt_number: int = 1, **values: Any) -> Callable[[Connection], Any]:  # noqa: ANN401 - any column
    return lambda c: c.execute(
        update(attempt)
        .where(attempt.c.instance_id == number, attempt.c.attempt == attempt_number)
        .values(**values)
    )


def _again(number: int, **values: Any) -> Callable[[Connection], Any]:  # noqa: ANN401 - any column
    usual = {"attempt": 9, "node_id": 1, "state": "running", "batch": 1, "offered_at_s": 0.0}
    return lambda c: c.execute(insert(attempt), {"instance_id": number, **usual, **values})


def _issue(scene: Scene) -> None:
    """A statement stands in the books; what is in it does not matter here."""
    give_town(scene)
    added = add(scene)
    assert not isinstance(added, Refused)
    with scene.store.transaction() as tx:
        new = NewStatement(
            contract_id=added,
            month=202601,
            kind="statement",
            number=take_number(tx, "CHALEUR-2026"),
            contract_version=1,
            energy_wh=0,
            document=canonical(sealed({})),
            digest=digest_of({}),
        )
        add_statement(tx, new, "test")


def _bill_again(connection: Connection) -> None:
    first = connection.execute(select(statement)).one()._asdict()
    again = {**first, "id": first["id"] + 1, "number": "X-1", "series_number": 2}
    connection.execute(insert(statement), again)


def _invoice_of_other_content(connection: Connection) -> None:
    values = {
        "statement_id": connection.execute(select(statement.c.id)).scalar_one(),
        "number": "FAC-2026-00001",
        "series": "FAC-2026",
        "series_number": 1,
        "profile": "en16931",
        "document": "<a/>",
        "digest": "ab" * 32,
        "actor": "test",
        "issued_at_s": 0.0,
    }
    connection.execute(insert(invoice), values)


def _outlive(connection: Connection) -> None:
    connection.execute(
        insert(attempt_member),
        {
            "instance_id": 1,
            "attempt": 1,
            "node_id": 1,
            "place": 1,
            "must_stop": True,
            "lease_until_s": 0.0,
            "cpu_s": 0.0,
            "max_rss_bytes": 0,
        },
    )


BREAKS: dict[str, tuple[str, Callable[[Connection], Any]]] = {
    "sums of usage that drifted": (
        "usage-summed",
        lambda c: c.execute(update(usage_total).values(core_s=7000.0)),
    ),
    "a count of stored bytes that drifted": (
        "stored-bytes-counted",
        lambda c: c.execute(update(tenant).values(stored_bytes=7)),
    ),
    "a second open attempt": ("one-current-attempt", _again(4)),
    "a placed job without its attempt": (
        "placed-job-has-its-attempt",
        _of_attempt(4, state="killed"),
    ),
    "a job that ended over an open attempt": ("open-attempt-has-its-job", _state(4, "failed")),
    "a missing number": ("attempts-without-gap", _again(1, state="lost")),
    "two copies at once": ("no-overlap", _again(1, state="lost", started_at_s=0.0)),
    "a success without a bill": ("succeeded-once", lambda c: c.execute(delete(job_usage))),
    "a success that never ran": ("succeeded-once", _state(5, "succeeded")),
    "a lost attempt that is billed": ("billed-once", _of_attempt(2, state="lost")),
    "a bill of no attempt": (
        "bill-has-its-attempt",
        lambda c: c.execute(
            update(job_usage).where(job_usage.c.instance_id == 1).values(attempt=7)
        ),
    ),
    "a failure that was not counted": (
        "failures-counted",
        lambda c: c.execute(update(instance).values(failures=0)),
    ),
    "an end without its time": (
        "ends-and-leases",
        lambda c: c.execute(update(instance).where(instance.c.id == 1).values(finished_at_s=None)),
    ),
    "a placement nobody decided": (
        "placement-has-reason",
        lambda c: c.execute(update(attempt).where(attempt.c.instance_id == 1).values(batch=999)),
    ),
    "a job blocked by nothing": (
        "blocked-waits",
        lambda c: c.execute(update(instance).where(instance.c.id == 6).values(state="blocked")),
    ),
    "a dependency that nobody decided": (
        "dependency-decided",
        lambda c: c.execute(
            insert(dependency),
            {
                "job_id": 6,
                "position": 0,
                "kind": "afterok",
                "on_job_id": 1,
                "first_id": 1,
                "last_id": 1,
                "tenant_id": 1,
                "delay_s": 0.0,
                "is_any": False,
                "state": "waiting",
            },
        ),
    ),
    "an array without one of its instances": (
        "array-is-whole",
        lambda c: c.execute(update(job).where(job.c.id == 1).values(array_count=2)),
    ),
    "an array of which more run than may": (
        "array-limit",
        lambda c: c.execute(update(job).where(job.c.id == 4).values(array_at_once=0)),
    ),
    "a lease that nobody ended": (
        "leases-end",
        lambda c: c.execute(
            update(instance).where(instance.c.id == 4).values(lease_until_s=1000.0)
        ),
    ),
    "a job that waits past its deadline": (
        "waiting-ends",
        lambda c: c.execute(
            update(instance)
            .where(instance.c.id == 4)
            .values(state="queued", node_id=None, give_up_at_s=1000.0)
        ),
    ),
    "an event that nobody consumed": (
        "log-consumed",
        lambda c: c.execute(
            insert(event), {"at_s": 0.0, "kind": "NodeLeft", "payload": '{"node_id":1}'}
        ),
    ),
    "a message that nobody sent": (
        "outbox-sent",
        lambda c: c.execute(
            insert(outbox),
            {"topic": "webhook", "key": "", "payload": "", "created_at_s": 0.0, "tries": 0},
        ),
    ),
    "a sealed month that was changed": (
        "ledger-chain",
        lambda c: c.execute(update(register_segment).values(facts="{}")),
    ),
    "a closed month with another digest": (
        "ledger-closings",
        lambda c: c.execute(update(register_closing).values(digest="")),
    ),
    "a line that was changed after its month was closed": (
        "ledger-lines",
        lambda c: c.execute(update(register_line).values(energy_wh=register_line.c.energy_wh + 1)),
    ),
    "a sealed row that is gone": (
        "ledger-rows",
        lambda c: c.execute(delete(register_ledger).where(register_ledger.c.seq == 0)),
    ),
    "a number of a series that nothing bears": (
        "statement-numbers",
        lambda c: c.execute(update(statement_series).values(last=2)),
    ),
    "a month with two statements": ("statement-months", _bill_again),
    "a statement that was changed": (
        "statement-digests",
        lambda c: c.execute(update(statement).values(document="{}")),
    ),
    "an invoice that was changed": ("invoice-digests", _invoice_of_other_content),
    "a simulated meter taken as real": (
        "simulated-readings-marked",
        lambda c: c.execute(update(meter).values(is_simulated=False)),
    ),
    "a real meter on a simulated node": (
        "simulated-nodes-marked",
        lambda c: c.execute(update(meter).where(meter.c.id == 1).values(is_simulated=False)),
    ),
    "a log that was changed": (
        "replay",
        lambda c: c.execute(
            update(decision).where(decision.c.commands != "[]").values(commands="[]")
        ),
    ),
    "a node of a gang that never came": (
        "gang-is-whole",
        lambda c: c.execute(update(instance).where(instance.c.state == "running").values(nodes=2)),
    ),
    "a node that outlives its attempt": ("gang-ends-together", _outlive),
    "a trigger that is off": ("triggers", _bypass),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_broken_is_named(
    busy: Scene, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, damage = BREAKS[what]
    with busy.database.write() as connection:
        _bypass(connection)
        damage(connection)
        if name != "triggers":
            triggers.install(connection)

    findings = examine(busy.database)

    assert name in {finding.name for finding in findings if finding.offenders}
    assert report_findings(findings, as_json=False) == 1
    assert "BROKEN" in capsys.readouterr().out


def test_every_invariant_of_the_data_has_a_test_that_breaks_it() -> None:
    tested = {name for name, _ in BREAKS.values()}

    # A job without an instance is refused by the tables' own references here; sums are broken
    # where they are tested.
    elsewhere = {"file", "job-has-instance", "heat-shared"}
    assert {item.name for item in INVARIANTS} - tested == elsewhere


def test_duties_of_a_scheduler_are_not_asked_of_a_store_without_one(busy: Scene) -> None:
    with busy.database.write() as connection:
        connection.execute(
            insert(event), {"at_s": 0.0, "kind": "NodeLeft", "payload": '{"node_id":1}'}
        )
    assert "log-consumed" in _broken(busy)

    busy.clock.advance(3600.0)

    assert _broken(busy) == set()


def test_a_damaged_file_is_noticed(busy: Scene) -> None:
    if not busy.database.is_sqlite:
        pytest.skip("PostgreSQL enforces its references at all times")
    with busy.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.execute(delete(node))
        connection.commit()
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")

    assert "file" in _broken(busy)


def test_the_report_is_read_by_programs_too(
    busy: Scene, capsys: pytest.CaptureFixture[str]
) -> None:

    assert report_findings(examine(busy.database), as_json=True) == 0

    said = json.loads(capsys.readouterr().out)
    assert said["is_sound"] is True
    assert {"name", "holds", "sentence", "offenders"} <= set(said["findings"][0])


def test_the_scene_of_these_tests_has_a_job_in_every_kind_of_state(busy: Scene) -> None:
    states = [str(busy.state(number)) for number in range(1, 7)]

    assert states[:3] == ["succeeded", "assigned", "cancelled"]
    assert states[3:5] == ["running", "running"]
    assert busy.attempt_state(AttemptKey(instance_id=6, attempt=1)) == "lost"
