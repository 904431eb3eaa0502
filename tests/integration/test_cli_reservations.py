"""Reservations as an operator types them and a user's jobs meet them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import Cluster, running_cluster, until
from tests.support.command_line import CommandLine


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two nodes of two cores, each at a site of its own."""
    with running_cluster(tmp_path_factory.mktemp("two")) as running:
        yield running


@pytest.fixture
def operator(two: Cluster, tmp_path: Path) -> CommandLine:
    return CommandLine(two, tmp_path)


def as_tenant(operator: CommandLine, name: str) -> CommandLine:
    token = operator.cluster.key_for_tenant(name)
    variables = {"CHAUFFERIE_URL": operator.cluster.url, "CHAUFFERIE_TOKEN": token}
    return CommandLine(operator.cluster, operator.folder, variables)


def ran_on(typed: CommandLine, job_id: str) -> str:
    assert typed.run("wait", job_id).returncode == 0
    return str(typed.document("job", job_id)["node"])


def test_jobs_of_a_course_have_its_node_and_others_another(operator: CommandLine) -> None:
    school, firm = as_tenant(operator, "school"), as_tenant(operator, "firm")
    words = ("--start", "now", "--duration", "2:00:00", "--nodes", "node0", "--tenant", "school")

    made = operator.run("reservations", "add", "course", *words)
    shown = school.run("reservations", "list").stdout
    inside = [
        school.submit("--reservation=course", "--time=5", "--exclusive", "--", "true")
        for _ in range(2)
    ]
    outside = [firm.submit("--time=5", "--exclusive", "--", "true") for _ in range(2)]
    nodes = [ran_on(school, job) for job in inside], [ran_on(firm, job) for job in outside]

    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("Reservation course: node0 from ")
    assert "course" in shown
    assert "school" in shown
    assert firm.document("reservations", "list") == {"reservations": []}
    assert nodes == (["node0"] * 2, ["node1"] * 2)
    assert school.document("job", inside[0])["reservation"] == "course"
    foreign = firm.run("submit", "--reservation=course", "--", "true")
    too_long = school.run("submit", "--reservation=course", "--time=3:00:00", "--", "true")
    assert "There is no reservation 'course' of yours now" in foreign.stderr
    assert "write a shorter --time" in too_long.stderr
    assert (foreign.returncode, too_long.returncode) == (3, 1)
    assert operator.run("reservations", "delete", "course").returncode == 0


def test_maintenance_is_kept_free_and_a_shorter_job_still_runs(operator: CommandLine) -> None:
    user = as_tenant(operator, "lab")
    words = ("--start", "+1h", "--duration", "60", "--site", "site0", "--maintenance")

    made = operator.document("reservations", "add", "works", *words)
    again = operator.run("reservations", "add", "more", *words)
    short = user.submit("--nodelist=node0", "--time=30", "--", "true")
    long = user.submit("--nodelist=node0", "--time=90", "--", "true")
    until(lambda: user.document("explain", long)["code"] == "runs_into_reservation")
    said = user.run("explain", long).stdout

    assert made["nodes"] == ["node0"]
    assert ran_on(user, short) == "node0"
    assert "node0, is reserved for others in" in said
    assert again.returncode == 1
    assert "node0 is reserved then by 'works'" in again.stderr
    assert operator.run("reservations", "delete", "works").returncode == 0
    assert ran_on(user, long) == "node0"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--nodes", "nowhere", "--maintenance"), "There is no node 'nowhere'"),
        (("--site", "nowhere", "--maintenance"), "There is no site 'nowhere'"),
        (("--nodes", "node1", "--tenant", "nobody"), "There is no tenant 'nobody'"),
        (("--nodes", "node1"), "Say for whom it is"),
        (("--nodes", "node1", "--site", "site1", "--maintenance"), "Say which nodes"),
        (("--nodes", "n[", "--maintenance"), "are no nodes"),
        (("--nodes", "node1", "--maintenance", "--start", "soon"), "is no time"),
        (("--nodes", "node1", "--maintenance", "--duration", "long"), "is no duration"),
        (("--nodes", "node1", "--maintenance", "--start", "2020-01-01"), "would be over already"),
    ],
)
def test_a_slip_is_told_in_one_sentence(
    operator: CommandLine, words: tuple[str, ...], said: str
) -> None:
    usual = {"--start": "now", "--duration": "60"}
    rest = [word for pair in usual.items() if pair[0] not in words for word in pair]

    ran = operator.run("reservations", "add", "slip", *rest, *words)

    assert ran.returncode != 0
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert operator.document("reservations", "list") == {"reservations": []}
