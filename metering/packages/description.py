"""``datapackage.json``: what is in a package, by the Data Package standard, version 2."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from domain.refusal import Refused
from store.packages.resource import Field, Resource

DESCRIPTION_FILE = "datapackage.json"
FORMAT = "chaufferie-collectivity/1"
_STANDARD = "https://datapackage.org/profiles/2.0/datapackage.json"
_HASH = "sha256:"
_MEDIA_TYPES = {
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".xml": "application/xml",
}
_ABOUT = (
    "All that a collectivity owns of its recovered heat: sites, meters, every index and what was "
    "declared and sealed of it, contracts, statements, invoices, disputes, wishes. Times are Unix "
    "time in seconds, energies Wh, months of the clock in Paris. A cell of text that would be a "
    "formula, or that begins with an apostrophe, has an apostrophe before it. Every kWh of a "
    "statement is a difference of two indexes of register_lines; each statement proves itself by "
    "its JSON."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """A file of a package."""

    path: str
    size_bytes: int
    sha256: str
    table: str | None = None  #: None = a document.
    rows: int | None = None
    columns: tuple[str, ...] = ()  #: Of a table.


def table_path(resource: Resource) -> str:
    """Where a table lies in a package."""
    return f"data/{resource.name}.csv"


def described(
    *,
    name: str,
    siret: str,
    created: str,
    software: str,
    files: Iterable[PackedFile],
    tables: Iterable[Resource],
) -> bytes:
    """The description, which is the same for the same files."""
    schemas = {item.name: item for item in tables}
    document = {
        "$schema": _STANDARD,
        "name": f"chaufferie-collectivity-{siret}",
        "title": name,
        "description": _ABOUT,
        "format": FORMAT,
        "created": created,
        "software": software,
        "resources": [_resource(item, schemas.get(item.table or "")) for item in files],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _resource(file: PackedFile, table: Resource | None) -> dict[str, Any]:
    common = {"path": file.path, "bytes": file.size_bytes, "hash": _HASH + file.sha256}
    if table is None:
        name = file.path.lower().replace("/", "-")
        suffix = PurePosixPath(file.path).suffix
        return {"name": name, "mediatype": _MEDIA_TYPES[suffix], **common}
    return {
        "name": table.name,
        "description": table.description,
        **common,
        "rows": file.rows,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema_of(table),
    }


def schema_of(table: Resource) -> dict[str, Any]:
    """The columns of a table, by the Table Schema standard."""
    return {"fields": [_field(item) for item in table.fields], "missingValues": [""]}


def _field(field: Field) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if field.is_required else {}
    if field.enum:
        constraints["enum"] = list(field.enum)
    made = {"name": field.name, "type": field.type.value, "description": field.description}
    return {**made, "constraints": constraints} if constraints else made


def files_of(data: bytes, tables: Iterable[Resource]) -> list[PackedFile] | Refused:
    """The files that a description lists; a refusal where it is none of this version's."""
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            return _refused(f"its format is {document['format']!r}, and not {FORMAT}")
        schemas = {item.name: item for item in tables}
        found = [_file(item, schemas) for item in document["resources"]]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        return _refused(f"its {DESCRIPTION_FILE} cannot be read ({error})")
    needed = {name for name, table in schemas.items() if table.is_required}
    missing = sorted(needed - {item.table for item in found})
    if missing:
        return _refused(f"it has no table {missing[0]}")
    paths = [item.path for item in found]
    if len(set(paths)) < len(paths):
        return _refused("a file stands in it twice")
    return found


def _file(plain: dict[str, Any], schemas: dict[str, Resource]) -> PackedFile:
    sha256 = str(plain["hash"])
    if not sha256.startswith(_HASH) or type(plain["bytes"]) is not int:
        raise ValueError(f"no size or digest of {plain['path']!r}")
    table = schemas.get(plain["name"])
    if (table is not None) != ("schema" in plain):
        raise ValueError(f"{plain['name']!r} is no table that this version knows")
    if table is not None:
        if not _knows(table, plain["schema"]) or plain["path"] != table_path(table):
            raise ValueError(f"the columns of {table.name} are not those of this version")
        if type(plain["rows"]) is not int:
            raise ValueError(f"no number of rows of {table.name}")
    return PackedFile(
        path=str(plain["path"]),
        size_bytes=plain["bytes"],
        sha256=sha256.removeprefix(_HASH),
        table=None if table is None else table.name,
        rows=None if table is None else plain["rows"],
        columns=() if table is None else tuple(item["name"] for item in plain["schema"]["fields"]),
    )


def _knows(table: Resource, schema: dict[str, Any]) -> bool:
    """Whether a table has our columns; of before there was one that may be empty, without it."""
    told = {item["name"]: item["type"] for item in schema["fields"]}
    ours = [item for item in table.fields if item.name in told or item.is_required]
    return [(item.name, item.type.value) for item in ours] == [
        (item["name"], item["type"]) for item in schema["fields"]
    ] and len(told) == len(schema["fields"])


def _refused(why: str) -> Refused:
    return Refused(code="package.form", sentence=f"This is no package of this version: {why}.")
