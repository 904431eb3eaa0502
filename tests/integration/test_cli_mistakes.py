import pytest

from tests.support.cluster import Cluster
from tests.support.command_line import CommandLine
from tests.support.ports import free_port


def a_line(text: str) -> bool:
    """Whether it is one plain sentence, with nothing of Python in it."""
    is_one_line = text.count("\n") == 1 and text.endswith("\n")
    return is_one_line and "Traceback" not in text and text.rstrip()[-1] in ".?)"


def test_a_wrong_option_names_its_line_and_nothing_is_submitted(typed: CommandLine) -> None:
    typed.write("job.sh", "#!/bin/sh\n#SBATCH -J wrong-option\n#SBATCH --ntaks=4\ntrue\n")

    ran = typed.run("submit", "job.sh")

    assert ran.returncode == 2
    assert a_line(ran.stderr)
    assert "Line 3" in ran.stderr
    assert "--ntaks" in ran.stderr
    assert typed.document("jobs", "--name", "wrong-option") == []


def test_a_request_that_no_node_can_hold_names_the_largest(typed: CommandLine) -> None:
    ran = typed.run("submit", "-c", "4000", "--", "true")

    assert ran.returncode == 1
    assert a_line(ran.stderr)
    assert "4000 cores; the largest node has 2" in ran.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["submit", "no-such-script.sh"], 2, "There is no script"),
        (["submit", "--stage", "no-such-file", "--", "true"], 2, "does not exist"),
        (["submit", "--stage", "../..", "--", "true"], 2, "lies outside"),
        (["submit", "--"], 2, "Nothing to run"),
        (["submit", "--wrap", "true", "job.sh"], 2, "not two of them"),
        (["job", "999999"], 3, "There is no such job"),
        (["logs", "999999"], 3, "There is no such job"),
        (["wait", "999999"], 3, "There is no such job"),
        (["heat", "--site", "atlantis"], 3, "there are: site0, site1"),
        (["heat", "--from", "someday"], 2, "is no time"),
    ],
)
def test_a_mistake_ends_in_a_sentence(
    typed: CommandLine, words: list[str], code: int, said: str
) -> None:
    typed.write("job.sh", "#!/bin/sh\ntrue\n")

    ran = typed.run(*words)

    assert ran.returncode == code
    assert said in ran.stderr
    assert a_line(ran.stderr)
    assert ran.stdout == ""


def test_a_server_that_is_down_is_named(cluster: Cluster, typed: CommandLine) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    away = {"CHAUFFERIE_URL": address, "CHAUFFERIE_TOKEN": cluster.token}

    ran = CommandLine(cluster, typed.folder, away).run("jobs")

    assert ran.returncode == 5
    assert a_line(ran.stderr)
    assert address in ran.stderr


def test_a_wrong_key_is_not_allowed(cluster: Cluster, typed: CommandLine) -> None:
    wrong = {"CHAUFFERIE_URL": cluster.url, "CHAUFFERIE_TOKEN": "chf_wrong"}

    ran = CommandLine(cluster, typed.folder, wrong).run("jobs")

    assert ran.returncode == 4
    assert a_line(ran.stderr)


def test_another_tenants_job_is_not_there(cluster: Cluster, typed: CommandLine) -> None:
    job_id = typed.submit("--", "true")
    stranger = {"CHAUFFERIE_URL": cluster.url, "CHAUFFERIE_TOKEN": cluster.key_for_tenant("lab")}

    ran = CommandLine(cluster, typed.folder, stranger).run("job", job_id)

    assert ran.returncode == 3
    assert job_id not in ran.stdout


def test_a_key_is_shown_once_works_and_ends_when_revoked(
    cluster: Cluster, typed: CommandLine
) -> None:
    made = typed.document("keys", "add", "laptop", "--tenant", "hull", "--days", "1")
    laptop = CommandLine(
        cluster,
        typed.folder,
        {"CHAUFFERIE_URL": cluster.url, "CHAUFFERIE_TOKEN": made["token"]},
    )

    before = laptop.document("whoami")
    listed = typed.run("keys", "list").stdout
    typed.run("keys", "revoke", str(made["key_id"]))

    assert before["role"] == "tenant"
    assert "laptop" in listed
    assert made["token"] not in listed
    assert laptop.run("whoami").returncode == 4


def test_a_listing_shows_sites_nodes_and_heat(typed: CommandLine) -> None:
    assert "site0" in typed.run("sites").stdout
    assert "node1" in typed.run("nodes").stdout
    heat = typed.run("heat", "--site", "site1")

    assert "site1" in heat.stdout
    assert "site0" not in heat.stdout
    assert "simulated" in heat.stderr


def test_there_is_no_colour_where_nobody_looks(typed: CommandLine) -> None:
    typed.submit("--wait", "--", "true")

    assert "\x1b" not in typed.run("jobs").stdout + typed.run("sites").stdout


def test_the_doctor_speaks_with_its_own_exit_code(typed: CommandLine) -> None:
    ran = typed.run("doctor")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout
