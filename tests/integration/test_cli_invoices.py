"""An invoice by the command line: the seller in the operator's file, the PDF of the real worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.towns.collectivities import Collectivity
from tests.support.cluster import Cluster, running_cluster, until
from tests.support.command_line import CommandLine
from tests.support.past import sold_past
from tests.support.valkey import running_valkey

HOWTO = Path(__file__).parents[2] / "docs/howto"
TOWN = Collectivity(name="Ville de Bains-les-Eaux", siret="21990012300031")
STATEMENT, NUMBER = "CHALEUR-2026-00001", "FAC-2026-00001"


def _shown(page: str) -> str:
    """The first TOML that a how-to shows."""
    text = (HOWTO / page).read_text(encoding="utf-8")
    shown, _, _ = text.partition("```toml\n")[2].partition("```")
    assert shown
    return shown


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that sold heat, its operator's file as the how-to shows it, a worker."""
    folder = tmp_path_factory.mktemp("invoices")
    (folder / "operator.toml").write_text(_shown("invoice_heat.md"), encoding="utf-8")
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


def _terms(typed: CommandLine) -> str:
    """The contract of the how-to, for the site that is there."""
    site_id = next(
        item["site_id"]
        for item in typed.document("sites")["sites"]
        if item["name"] == "Piscine Nord"
    )
    return _shown("sell_heat.md").replace("site_id = 1", f"site_id = {site_id}")


def test_from_a_statement_to_an_invoice_that_anybody_can_check(typed: CommandLine) -> None:
    typed.write("contract.toml", _terms(typed))
    for words in (
        ("contracts", "add", "contract.toml"),
        ("statement", "issue", "M-2026-17", "--month", "2026-01"),
    ):
        ran = typed.run(*words)
        assert ran.returncode == 0, ran.stderr

    made = typed.run("invoice", "issue", STATEMENT)
    again = typed.run("invoice", "issue", STATEMENT)
    listed = typed.run("invoice", "list")
    shown = typed.run("invoice", "show", STATEMENT)
    until(lambda: typed.run("invoice", "get", STATEMENT).returncode == 0, 120.0)
    xml = typed.run("invoice", "get", NUMBER, "-", "--form", "xml")
    right = typed.document("invoice", "verify", f"{NUMBER}.pdf")
    statement = typed.run("statement", "verify", f"{NUMBER}.pdf")
    typed.write("spoiled.xml", xml.stdout.replace("GrandTotalAmount>114.12", "GrandTotalAmount>1"))
    spoiled = typed.run("invoice", "verify", "spoiled.xml")

    assert made.stdout.startswith(f"{NUMBER} is issued for {STATEMENT}."), made
    assert again.stdout.startswith(f"{NUMBER} was issued before for {STATEMENT}.")
    assert NUMBER in listed.stdout
    assert "extended" in shown.stdout
    assert right["files"][0]["is_right"], right
    assert right["files"][0]["has_rules"]
    assert right["files"][0]["digest_sha256"] in made.stdout
    assert statement.returncode == 0
    assert spoiled.returncode == 1
    assert "GrandTotalAmount is 1," in spoiled.stdout


def test_a_correction_is_invoiced_by_a_credit_note_first(typed: CommandLine) -> None:
    typed.write("cheaper.toml", _terms(typed).replace("95.10", "90.00"))
    typed.run("contracts", "amend", "cheaper.toml", "--reason", "avenant 1")
    typed.run("statement", "correct", STATEMENT, "--reason", "wrong price")

    early = typed.run("invoice", "issue", "CHALEUR-2026-00003")
    issued = [typed.run("invoice", "issue", f"CHALEUR-2026-0000{place}") for place in (2, 3)]
    kinds = [item["kind"] for item in typed.document("invoice", "list")["invoices"]]

    assert early.returncode != 0
    assert "issue the credit note first" in early.stderr
    assert [item.returncode for item in issued] == [0, 0], issued
    assert kinds == ["invoice", "credit-note", "invoice"]


def test_mistakes_are_told_in_one_sentence(typed: CommandLine) -> None:
    ran = {
        "no such invoice": typed.run("invoice", "show", "NONE-1"),
        "no such contract": typed.run("invoice", "list", "--contract", "NONE"),
        "There is no statement": typed.run("invoice", "issue", "NONE-1"),
        "No such file": typed.run("invoice", "verify", "absent.pdf"),
    }

    assert all(item.returncode != 0 for item in ran.values())
    assert [item.stderr for item in ran.values() if item.stderr.count("\n") != 1] == []
    assert [said for said, item in ran.items() if said not in item.stderr] == []
