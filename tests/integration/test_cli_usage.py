import csv
import io

import pytest

from tests.support.command_line import CommandLine


@pytest.fixture
def used(typed: CommandLine) -> CommandLine:
    """A tenant of its own, which ran a job for one project and one for none."""
    token = typed.document("keys", "add", "laptop", "--tenant", "=SUM(1)")["token"]
    own = CommandLine(
        typed.cluster,
        typed.folder,
        {"CHAUFFERIE_URL": typed.cluster.url, "CHAUFFERIE_TOKEN": token},
    )
    own.submit("--wait", "--account=mesh", "--", "true")
    own.submit("--wait", "--", "true")
    return own


def test_usage_as_table_json_and_csv(used: CommandLine) -> None:
    table = used.run("usage")
    found = used.document("usage")
    rows = list(csv.DictReader(io.StringIO(used.run("usage", "--csv").stdout)))
    lines = [line for line in found["usage"] if line["project"] == "mesh"]

    assert table.returncode == 0
    assert "kWh EST." in table.stdout
    assert "CO2: 52 g/kWh" in table.stderr
    assert "ADEME" in table.stderr
    assert "never billed" in table.stderr
    assert table.stdout.splitlines()[-1].startswith("all")
    assert lines
    assert lines[0]["attempts"] >= 1
    assert {row["tenant"] for row in rows} == {"'=SUM(1)"}  # no formula for a spreadsheet
    assert {row["project"] for row in rows} == {"", "mesh"}
    assert float(rows[0]["core_hours"]) >= 0.0


def test_usage_is_narrowed_by_project_and_month(used: CommandLine) -> None:
    mesh = used.document("usage", "--project", "mesh")["usage"]
    nothing = used.document("usage", "--to", "2001-01")["usage"]

    assert {line["project"] for line in mesh} == {"mesh"}
    assert nothing == []


def test_mistakes_end_in_one_sentence(typed: CommandLine) -> None:
    no_month = typed.run("usage", "--from", "yesterday")
    both = typed.run("usage", "--csv", "--json")

    assert no_month.returncode == 2
    assert "'yesterday' is no month; write it like 2026-01." in no_month.stderr
    assert both.returncode == 2


def test_prices_where_there_are_none(typed: CommandLine) -> None:
    shown = typed.run("prices")

    assert shown.returncode == 0
    assert "no price" in shown.stderr
