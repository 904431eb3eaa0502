"""A package that somebody spoiled is refused in one sentence, and nothing of it stays."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.refusal import Refused
from metering.packages.command import import_package
from metering.packages.description import DESCRIPTION_FILE
from metering.statements.canonical import canonical, sealed
from store.metadata import metadata
from tests.support.databases import Databases
from tests.support.moving import Edit, contents, furnish, pack, spoil
from tests.support.scene import Scene

_ROWS, _LINES = "data/register_rows.csv", "data/register_lines.csv"
_PAPER = "statements/CHALEUR-2026-00001.json"
_BILL = "invoices/FAC-2026-00001.xml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spoiled")


@pytest.fixture(scope="module")
def package(folder: Path, databases: Databases) -> Iterator[Path]:
    scene = Scene(databases.fresh())
    furnish(scene)
    yield pack(scene, folder / "town.zip")
    scene.close()


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("databases"))


@pytest.fixture
def target(databases: Databases) -> Iterator[Scene]:
    scene = Scene(databases.fresh())
    yield scene
    scene.close()


def everything(scene: Scene) -> list[object]:
    with scene.database.read() as connection:
        return [connection.execute(table.select()).all() for table in metadata.sorted_tables]


def refused(target: Scene, path: Path) -> str:
    """Why it is not taken; the store is what it was."""
    before = everything(target)
    found = import_package(target.store, path)
    assert isinstance(found, Refused), found
    assert everything(target) == before
    assert found.sentence.endswith(".")
    assert "\n" not in found.sentence
    return found.sentence


def replaced(old: bytes, new: bytes) -> Edit:
    def edit(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return edit


def without_row(number: int) -> Edit:
    def edit(data: bytes) -> bytes:
        rows = data.split(b"\r\n")
        del rows[number]
        return b"\r\n".join(rows)

    return edit


def cell(column: int, value: bytes, row: int = 1) -> Edit:
    def edit(data: bytes) -> bytes:
        rows = [line.split(b",") for line in data.split(b"\r\n")]
        rows[row][column] = value
        return b"\r\n".join(b",".join(line) for line in rows)

    return edit


def cheaper(data: bytes) -> bytes:
    """A statement whose price was lowered everywhere, with a digest that is right again."""
    document = json.loads(data.replace(b"95.10", b"85.10"))
    return canonical(sealed(document))


_DIGESTS: list[bytes] = []


def dearer(data: bytes) -> bytes:
    """An invoice of which a line was changed."""
    made = data.replace(b"<ram:LineTotalAmount>", b"<ram:LineTotalAmount>9", 1)
    _DIGESTS[:] = (hashlib.sha256(item).hexdigest().encode() for item in (data, made))
    return made


def of_dearer(data: bytes) -> bytes:
    """The list of invoices, with the digest that is right again."""
    right, wrong = _DIGESTS
    return data.replace(right, wrong)


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ({_ROWS: without_row(1)}, "its rows are not those that were sealed"),
        ({_ROWS: without_row(800)}, "its rows are not those that were sealed"),
        ({_LINES: without_row(1)}, "its lines are not those that were sealed"),
        ({_LINES: cell(11, b"42")}, "its lines are not those that were sealed"),
        ({"data/segments.csv": without_row(1)}, "its digest is not that of its content"),
        (
            {"data/closed_months.csv": cell(2, b"0" * 64)},
            "segments of site 1 in 2026-01 are others",
        ),
        ({_PAPER: cheaper}, "CHALEUR-2026-00001 comes out otherwise"),
        ({_PAPER: lambda _: b"{}"}, "CHALEUR-2026-00001 comes out otherwise"),
        ({"data/statements.csv": cell(8, b"1")}, "is listed as something else"),
        ({"data/statements.csv": without_row(2)}, "names statements/CHALEUR-2026-00002.json"),
        ({"data/contract_versions.csv": replaced(b"95.10", b"85.10")}, "comes out otherwise"),
        ({"data/contract_versions.csv": without_row(1)}, "has no version 1"),
        ({"data/collectivity.csv": cell(0, b"=cmd|'/C calc'!A0")}, "a spreadsheet would execute"),
        ({"data/disputes.csv": replaced(b"'+index", b"+index")}, "a spreadsheet would execute"),
        ({"data/collectivity.csv": cell(1, b"21750001600018")}, "check digit"),
        ({"data/collectivity.csv": without_row(1)}, "contradicts itself"),
        (
            {"data/collectivity.csv": lambda data: data + data.split(b"\r\n")[1] + b"\r\n"},
            "one collectivity",
        ),
        ({"data/papers.csv": without_row(1)}, "names statements/CHALEUR-2026-00001.fr.pdf"),
        ({_BILL: replaced(b"Code>380", b"Code>381")}, "FAC-2026-00001 is not what its digest says"),
        ({_BILL: dearer, "data/invoices.csv": of_dearer}, "of invoice FAC-2026-00001, "),
        ({"data/invoices.csv": without_row(1)}, "names invoices/FAC-2026-00001.pdf"),
        ({"data/sites.csv": replaced(b"500.0", b"NaN")}, "spec"),
        ({"data/sites.csv": replaced(b"storage_wh_per_k", b"storage")}, "storage_wh_per_k"),
        ({"data/nodes.csv": replaced(b"cores", b"bores")}, "cores"),
        ({"data/nodes.csv": cell(2, b"77")}, "contradicts itself"),
        ({"data/people.csv": cell(2, b"root")}, "not one of"),
        ({"data/people.csv": cell(0, b"nobody")}, "people.csv, row 1"),
        ({"data/meters.csv": cell(0, b"1e3")}, "no whole number"),
        ({"data/meters.csv": cell(0, b"99999999999999999999")}, "no whole number"),
        ({"data/meters.csv": cell(5, b"inf")}, "no number"),
        ({"data/meters.csv": cell(4, b"0")}, "not true or false"),
        ({"data/meters.csv": replaced(b"serial", b"plate")}, "its head"),
        ({"data/meters.csv": lambda data: data + b"1,2\r\n"}, "cells"),
        ({"data/meters.csv": lambda data: data + b'"'}, "meters.csv"),
        ({"data/meters.csv": lambda data: data + b"\xff"}, "meters.csv"),
        ({"data/calendar.csv": cell(4, b"0.0")}, "do not agree"),
        ({"data/stickers.csv": cell(1, b"4")}, "contradicts itself"),
        ({"data/disputes.csv": cell(0, b"NONE-1")}, "named in it and not there"),
        ({"logo.png": lambda _: b"<svg onload=alert(1)>"}, "logo"),
    ],
)
def test_what_does_not_hold_together_is_refused_though_its_description_says_it(
    package: Path, target: Scene, folder: Path, edits: dict[str, Edit], says: str
) -> None:
    spoiled = spoil(package, folder / "spoiled.zip", edits)

    assert says in refused(target, spoiled)


def test_a_line_less_than_the_description_says_is_refused(
    package: Path, target: Scene, folder: Path
) -> None:
    spoiled = spoil(package, folder / "spoiled.zip", {_ROWS: without_row(1)}, mends=False)

    assert "not the file of which its description has the digest" in refused(target, spoiled)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_one_byte_is_enough(
    package: Path, target: Scene, folder: Path, data: st.DataObject
) -> None:
    """A byte of the content; those of a ZIP file that mean nothing may change nothing."""
    raw = bytearray(package.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    spoiled = folder / "byte.zip"
    spoiled.write_bytes(raw)
    try:
        is_same = contents(spoiled) == contents(package)
    except Exception:  # noqa: BLE001 - whatever ZIP readers raise
        is_same = False
    if not is_same:
        refused(target, spoiled)


def _archive(path: Path, files: dict[str, bytes], compression: int = ZIP_DEFLATED) -> Path:
    with ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../evil.csv",
        "/etc/evil.csv",
        "data/../../evil.csv",
        "data\\..\\evil.csv",
        "data/..",
        "statements/.evil.json",
        "C:evil.csv",
        "data/evil.csv",
        "evil.py",
        "data/",
    ],
)
def test_no_name_leads_elsewhere(package: Path, target: Scene, folder: Path, name: str) -> None:
    spoiled = _archive(folder / "spoiled.zip", contents(package) | {name: b"evil"})

    assert "cannot be taken" in refused(target, spoiled)
    assert not list(folder.glob("**/*evil*"))


def test_a_bomb_is_not_unpacked(package: Path, target: Scene, folder: Path) -> None:
    bomb = {_ROWS: lambda data: data + b"0" * (64 << 20)}

    said = refused(target, spoil(package, folder / "bomb.zip", bomb))

    assert "far more than it is" in said


def test_what_is_no_package_is_said_in_a_sentence(
    package: Path, target: Scene, folder: Path
) -> None:
    whole = contents(package)
    description = json.loads(whole[DESCRIPTION_FILE])
    other = json.dumps({**description, "format": "chaufferie-collectivity/2"}).encode()
    less = {name: data for name, data in whole.items() if name != _PAPER}
    cut = folder / "cut.zip"
    cut.write_bytes(package.read_bytes()[:-200])
    text = folder / "text.zip"
    text.write_text("no ZIP")
    cases: dict[str, Callable[[], Path]] = {
        "no whole ZIP file": lambda: cut,
        "is no whole ZIP": lambda: text,
        "No such file": lambda: folder / "absent.zip",
        "Is a directory": lambda: folder,
        "there is no datapackage.json": lambda: _archive(folder / "a.zip", {"data/a.csv": b""}),
        "cannot be read": lambda: _archive(folder / "b.zip", {DESCRIPTION_FILE: b"["}),
        "is no package of this version": lambda: _archive(
            folder / "c.zip", {**whole, DESCRIPTION_FILE: other}
        ),
        "not in both": lambda: _archive(folder / "d.zip", less),
        "uncommon way": lambda: _archive(folder / "e.zip", whole, ZIP_BZIP2),
    }

    assert [says for says, made in cases.items() if says not in refused(target, made())] == []
    # The store that refused so much is as good as new, and how it was zipped means nothing.
    found = import_package(target.store, _archive(folder / "anew.zip", whole))
    assert not isinstance(found, Refused), found.sentence
