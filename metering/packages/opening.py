"""A package that somebody brings: looked at from outside before a row of it is believed."""

import csv
import hashlib
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from domain.refusal import Refused
from metering.packages.cells import read_cell
from metering.packages.description import DESCRIPTION_FILE, PackedFile, files_of, table_path
from metering.packages.values import check_row
from store.packages.leaving import RESOURCES
from store.packages.resource import Resource, Row

#: 100 meters at 10 minutes for five years, and their boilers' readings, are some 10 GB [bytes].
LARGEST_PACKAGE = 32 << 30
_LARGEST_DESCRIPTION = 64 << 20
_MOST_FILES = 100_000
#: Rows of indexes deflate to a twentieth, a file of nothing but zeros to a thousandth.
_HARDEST_PRESSED = 200
_SMALL = 1 << 20
_LONGEST_LINE = 32 << 20
_PART = 1 << 20
_PATH = re.compile(
    r"(?:data|statements|invoices)/[A-Za-z0-9_-][A-Za-z0-9_.-]*|logo\.png|datapackage\.json"
)
_ENCRYPTED = 0x1
_NO_ZIP = (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class SpoiledError(ValueError):
    """What was read of a package is not what its description promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPackage:
    """A package whose files are those that its description names, byte for byte."""

    archive: ZipFile
    digest: str
    files: dict[str, PackedFile]
    taken: set[str] = field(default_factory=set)  #: Documents that some row named.

    def left_over(self) -> Refused | None:
        """A refusal where a document belongs to nothing."""
        documents = {path for path, item in self.files.items() if item.table is None}
        unclaimed = sorted(documents - self.taken)
        return _refused(f"nothing in it names {unclaimed[0]}") if unclaimed else None

    def has(self, path: str) -> bool:
        """Whether a document of this path is in it."""
        return path in self.files

    def file(self, path: str) -> bytes:
        """A document; raises ``KeyError`` where it is not there."""
        if path not in self.files:
            raise KeyError(path)
        self.taken.add(path)
        return self.archive.read(path)

    def rows(self, resource: Resource) -> Iterator[Row]:
        """The rows of a table; raises ``SpoiledError`` at the first that is none."""
        path, count = table_path(resource), 0
        if path not in self.files and not resource.is_required:
            return
        columns = self.files[path].columns
        with self.archive.open(path) as raw:
            reader = csv.reader(_lines(raw), strict=True)
            try:
                if next(reader, None) != list(columns):
                    raise ValueError("its head does not name its columns")  # noqa: TRY301
                for cells in reader:
                    count += 1
                    yield _row(resource, columns, cells)
            except (ValueError, csv.Error) as error:
                raise SpoiledError(f"{path}, row {count}: {error}") from error
        if count != self.files[path].rows:
            raise SpoiledError(f"{path} has {count} rows, not {self.files[path].rows}")


def _row(resource: Resource, columns: Sequence[str], cells: list[str]) -> Row:
    if len(cells) != len(columns):
        raise ValueError(f"it has {len(cells)} cells, not {len(columns)}")
    told = dict(zip(columns, cells, strict=True))
    row = {field.name: read_cell(field, told.get(field.name, "")) for field in resource.fields}
    check_row(resource.name, row)
    return row


def _lines(raw: IO[bytes]) -> Iterator[str]:
    csv.field_size_limit(_LONGEST_LINE)
    text = io.TextIOWrapper(raw, encoding="utf-8", newline="")
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise ValueError("a line of it has no end")
        yield line


@contextmanager
def opened(path: Path) -> Iterator[OpenedPackage | Refused]:
    """The package in a file, with every file of it held against its digest, or why it is none."""
    try:
        archive = ZipFile(path)
    except _NO_ZIP as error:
        yield _refused(f"it is no whole ZIP file ({error})")
        return
    with archive:
        yield _looked_at(archive)


def _looked_at(archive: ZipFile) -> OpenedPackage | Refused:
    entries = archive.infolist()
    refused = _from_outside(entries)
    if refused is not None:
        return refused
    try:
        text = archive.read(DESCRIPTION_FILE)
    except _NO_ZIP as error:
        return _refused(f"{DESCRIPTION_FILE} cannot be read ({error})")
    files = files_of(text, RESOURCES)
    if isinstance(files, Refused):
        return files
    known = {item.path: item for item in files}
    strange = sorted({item.filename for item in entries} ^ {*known, DESCRIPTION_FILE})
    if strange:
        return _refused(f"{strange[0][:80]!r} is in it or in its description, and not in both")
    for item in files:
        refused = _other_content(archive, item)
        if refused is not None:
            return refused
    return OpenedPackage(archive=archive, digest=hashlib.sha256(text).hexdigest(), files=known)


def _from_outside(entries: list[ZipInfo]) -> Refused | None:
    """What can be said before anything is unpacked."""
    names = [item.filename for item in entries]
    if DESCRIPTION_FILE not in names:
        return _refused(f"there is no {DESCRIPTION_FILE} in it")
    if len(entries) > _MOST_FILES or len(set(names)) < len(names):
        return _refused("it has too many files, or one of them twice")
    if sum(item.file_size for item in entries) > LARGEST_PACKAGE:
        return _refused(f"it would unpack to more than {LARGEST_PACKAGE >> 30} GiB")
    for item in entries:
        if _PATH.fullmatch(item.filename) is None:
            return _refused(f"a file in it has the name {item.filename[:80]!r}")
        if item.flag_bits & _ENCRYPTED or item.compress_type not in {ZIP_DEFLATED, ZIP_STORED}:
            return _refused(f"{item.filename} is encrypted or packed in an uncommon way")
        if item.file_size > max(_SMALL, item.compress_size * _HARDEST_PRESSED):
            return _refused(f"{item.filename} would unpack to far more than it is")
        if item.filename == DESCRIPTION_FILE and item.file_size > _LARGEST_DESCRIPTION:
            return _refused(f"its {DESCRIPTION_FILE} is too large")
    return None


def _other_content(archive: ZipFile, file: PackedFile) -> Refused | None:
    found, size = hashlib.sha256(), 0
    try:
        with archive.open(file.path) as raw:
            while part := raw.read(_PART):
                found.update(part)
                size += len(part)
    except _NO_ZIP as error:
        return _refused(f"{file.path} cannot be unpacked ({error})")
    if (size, found.hexdigest()) == (file.size_bytes, file.sha256):
        return None
    return _refused(f"{file.path} is not the file of which its description has the digest")


def _refused(why: str) -> Refused:
    return Refused(code="package.spoiled", sentence=f"This package cannot be taken: {why}.")
