"""One rule for every command that takes a name: exit code 3 and a sentence where it is unknown."""

import sys
from pathlib import Path

import pytest

from chaufferie.cli.main import main
from tests.support.cluster import Cluster
from tests.support.commands import COMMANDS, parameters

NOTE = ("--note", "x")
LATER = ("--start", "+2h", "--duration", "60")
#: Each with names that nobody bears.
WORDS: tuple[tuple[str, ...], ...] = (
    *((name, "999999") for name in ("job", "explain", "logs", "get", "wait", "cancel", "hold")),
    *((name, "999999") for name in ("release", "requeue", "receipts")),
    ("priority", "999999", "--to", "-5"),
    ("modify", "999999", "--time=5"),
    ("forget", "999999"),
    ("forget", "--project", "nothing"),
    ("job", "999999", "--instances"),
    ("submit", "-d", "afterok:999999", "--wrap", "true"),
    ("submit", "-w", "nowhere", "--wrap", "true"),
    ("submit", "--profile", "nothing", "--wrap", "true"),
    ("submit", "--reservation", "nothing", "--wrap", "true"),
    ("slurm", "scancel", "999999"),
    ("slurm", "scontrol", "show", "job", "999999"),
    *(("jobs", f"--{name}", "nobody") for name in ("node", "tenant", "project", "user")),
    ("heat", "--site", "nowhere"),
    ("indicators", "--from", "-1d", "--site", "nowhere"),
    ("shares", "--site", "nowhere"),
    ("weather", "--site", "nowhere"),
    ("ledger", "close", "2026-01", "--site", "nowhere"),
    ("ledger", "lines", "2026-01", "--site", "nowhere"),
    ("stickers", "print", "sheet.svg", "--site", "nowhere"),
    ("stickers", "list", "--site", "nowhere"),
    ("stickers", "publish", "nowhere", "--figures", "none"),
    ("stickers", "remove", "nothing"),
    ("reports", "close", "999", "x"),
    *(("collectivities", name, "nobody") for name in ("show", "change", "people")),
    ("collectivities", "give-site", "nobody", "site0"),
    ("collectivities", "take-site", "nobody", "site0"),
    ("collectivities", "invite", "nobody", "a@b.fr", "--role", "adviser"),
    ("collectivities", "remove", "nobody", "a@b.fr"),
    ("collectivities", "deliver", "nobody", "readings", "--day", "5"),
    ("collectivities", "files", "nobody"),
    ("collectivities", "fetch", "nobody", "readings", "2026-01", "x.csv"),
    ("reservations", "add", "x", *LATER, "--nodes", "nowhere", "--maintenance"),
    ("reservations", "add", "x", *LATER, "--site", "nowhere", "--maintenance"),
    ("reservations", "add", "x", *LATER, "--site", "site0", "--tenant", "nobody"),
    ("reservations", "delete", "nothing"),
    ("keys", "add", "k", "--role", "buyer", "--site-id", "999"),
    ("keys", "revoke", "999"),
    ("tenants", "close", "nobody"),
    *((name, "list", "--tenant", "nobody") for name in ("projects", "users", "keys", "quotas")),
    *((name, "add", "x", "--tenant", "nobody") for name in ("projects", "users")),
    ("projects", "close", "nothing", "--tenant", "operator"),
    ("users", "remove", "nobody", "--tenant", "operator"),
    ("usage", "--tenant", "nobody"),
    ("usage", "--project", "nothing"),
    ("quotas", "set", "cores=1", "--tenant", "nobody"),
    ("quotas", "set", "cores=1", "--tenant", "operator", "--project", "nothing"),
    ("meter", "confirm", "NONE", "--index", "1", *NOTE),
    ("meter", "declare", "NONE", "remove", "--index", "1", *NOTE),
    ("meter", "declare", "N", "swap", "--replaces", "M", "--closing", "1", "--index", "0", *NOTE),
    ("meter", "declarations", "NONE"),
    ("meter", "describe", "NONE", "--max-kw", "1"),
    ("meter", "withdraw", "999", *NOTE),
    ("meter", "import", __file__, "--meter", "NONE"),
    ("quarantine", "withdraw", "999", *NOTE),
    ("quarantine", "decisions", "--meter", "NONE"),
    ("quarantine", "accept", "9.9.9", *NOTE),
    ("quarantine", "reject", "9.9.9", *NOTE),
    *(("contracts", name, "NONE") for name in ("show", "draft")),
    ("contracts", "year", "NONE", "2026"),
    ("statement", "issue", "NONE", "--month", "2026-01"),
    ("statement", "list", "--contract", "NONE"),
    ("statement", "export", "NONE"),
    *(("statement", name, "NONE") for name in ("show", "get")),
    ("statement", "correct", "NONE", "--reason", "x"),
    ("invoice", "list", "--contract", "NONE"),
    *(("invoice", name, "NONE") for name in ("issue", "show", "get")),
    ("disputes", "answer", "999", "x"),
    ("site", "change", "nowhere", "--water-m3", "1", "--limit-c", "50"),
    ("node", "enrol", "n", "--site", "nowhere"),
    *(("node", name, "nowhere") for name in ("drain", "resume")),
    ("webhooks", "ping", "999"),
    ("webhooks", "remove", "999"),
)
#: By what a parameter is called that names something there is.
NAMING = frozenset(
    [
        "job_id",
        "job_ids",
        "job",
        "which",
        "site",
        "serial",
        "case",
        "code",
        "dispute_id",
        "report_id",
        "key_id",
        "webhook_id",
        "number",
        "erasure_id",
        "contract",
        "node",
        "nodes",
        "tenant",
        "project",
    ]
)
#: These make what they name.
MAKING = frozenset({"webhooks add", "contracts add"})


@pytest.fixture
def here(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes this process a user of the cluster, so that no command costs a start of Python."""
    for name, value in cluster.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_an_unknown_name_ends_in_3_and_a_sentence(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["chaufferie", *words])

    with pytest.raises(SystemExit) as ended:
        main()

    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (3, ""), told.err
    assert told.err.count("\n") == 1
    assert told.err.rstrip().endswith(".")
    assert "no " in told.err.lower() or "nobody" in told.err


def test_every_command_that_takes_a_name_is_among_them() -> None:
    taking = {name for name in COMMANDS if NAMING & parameters(name).keys()} - MAKING
    tried = {" ".join(words[:size]) for words in WORDS for size in (1, 2)}

    assert taking - tried == set()
