"""Whose job starts first, through the command line: fair share, a person's word, a wide job."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import Cluster, running_cluster, until
from tests.support.command_line import CommandLine

#: A hundred points an hour, so that a share of points is worth more than all waiting in a test.
ORDER = """
[order]
tenant_share = 1000
half_life_days = 1

[order.shares]
lab = 2
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One node of two cores."""
    data = tmp_path_factory.mktemp("small")
    (data / "operator.toml").write_text(ORDER)
    with running_cluster(data, sites=1) as running:
        yield running


@pytest.fixture
def operator(small: Cluster, tmp_path: Path) -> CommandLine:
    return CommandLine(small, tmp_path)


def user_of(operator: CommandLine, tenant: str) -> CommandLine:
    """The command line of a tenant's user."""
    key = operator.document("keys", "add", "laptop", "--tenant", tenant)["token"]
    variables = {"CHAUFFERIE_TOKEN": key, "CHAUFFERIE_URL": operator.cluster.url}
    return CommandLine(operator.cluster, operator.folder, variables)


def occupied(operator: CommandLine) -> str:
    """A job that holds every core until somebody cancels it."""
    job_id = operator.submit("--exclusive", "--priority=100000", "--", "sleep", "300")
    until(lambda: operator.document("job", job_id)["state"] == "running")
    return job_id


def started(typed: CommandLine, *job_ids: str) -> list[float]:
    assert typed.run("wait", *job_ids).returncode == 0
    return [typed.document("job", job_id)["started_at_s"] for job_id in job_ids]


def terms_of(typed: CommandLine, job_id: str) -> dict[str, float]:
    found = typed.document("explain", job_id)["priority"]
    assert found["points"] == pytest.approx(sum(item["points"] for item in found["terms"]))
    return {item["name"]: item["value"] for item in found["terms"]}


def test_who_ran_nothing_goes_before_who_ran_much(operator: CommandLine) -> None:
    lab, firm = user_of(operator, "lab"), user_of(operator, "firm")
    lab.run("submit", "--wait", "--exclusive", "--", "sleep", "3")
    holding = occupied(operator)
    first = lab.submit("--hold", "--exclusive", "--", "true")
    second = firm.submit("--hold", "--exclusive", "--", "true")
    # A job may be given to a node a moment before the one there is thought to end.
    firm.run("release", second)
    lab.run("release", first)

    shares = [terms_of(lab, first)["tenant_share"], terms_of(firm, second)["tenant_share"]]
    shown = lab.run("explain", first).stdout
    operator.run("cancel", holding)
    began = [*started(lab, first), *started(firm, second)]

    assert shares[0] < shares[1] == 1.0
    assert "fair share of its tenant" in shown
    assert began[1] < began[0]


def test_a_person_moves_a_job_after_others_and_the_operator_before(operator: CommandLine) -> None:
    user = user_of(operator, "university")
    holding = occupied(operator)
    last, usual, first = (
        user.submit(*words, "--exclusive", "--", "true") for words in (("--nice=50",), (), ())
    )
    refused = user.run("priority", first, "--to", "10")
    too_high = user.run("submit", "--priority=1", "--", "true")
    moved = operator.run("priority", first, "--to", "10")

    assert "Only the operator moves a job before others" in refused.stderr
    assert (refused.returncode, too_high.returncode) == (4, 1)
    assert "Only the operator" in too_high.stderr
    assert moved.stdout == f"Job {first} has 10 points by your word.\n"
    assert terms_of(user, last)["priority"] == -50.0
    assert user.document("job", first)["priority"] == 10

    operator.run("cancel", holding)
    began = started(user, first, usual, last)
    assert began == sorted(began)


def test_a_wide_job_has_a_node_kept_which_only_short_ones_use_before(
    operator: CommandLine,
) -> None:
    user = user_of(operator, "school")
    ahead = user.submit("-n", "1", "--time=10", "--", "sleep", "300")
    until(lambda: user.document("job", ahead)["state"] == "running")
    wide = user.submit("--exclusive", "--time=1", "--", "true")
    narrow = [user.submit("-n", "1", "--time=20", "--", "true") for _ in range(3)]
    short = user.submit("-n", "1", "--time=1", "--", "true")

    assert user.run("wait", short).returncode == 0
    assert (
        f"kept for job {wide}, which this one does not delay" in user.run("explain", short).stdout
    )
    until(lambda: user.document("explain", wide)["kept"] is not None)
    kept = user.document("explain", wide)["kept"]
    said = user.run("explain", wide).stdout
    behind = user.run("explain", narrow[0]).stdout
    runs_until_s = user.document("job", ahead)["started_at_s"] + 600.0

    assert kept["nodes"] == ["node0"]
    assert kept["from_s"] == pytest.approx(runs_until_s, abs=5.0)
    assert "node0 is kept for it from about" in said
    assert f"is kept for job {wide}" in behind
    assert "with a --time that ends before, it could start sooner" in behind
    user.run("cancel", ahead)
    began = started(user, wide, *narrow)
    assert began[0] == min(began)
