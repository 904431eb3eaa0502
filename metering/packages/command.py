"""``python -m metering export | import``: a collectivity leaves an installation or comes to one."""

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.refusal import Refused
from metering.books.drafting import software
from metering.packages.checking import misfit
from metering.packages.opening import OpenedPackage, opened
from metering.packages.writing import Written, write_package
from store.opening import default_url, open_store
from store.packages.arriving import came_before, receive
from store.packages.leaving import departure
from store.rows import Connection
from store.schema import open_existing
from store.transaction import Store

EXPORT, IMPORT = "export", "import"
_RIGHT, _REFUSED = 0, 2
#: Whoever may open the database is its operator.
_ACTOR = "operator"


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CHAUFFERIE_")

    data_dir: Path
    database_url: str | None = None

    def store(self) -> Store | Refused:
        """The store of this installation; a refusal where there is none."""
        url = self.database_url or default_url(self.data_dir)
        database = open_existing(url)
        if isinstance(database, Refused):
            return database
        database.close()
        return open_store(url, self.data_dir)


def main(words: list[str]) -> int:
    """Do what the words ask; the exit code."""
    asked = _parser().parse_args(words)
    if asked.data is None:
        settings = _Settings()
    else:
        settings = _Settings(data_dir=asked.data, database_url=None)
    store = settings.store()
    if isinstance(store, Refused):
        return _refuse(store)
    try:
        if asked.task == EXPORT:
            done = export_package(store, asked.collectivity, asked.file)
        else:
            done = import_package(store, asked.file)
    finally:
        store.database.close()
    if isinstance(done, Refused):
        return _refuse(done)
    sys.stdout.write(_json(done) if asked.json else f"{done['said']}\n")
    return _RIGHT


def export_package(store: Store, which: str, file: Path) -> Mapping[str, object] | Refused:
    """Write what a collectivity owns, in one view of the store, to a file that is new."""
    if file.exists():
        return Refused(
            code="file.exists", sentence=f"{file} is there already; name a file that is to be made."
        )
    with store.database.read() as connection:
        leaving = departure(connection, which)
        if isinstance(leaving, Refused):
            return leaving
        now = datetime.fromtimestamp(store.database.now_s(connection), UTC)
        created = now.isoformat(timespec="seconds")
        try:
            written = write_package(file, leaving, created, software())
        except OSError as error:
            return Refused(code="file.unwritable", sentence=f"{file}: {error.strerror}.")
    return _exported(leaving.name, file, written)


def _exported(name: str, file: Path, written: Written) -> Mapping[str, object]:
    rows = sum(written.rows.values())
    said = (
        f"All that {name} owns is in {file}: {rows} rows of {len(written.rows)} tables and "
        f"{written.documents} documents.\nIts digest is {written.digest}; tell it to whoever "
        "imports it, by another way than the file."
    )
    return {
        "said": said,
        "file": str(file),
        "digest_sha256": written.digest,
        "rows": written.rows,
        "documents": written.documents,
    }


def import_package(store: Store, file: Path) -> Mapping[str, object] | Refused:
    """Take in what a file holds: all of it, held together and worked out again, or nothing."""
    try:
        with opened(file) as package:
            return package if isinstance(package, Refused) else _take(store, package)
    except OSError as error:
        return Refused(code="file.unreadable", sentence=f"{file}: {error.strerror or error}.")


def _take(store: Store, package: OpenedPackage) -> Mapping[str, object] | Refused:

    def looked_over(connection: Connection, collectivity_id: int) -> Refused | None:
        return misfit(connection, collectivity_id) or package.left_over()

    with store.transaction() as tx:
        name = came_before(tx.connection, package.digest)
        found = None if name is not None else receive(tx, package, looked_over, _ACTOR)
    if isinstance(found, Refused):
        return found
    statements = sum(item.path.endswith(".json") for item in package.files.values())
    said = (
        f"This package brought {name} before; nothing is changed."
        if name is not None
        else f"This is collectivity {found} now: its sealed months hold together, and "
        f"{statements} statements were worked out again, each the same to the byte."
    )
    return {
        "said": said,
        "collectivity_id": found,
        "came_before": name is not None,
        "statements": statements,
        "digest_sha256": package.digest,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chaufferie collectivities", description=__doc__)
    tasks = parser.add_subparsers(dest="task", required=True, metavar=f"{{{EXPORT},{IMPORT}}}")
    leaves = tasks.add_parser(EXPORT, help="write all that a collectivity owns to one file")
    leaves.add_argument("collectivity", metavar="COLLECTIVITY", help="its name, number or SIRET")
    comes = tasks.add_parser(IMPORT, help="take in what another installation exported")
    for task in (leaves, comes):
        task.add_argument("file", metavar="FILE", type=Path, help="the ZIP file")
        task.add_argument("--data", metavar="DIR", type=Path, help="data directory of the server")
        task.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _json(done: Mapping[str, object]) -> str:
    return json.dumps({key: done[key] for key in done if key != "said"}, ensure_ascii=False) + "\n"


def _refuse(refused: Refused) -> int:
    sys.stderr.write(f"chaufferie: {refused.sentence}\n")
    return _REFUSED
