"""From a contract's file to a verified PDF by the command line, the PDF made by the real worker."""

import json
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from domain.towns.collectivities import Collectivity
from tests.support.cluster import Cluster, running_cluster, until
from tests.support.command_line import CommandLine
from tests.support.past import sold_past
from tests.support.valkey import running_valkey

DIRECTORY = Path(__file__).parent
#: The buyer of the how-to.
TOWN = Collectivity(name="Ville de Bains-les-Eaux", siret="21990012300031")
NUMBER = "CHALEUR-2026-00001"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster whose past is known: a real meter, closed months, a worker on its broker."""
    folder = tmp_path_factory.mktemp("statements")
    with running_cluster(folder, sites=1) as running, running_valkey(folder) as broker:
        with running.store() as store:
            sold_past(store, TOWN)
        running.run(
            "worker",
            "worker",
            CHAUFFERIE_REDIS_URL=broker.url,
            CHAUFFERIE_STATEMENTS_EVERY_S="1",
        )
        yield running


@pytest.fixture(scope="module")
def example() -> str:
    """The contract that the how-to shows."""
    text = (DIRECTORY.parents[1] / "docs/howto/sell_heat.md").read_text(encoding="utf-8")
    _, _, rest = text.partition("```toml\n")
    shown, _, _ = rest.partition("```")
    assert "heat_vat" in tomllib.loads(shown)
    return shown


def test_from_a_contract_to_a_verified_pdf_and_its_correction(
    typed: CommandLine, example: str
) -> None:
    site_id = next(
        item["site_id"]
        for item in typed.document("sites")["sites"]
        if item["name"] == "Piscine Nord"
    )
    terms = example.replace("site_id = 1", f"site_id = {site_id}")
    typed.write("contract.toml", terms)

    added = typed.run("contracts", "add", "contract.toml")
    assert added.returncode == 0, added.stderr
    shown = typed.run("contracts", "show", "M-2026-17")
    drafted = typed.document("contracts", "draft", "M-2026-17")
    issued = typed.run("statement", "issue", "M-2026-17", "--month", "2026-01")
    listed = typed.run("statement", "list", "--contract", "M-2026-17")
    lines = typed.run("statement", "show", NUMBER)

    assert "95.10 EUR for a MWh" in shown.stdout
    assert "Next statement  2026-01" in shown.stdout
    assert drafted["totals"]["energy_wh"] == 1_000_000
    assert issued.stdout.startswith(f"{NUMBER} is issued: 1.000000 MWh, 114.12 with VAT.")
    assert NUMBER in listed.stdout
    assert "1000.000" in lines.stdout
    assert "2000.000" in lines.stdout

    until(
        lambda: typed.run("statement", "get", NUMBER, "--language", "fr").returncode == 0,
        120.0,
    )
    fetched = [
        typed.run("statement", "get", NUMBER, f"a.{form}", "--form", form)
        for form in ("json", "csv", "html")
    ]
    right = [typed.run("statement", "verify", name) for name in (f"{NUMBER}.pdf", "a.json")]
    printed = typed.run("statement", "get", NUMBER, "-", "--form", "json")

    assert [item.returncode for item in fetched] == [0, 0, 0]
    assert [item.returncode for item in right] == [0, 0], right
    assert (typed.folder / f"{NUMBER}.pdf").read_bytes().startswith(b"%PDF-")
    assert printed.stdout == (typed.folder / "a.json").read_text()

    spoiled = json.loads(printed.stdout)
    spoiled["lines"][0]["from_index_wh"] -= 1
    typed.write("spoiled.json", json.dumps(spoiled))
    assert "Line 1 is wrong" in typed.run("statement", "verify", "spoiled.json").stdout

    typed.write("cheaper.toml", terms.replace("95.10", "90.00"))
    amended = typed.run("contracts", "amend", "cheaper.toml", "--reason", "avenant 1")
    corrected = typed.run("statement", "correct", NUMBER, "--reason", "wrong price")
    states = [item["state"] for item in typed.document("statement", "list")["statements"]]

    assert amended.stdout == "Contract M-2026-17 has version 2 from now on.\n"
    assert corrected.stdout == (
        f"CHALEUR-2026-00002 takes {NUMBER} back, and CHALEUR-2026-00003 is in its place.\n"
    )
    assert states == ["corrected", "issued", "issued"]
    _export_fits_together(typed)


def test_files_make_themselves_on_the_worker(typed: CommandLine) -> None:
    ordered = typed.run(
        "collectivities", "deliver", TOWN.name, "readings", "--day", "5", "--since", "2026-01"
    )
    until(lambda: bool(typed.document("collectivities", "files", TOWN.name)["made"]), 120.0)
    fetched = [
        typed.run("collectivities", "fetch", TOWN.name, "readings", "2026-01", f"january.{form}")
        for form in ("csv", "xlsx", "pdf")
    ]
    ended = typed.run("collectivities", "deliver", TOWN.name, "readings", "--day", "never")
    wrong = typed.run("collectivities", "deliver", TOWN.name, "lines", "--day", "31")
    listed = typed.run("collectivities", "files", TOWN.name)

    assert ordered.returncode == 0, ordered.stderr
    assert [item.returncode for item in fetched] == [0, 0, 2]
    assert "1000,000;valid" in (typed.folder / "january.csv").read_text(encoding="utf-8-sig")
    assert (typed.folder / "january.xlsx").read_bytes().startswith(b"PK")
    assert "2026-01" in listed.stdout
    assert ended.returncode == 0
    assert wrong.stderr == "chaufferie: The day is 1 to 28.\n"


def test_everything_moves_to_another_installation(typed: CommandLine) -> None:
    issued = len(typed.document("statement", "list")["statements"])
    other = typed.folder / "other"
    subprocess.run(
        [sys.executable, "-m", "api", "init", "--key-file", str(typed.folder / "key")],
        env=typed.environment() | {"CHAUFFERIE_DATA_DIR": str(other)},
        check=True,
        capture_output=True,
    )
    exported = typed.run("collectivities", "export", TOWN.name, "town.zip")
    again = typed.run("collectivities", "export", TOWN.name, "town.zip")
    spoiled = bytearray((typed.folder / "town.zip").read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    (typed.folder / "spoiled.zip").write_bytes(spoiled)
    refused = typed.run("collectivities", "import", "spoiled.zip", "--data", str(other))
    imported = typed.run("collectivities", "import", "town.zip", "--data", str(other))
    twice = typed.document("collectivities", "import", "town.zip", "--data", str(other))
    back = typed.run("collectivities", "export", TOWN.name, "back.zip", "--data", str(other))
    home = typed.run("collectivities", "import", "back.zip")

    assert f"All that {TOWN.name} owns is in town.zip" in exported.stdout, exported
    assert f"{issued} statements were worked out again, each the same" in imported.stdout, imported
    assert twice["came_before"] is True
    assert back.returncode == 0, back
    assert [item.returncode for item in (again, refused, home)] == [2, 2, 2]
    assert [item.stderr.count("\n") for item in (again, refused, home)] == [1, 1, 1]


def _export_fits_together(typed: CommandLine) -> None:
    exported = typed.document("statement", "export", "M-2026-17", "archive")
    again = typed.run("statement", "export", "M-2026-17", "archive")
    sums = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=typed.folder / "archive", check=False
    )
    fits = typed.run("statement", "verify", "archive")
    (typed.folder / "archive" / "statements" / f"{NUMBER}.json").unlink()
    for pdf in (typed.folder / "archive" / "statements").glob(f"{NUMBER}.*.pdf"):
        pdf.unlink()
    lacks = typed.run("statement", "verify", "archive")

    year = typed.document("contracts", "year", "M-2026-17", "2026", "--language", "en")["rows"]
    assert [item["energy"] for item in year] == ["heat", "electricity of the servers"]
    assert year[0]["kwh"] == "2000.000"
    assert {"contract.json", "SHA256SUMS", f"statements/{NUMBER}.csv"} <= set(exported["files"])
    assert again.returncode == 2
    assert sums.returncode == 0
    assert fits.returncode == 0, fits
    assert fits.stdout.count("RIGHT: ") >= 3
    assert "They fit together" in fits.stdout
    assert lacks.returncode == 1
    assert f"names {NUMBER}, which is not here" in lacks.stdout


def test_mistakes_are_told_in_one_sentence(typed: CommandLine, example: str) -> None:
    typed.write("no.toml", "reference = ")
    typed.write("vat.toml", example.replace("rate_percent", "rate"))
    typed.write("float.toml", example.replace("price_per_mwh = 95.10", "price_per_mwh = 1e9999999"))

    ran = {
        "no TOML": typed.run("contracts", "add", "no.toml"),
        "heat_vat": typed.run("contracts", "add", "vat.toml"),
        "price_per_mwh": typed.run("contracts", "add", "float.toml"),
        "absent.toml": typed.run("contracts", "add", "absent.toml"),
        "no such contract": typed.run("contracts", "show", "NONE"),
        "no such statement": typed.run("statement", "show", "NONE-1"),
        "There is no contract": typed.run("statement", "issue", "NONE", "--month", "2026-01"),
        "month": typed.run("statement", "issue", "NONE", "--month", "January"),
    }

    assert all(item.returncode != 0 for item in ran.values())
    assert [item.stderr for item in ran.values() if item.stderr.count("\n") != 1] == []
    assert [said for said, item in ran.items() if said not in item.stderr] == []


def test_a_new_user_sells_invented_heat_by_the_commands_that_the_sample_prints(
    typed: CommandLine,
) -> None:
    made = typed.document("sample", "heat-sale", "sample")
    assert typed.run("sample", "heat-sale", "again").returncode != 0, "there is one ledger only"

    for line in made["commands"]:
        words = shlex.split(line)[1:]
        if words[:2] == ["ledger", "close"]:
            closed = typed.run(*words)
            assert closed.returncode == 0 or "closed once" in closed.stderr, closed.stderr
        elif words[:2] == ["statement", "get"]:
            until(partial(_succeeds, typed, words), 120.0)
        else:
            ran = typed.run(*words)
            assert ran.returncode == 0, f"{line}: {ran.stderr}"

    pdf = made["commands"][-1].split()[-1]
    assert "RIGHT" in typed.run("statement", "verify", pdf).stdout
    page = typed.run("statement", "get", Path(pdf).stem, "-", "--form", "html").stdout
    for said in ("SPECIMEN - Ville", "SPECIMEN - fournisseur", "SAMPLE pool", "SAMPLE-HEAT"):
        assert said in page
    assert "SPECIMEN: settle yours" in page


def _succeeds(typed: CommandLine, words: Sequence[str]) -> bool:
    return typed.run(*words).returncode == 0
