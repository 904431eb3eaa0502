"""A collectivity's package as a ZIP file: tables as CSV, documents as they are, a description."""

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from metering.packages.cells import write_cell
from metering.packages.description import DESCRIPTION_FILE, PackedFile, described, table_path
from store.packages.leaving import RESOURCES, Departure
from store.packages.resource import Resource, Row

#: The same for every file, so that equal packages are equal files.
_DATE = (1980, 1, 1, 0, 0, 0)
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A package that was written."""

    digest: str  #: SHA-256 of its description, which names those of all files.
    rows: dict[str, int]  #: By table.
    documents: int


@dataclass(slots=True)
class _Digesting:
    """Counts and digests what goes through to a file."""

    file: IO[bytes]
    size_bytes: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> int:
        self.size_bytes += len(data)
        self.digest.update(data)
        return self.file.write(data)


def write_package(path: Path, leaving: Departure, created: str, software: str) -> Written:
    """Write it beside its place and move it there: nobody ever finds half of one."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE)
        with os.fdopen(descriptor, "wb") as raw:
            with ZipFile(raw, "w", ZIP_DEFLATED) as archive:
                written = _write(archive, leaving, created, software)
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return written


def _write(archive: ZipFile, leaving: Departure, created: str, software: str) -> Written:
    tables = [_table(archive, item, leaving.rows(item)) for item in RESOURCES]
    documents = [_document(archive, *item) for item in leaving.documents()]
    text = described(
        name=leaving.name,
        siret=leaving.siret,
        created=created,
        software=software,
        files=[*tables, *documents],
        tables=RESOURCES,
    )
    _document(archive, DESCRIPTION_FILE, text)
    return Written(
        digest=hashlib.sha256(text).hexdigest(),
        rows={item.table or "": item.rows or 0 for item in tables},
        documents=len(documents),
    )


def _table(archive: ZipFile, resource: Resource, rows: Iterable[Row]) -> PackedFile:
    path, count = table_path(resource), 0
    with _opened(archive, path) as out:
        for count, line in enumerate(_lines(resource, rows)):  # noqa: B007 - the head is no row
            out.write(line)
    return _packed(path, out, table=resource.name, rows=count)


def _lines(resource: Resource, rows: Iterable[Row]) -> Iterator[bytes]:
    """RFC 4180, the head first."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([item.name for item in resource.fields])
    yield text.getvalue().encode("utf-8")
    for row in rows:
        text.seek(0)
        text.truncate()
        writer.writerow([write_cell(item, row[item.name]) for item in resource.fields])
        yield text.getvalue().encode("utf-8")


def _document(archive: ZipFile, path: str, data: bytes) -> PackedFile:
    with _opened(archive, path) as out:
        out.write(data)
    return _packed(path, out)


@contextmanager
def _opened(archive: ZipFile, path: str) -> Iterator[_Digesting]:
    entry = ZipInfo(path, _DATE)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = _PRIVATE << 16
    with archive.open(entry, "w", force_zip64=True) as file:
        yield _Digesting(file)


def _packed(
    path: str, out: _Digesting, table: str | None = None, rows: int | None = None
) -> PackedFile:
    return PackedFile(
        path=path,
        size_bytes=out.size_bytes,
        sha256=out.digest.hexdigest(),
        table=table,
        rows=rows,
    )
