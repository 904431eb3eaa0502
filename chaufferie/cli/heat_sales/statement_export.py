"""All that there is under a contract, as files that need no program of ours to be read."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from chaufferie.sdk.errors import BadInputError, ChaufferieError
from domain.languages import Language

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client

CONTRACT_FILE, SUMS_FILE, FOLDER = "contract.json", "SHA256SUMS", "statements"
_NOT_MADE = "pdf.not_made"


def export_contract(client: "Client", contract: str, folder: Path) -> list[str]:
    """Write the versions of a contract and its documents into a new folder; the files' names."""
    if folder.exists():
        raise BadInputError(f"{folder} is there already; name a folder that is to be made.")
    versions = client.transport.get(f"/v1/contracts/{quote(contract, safe='')}/versions")
    listed = client.transport.get("/v1/statements", {"contract": contract})
    (folder / FOLDER).mkdir(parents=True)
    text = json.dumps(versions, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    contents = {CONTRACT_FILE: text.encode("utf-8")}
    for item in listed["statements"]:
        contents |= dict(_documents(client, item["number"]))
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    sums = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in contents.items()
    )
    (folder / SUMS_FILE).write_text(sums, encoding="utf-8")
    return [*contents, SUMS_FILE]


def _documents(client: "Client", number: str) -> Iterator[tuple[str, bytes]]:
    for form in ("json", "csv"):
        yield f"{FOLDER}/{number}.{form}", _document(client, number, form, "fr")
    for language in Language:
        try:
            pdf = _document(client, number, "pdf", language)
        except ChaufferieError as error:
            if getattr(error, "code", None) != _NOT_MADE:
                raise
            continue  # The figures are in the JSON; a PDF can be made of it at any time.
        yield f"{FOLDER}/{number}.{language}.pdf", pdf


def _document(client: "Client", number: str, form: str, language: str) -> bytes:
    path = f"/v1/statements/{number}/document?form={form}&language={language}"
    return client.transport.request("GET", path, headers={}).content
