"""An operator who asks for money: what a person at a terminal and what a script see of it."""

import os
import pty
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import running_cluster
from tests.support.command_line import PROGRAM, CommandLine

PRICES = """
large_submit = 1

[[prices]]
valid_from = 2001-01-01
core_hour = { flex = 0.5, ondemand = 0.25, reserved = 1 }
"""
SMALL = ("-J", "asked", "--time=60", "--hold")
LARGE = (*SMALL, "--array=0-9")
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    folder = tmp_path_factory.mktemp("priced")
    data = folder / "data"
    data.mkdir()
    (data / "operator.toml").write_text(PRICES)
    with running_cluster(data, sites=1) as cluster:
        yield CommandLine(cluster, folder)


def at_a_terminal(typed: CommandLine, *words: str, answer: str | None) -> tuple[int, str]:
    """The exit code and all that is shown, where a person types the answer to the question."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, *words],
        cwd=typed.folder,
        env=typed.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break  # the other side is closed
        if not part:
            break
        shown += part
        if answer is not None and b"[y/N]" in shown:
            os.write(ours, answer.encode())
            answer = None
    os.close(ours)
    return process.wait(PATIENCE_S), shown.decode()


def asked_for(typed: CommandLine) -> int:
    return len(typed.document("jobs", "--name", "asked", "--all"))


def test_trying_shows_cost_and_likely_start(priced: CommandLine) -> None:
    tried = priced.run("submit", "--test-only", "-n", "2", "--time=60", "--", "true")

    assert tried.returncode == 0
    assert "Cost: 0.50 EUR without tax if it runs once to its time limit" in tried.stdout
    assert "Likely start: Now" in tried.stdout


def test_a_budget_of_money_is_held_against_the_price_list(priced: CommandLine) -> None:
    def budget(amount: str) -> str:
        ran = priced.run("quotas", "set", f"cost/month={amount}", "--tenant", "operator")
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    assert "0 EUR" in budget("5")
    used_up = budget("0")
    refused = priced.run("submit", *SMALL, "--", "true")
    budget("none")

    assert "used up" in used_up
    assert refused.returncode == 1
    assert "The budget of cost for 20" in refused.stderr
    assert " of 0 EUR are used; wait for the next month" in refused.stderr


def test_a_person_is_asked_before_a_large_submission(priced: CommandLine) -> None:
    before = asked_for(priced)

    code, shown = at_a_terminal(priced, "submit", *LARGE, "--", "true", answer="n\n")
    after_no = asked_for(priced)
    agreed, _ = at_a_terminal(priced, "submit", *LARGE, "--", "true", answer="y\n")

    assert code == 1
    assert "This costs 2.50 EUR" in shown
    assert "Nothing was submitted." in shown
    assert after_no == before
    assert agreed == 0
    assert asked_for(priced) == before + 1


def test_nobody_is_asked_about_a_small_one_or_with_yes(priced: CommandLine) -> None:
    small, shown = at_a_terminal(priced, "submit", *SMALL, "--", "true", answer=None)
    agreed, said = at_a_terminal(priced, "submit", "--yes", *LARGE, "--", "true", answer=None)

    assert (small, agreed) == (0, 0)
    assert "[y/N]" not in shown + said


def test_a_script_goes_on_and_is_told(priced: CommandLine) -> None:
    sent = priced.run("submit", *LARGE, "--", "true")

    assert sent.returncode == 0
    assert sent.stdout.startswith("Submitted batch job")
    assert "It costs 2.50 EUR" in sent.stderr


def test_usage_has_a_cost(priced: CommandLine) -> None:
    assert priced.run("submit", "--wait", "--", "true").returncode == 0

    assert "COST EUR" in priced.run("usage").stdout
    assert "0.25" in priced.run("prices").stdout


def test_an_api_with_a_wrong_file_does_not_start(priced: CommandLine, tmp_path: Path) -> None:
    wrong = tmp_path / "operator.toml"
    wrong.write_text(PRICES.replace("2001-01-01", "2001-01-02"))

    ran = CommandLine(priced.cluster, priced.folder, {"CHAUFFERIE_OPERATOR_FILE": str(wrong)}).run(
        "api"
    )

    assert ran.returncode == 2
    assert "first day of a month" in ran.stderr
    assert "Traceback" not in ran.stderr
