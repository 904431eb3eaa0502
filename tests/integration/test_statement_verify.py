"""A statement as a real PDF, and `statement verify` in a process of its own, without a server."""

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter

from domain.languages import Language
from domain.refusal import Refused
from metering.papers.pdf import ATTACHMENT, attached_json, write_pdf
from metering.statements.canonical import canonical
from metering.statements.document import statement_document
from metering.statements.inputs import Heading
from tests.support.command_line import PROGRAM
from tests.support.statements import heat_line, statement_inputs

PATIENCE_S = 120.0
NO_EXTRA = """
import sys
sys.modules["weasyprint"] = None
sys.modules["pypdf"] = None
sys.argv = ["metering", "verify", *sys.argv[1:]]
from metering.papers.pdf import write_pdf
from domain.languages import Language
print(write_pdf({}, Language.FRENCH).sentence)
from metering.__main__ import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    inputs = statement_inputs(
        heat_line(), heat_line(energy_wh=1_234_567, line_id=2, site_id=2, meter="HM-2")
    )
    made = statement_document(
        inputs.headed(Heading(number="CH-2026-00001", issued_on="2026-02-03"))
    )
    assert not isinstance(made, Refused)
    return made


@pytest.fixture(scope="module")
def pdf(document: dict[str, Any]) -> bytes:
    made = write_pdf(document, Language.FRENCH)
    assert not isinstance(made, Refused), made.sentence
    return made


def _verify(file: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, "statement", "verify", str(file), *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env={"PATH": "/usr/bin:/bin", "CHAUFFERIE_URL": "http://127.0.0.1:9"},
    )


def test_the_pdf_is_tagged_and_says_what_it_claims(pdf: bytes) -> None:
    root: Any = PdfReader(BytesIO(pdf)).trailer["/Root"]

    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/StructTreeRoot"]["/K"]
    metadata = root["/Metadata"].get_data().decode()
    assert 'pdfuaid:part="1"' in metadata
    assert "CH-2026-00001" in metadata


def test_the_pdf_has_a_heading_and_tables_with_headers_in_its_structure(pdf: bytes) -> None:
    root: Any = PdfReader(BytesIO(pdf)).trailer["/Root"]
    kinds: set[str] = set()
    open_nodes = [root["/StructTreeRoot"]]
    while open_nodes:
        node = open_nodes.pop().get_object()
        if not isinstance(node, dict):
            continue
        kinds.add(str(node.get("/S")))
        below = node.get("/K", [])
        open_nodes += below if isinstance(below, list) else [below]

    assert {"/H1", "/Table", "/TR", "/TH", "/TD", "/P"} <= kinds


def test_the_pdf_carries_the_canonical_json_byte_for_byte(
    pdf: bytes, document: dict[str, Any]
) -> None:
    assert attached_json(pdf) == canonical(document)


def test_pdf_and_json_verify_without_a_server(
    pdf: bytes, document: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf)
    (tmp_path / "a.json").write_bytes(canonical(document))

    ran = [_verify(tmp_path / name) for name in ("a.pdf", "a.json")]

    assert [item.returncode for item in ran] == [0, 0], ran
    assert ran[0].stdout == ran[1].stdout
    assert ran[0].stdout.startswith("RIGHT: statement CH-2026-00001 of 2026-01")
    assert document["digest_sha256"] in ran[0].stdout


def test_a_spoiled_statement_names_the_line(document: dict[str, Any], tmp_path: Path) -> None:
    spoiled = json.loads(canonical(document))
    spoiled["lines"][1]["to_index_wh"] += 1000
    file = tmp_path / "a.json"
    file.write_bytes(canonical(spoiled))

    (tmp_path / "b.json").write_bytes(canonical(document))
    ran, verdict = _verify(file), json.loads(_verify(file, "--json").stdout)
    folder = _verify(tmp_path)

    assert ran.returncode == folder.returncode == 1
    assert "They fit together" not in folder.stdout  # one of them is wrong
    assert "Line 2 is wrong" in ran.stdout
    assert "HM-2" in ran.stdout
    (told,) = verdict["files"]
    assert told["is_right"] is False
    assert told["findings"][0].startswith("Line 2")


def test_a_digest_known_from_elsewhere_tells_another_document(
    document: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(canonical(document))

    assert _verify(file, "--digest", document["digest_sha256"].upper()).returncode == 0
    other = _verify(file, "--digest", "ab" * 32)
    assert other.returncode == 1
    assert "another document" in other.stdout


def test_what_is_no_statement_gets_one_sentence(pdf: bytes, tmp_path: Path) -> None:
    bare = PdfWriter()
    bare.add_blank_page(100, 100)
    out = BytesIO()
    bare.write(out)
    twice = PdfWriter(clone_from=BytesIO(pdf))
    twice.add_attachment(ATTACHMENT, b"{}")
    doubled = BytesIO()
    twice.write(doubled)
    contents = {
        "bare.pdf": out.getvalue(),
        "twice.pdf": doubled.getvalue(),
        "cut.pdf": pdf[: len(pdf) // 3],
        "noise.pdf": b"%PDF-1.7\n" + bytes(range(256)) * 20,
        "text.json": b"hello",
        "empty.json": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    ran = {name: _verify(tmp_path / name) for name in [*contents, "absent.json"]}

    assert {name: item.returncode for name, item in ran.items()} == dict.fromkeys(ran, 2)
    assert all(item.stderr.count("\n") == 1 for item in ran.values()), ran
    assert "neither its PDF nor its JSON" in ran["text.json"].stderr
    assert "0 attachments" in ran["bare.pdf"].stderr
    assert "2 attachments" in ran["twice.pdf"].stderr


def test_without_the_extra_a_sentence_says_what_to_install_and_json_still_verifies(
    pdf: bytes, document: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf)
    (tmp_path / "a.json").write_bytes(canonical(document))

    ran = {
        name: subprocess.run(
            [sys.executable, "-c", NO_EXTRA, str(tmp_path / name)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        for name in ("a.pdf", "a.json")
    }

    assert "chaufferie[statements]" in ran["a.json"].stdout
    assert ran["a.json"].returncode == 0, ran["a.json"].stderr
    assert ran["a.pdf"].returncode == 2
    assert "save the attachment statement.json" in ran["a.pdf"].stderr
