"""Packages of towns that are not like the others: guests, forgotten months, great size, old age."""

import csv
import hashlib
import io
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from sqlalchemy import select

from domain.calendar.months import begin_of
from domain.languages import Language
from domain.refusal import Refused
from domain.registers.register import RegisterRow
from domain.towns.alerts import AlertKind
from metering.keeping.verifying import verify
from metering.packages.command import import_package
from metering.packages.description import DESCRIPTION_FILE
from store.checks.invariants import look_at_all
from store.collectivities import accounts, alert_choices
from store.deliverables.deliverable_tables import deliverable_plan
from store.ledger.pruning import prune_registers, pruned_months
from store.ledger.register_rows import add_rows, count_rows
from store.statements import statements
from store.tables.fleet import node
from tests.support.databases import Databases
from tests.support.metered import (
    FEBRUARY,
    JANUARY,
    MARCH,
    REAL,
    close,
    hourly,
    meter_id_of,
    tell,
)
from tests.support.moving import contents, description, furnish, pack
from tests.support.scene import Scene
from tests.support.sold import issued, sell


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("databases"))


@pytest.fixture
def pair(databases: Databases) -> Iterator[tuple[Scene, Scene]]:
    old, new = Scene(databases.fresh()), Scene(databases.fresh())
    yield old, new
    old.close()
    new.close()


def moved(pair: tuple[Scene, Scene], path: Path) -> Path:
    """The town's package, taken in by the other installation."""
    old, new = pair
    new.clock.now_s = old.clock.now_s
    package = pack(old, path)
    done = import_package(new.store, package)
    assert not isinstance(done, Refused), done.sentence
    return package


def is_sound(scene: Scene) -> bool:
    with scene.database.read() as connection:
        broken = [item for item in verify(connection, None) if item.broken]
    offenders = [item.offenders for item in look_at_all(scene.database, role="scheduler")]
    return not broken and not any(offenders)


def documents(scene: Scene) -> list[bytes]:
    with scene.database.read() as connection:
        return [
            statements.document_of(connection, row.statement_id)
            for row in statements.statements(connection)
        ]


def test_a_boiler_of_somebody_else_that_told_of_a_meter_comes_along_by_name(
    pair: tuple[Scene, Scene], tmp_path: Path
) -> None:
    old, new = pair
    sell(old)
    guest = old.node("guest", spec=REAL, site_id=old.site("of another town"))
    told = hourly(guest, begin_of(JANUARY), 48, heat_wh=5)
    tell(old, [replace(item, heat_meter_serial="H-1") for item in told])
    made = issued(old, JANUARY)
    (case,) = made.document["meters"]["in_quarantine"]
    assert case["reasons"] == ["other_reader"]

    package = moved(pair, tmp_path / "town.zip")

    tables = {item["name"]: item.get("rows") for item in description(package)["resources"]}
    assert tables["other_nodes"] == 1
    assert documents(new) == documents(old)
    with new.database.read() as connection:
        known = connection.execute(select(node.c.name).where(node.c.id == guest)).scalar()
    assert known == "guest"
    assert is_sound(new)
    close(new, FEBRUARY)
    assert is_sound(new)


def test_a_town_whose_old_rows_are_gone_moves_with_their_digests(
    pair: tuple[Scene, Scene], tmp_path: Path
) -> None:
    old, new = pair
    furnish(old)
    with old.store.transaction() as tx:
        while prune_registers(tx, older_than_s=0.0):
            pass
    with old.database.read() as connection:
        gone = pruned_months(connection, meter_id_of(old, "H-1"))
    assert gone == {JANUARY}

    package = moved(pair, tmp_path / "town.zip")

    assert any(
        item["name"] == "pruned_months" and item["rows"]
        for item in description(package)["resources"]
    )
    assert documents(new) == documents(old)
    assert is_sound(new)
    with new.database.read() as connection:
        assert pruned_months(connection, meter_id_of(new, "H-1")) == gone
    new.clock.now_s = old.clock.now_s = begin_of(MARCH) + 40 * 86_400.0
    for scene in pair:
        close(scene, MARCH)
    assert is_sound(new)


#: Held all at once they would take more than this several times over [bytes].
_ROWS, _MOST_BYTES = 60_000, 24 << 20


def test_a_very_large_package_is_written_and_taken_in_bit_by_bit(
    pair: tuple[Scene, Scene], tmp_path: Path
) -> None:
    old, new = pair
    sell(old)
    meter_id = meter_id_of(old, "H-1")
    with old.database.read() as connection:
        before = count_rows(connection, meter_id)
    begin_s = begin_of(MARCH)
    rows = [
        (
            meter_id,
            RegisterRow(
                node_id=1,
                seq=100_000 + number,
                taken_at_s=begin_s + number * 15.0,
                received_at_s=0.0,
                index_wh=2_000_000 + number,
            ),
        )
        for number in range(_ROWS)
    ]
    with old.store.transaction() as tx:
        add_rows(tx, 1, rows)
    del rows
    new.clock.now_s = old.clock.now_s
    tracemalloc.start()
    try:
        package = pack(old, tmp_path / "town.zip")
        written_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        done = import_package(new.store, package)
        taken_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert not isinstance(done, Refused), done.sentence
    assert max(written_bytes, taken_bytes) < _MOST_BYTES
    with new.database.read() as connection:
        assert count_rows(connection, meter_id_of(new, "H-1")) == before + _ROWS


def test_what_people_chose_and_plans_of_files_come_along_and_hold_from_now_on(
    pair: tuple[Scene, Scene], tmp_path: Path
) -> None:
    old, new = pair
    furnish(old)

    moved(pair, tmp_path / "town.zip")

    with new.database.read() as connection:
        (person,) = accounts.accounts_of(connection, 1)
        choice = alert_choices.choice_of(connection, person["account_id"])
        (plan,) = connection.execute(select(deliverable_plan)).all()
    assert choice.kinds == {AlertKind.NO_HEAT, AlertKind.STATEMENT_READY}
    assert choice.language is Language.ENGLISH
    assert (plan.kind, plan.day, plan.since_month) == ("readings", 5, JANUARY)
    with new.database.read() as connection:
        listeners = alert_choices.listeners(connection)
    assert all(at_s == new.clock.now_s for item in listeners for at_s in item.since_s.values())


def test_a_package_of_before_these_tables_is_taken_in(
    pair: tuple[Scene, Scene], tmp_path: Path
) -> None:
    """It lacks whole tables, and a column of another; and its words were others."""
    old, new = pair
    sell(old)
    issued(old, JANUARY)
    files = contents(pack(old, tmp_path / "town.zip"))
    described = json.loads(files[DESCRIPTION_FILE])
    for name in ("alert_choices", "mailboxes", "file_plans"):
        described["resources"] = [it for it in described["resources"] if it["name"] != name]
        del files[f"data/{name}.csv"]
    for item in described["resources"]:
        if item["name"] == "decisions":
            item["schema"]["fields"].pop()
            files[item["path"]] = _without_last_column(files[item["path"]])
            _describe(item, files[item["path"]])
        for field in item.get("schema", {}).get("fields", ()):
            field["description"] = "as it was said then"
    files[DESCRIPTION_FILE] = json.dumps(described).encode()
    with ZipFile(tmp_path / "before.zip", "w", ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    new.clock.now_s = old.clock.now_s

    done = import_package(new.store, tmp_path / "before.zip")

    assert not isinstance(done, Refused), done.sentence
    assert documents(new) == documents(old)
    assert is_sound(new)


def _without_last_column(data: bytes) -> bytes:
    out = io.StringIO(newline="")
    rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
    csv.writer(out).writerows(row[:-1] for row in rows)
    return out.getvalue().encode("utf-8")


def _describe(item: dict[str, object], data: bytes) -> None:
    item["bytes"], item["hash"] = len(data), "sha256:" + hashlib.sha256(data).hexdigest()
