"""`chaufferie jobs` with its filters, as a person types them."""

from tests.support.command_line import CommandLine
from tests.support.warden import until


def listed(typed: CommandLine, *words: str) -> list[str]:
    return [str(job["ref"]) for job in typed.document("jobs", *words)]


def test_lists_are_narrowed_by_what_jobs_are(typed: CommandLine) -> None:
    token = typed.document("keys", "add", "laptop", "--tenant", "filters", "--user", "ada")["token"]
    variables = {"CHAUFFERIE_URL": typed.cluster.url, "CHAUFFERIE_TOKEN": token}
    ada = CommandLine(typed.cluster, typed.folder, variables)
    held = ada.submit("--hold", "-A", "mesh", "-J", "held", "--", "true")
    done = ada.submit("-J", "done", "--", "true")
    until(lambda: ada.document("job", done)["state"] == "succeeded", "it ends")
    node = ada.document("job", done)["node"]

    assert listed(ada) == [done, held]
    assert listed(ada, "--project", "mesh") == [held]
    assert listed(ada, "--project", "") == [done]
    assert listed(ada, "--node", node) == [done]
    assert listed(ada, "--state", "held", "--name", "held") == [held]
    assert listed(typed, "--user", "ada", "--tenant", "filters") == [done, held]
    assert listed(typed, "--user", "ada", "--to", "2001-01-01") == []
    assert listed(ada, "--from", "2001-01-01", "--limit", "1") == [done]
    assert listed(ada, "--from", "-1h", "--to", "now+1h") == [done, held]
    assert listed(ada, "--from", "yesterday", "--to", "-1h") == []
    assert listed(ada, "--profile", "openfoam") == []
    assert ada.document("job", held)["user"] == "ada"
    wrong = ada.run("jobs", "--from", "someday")
    assert wrong.returncode != 0
    assert "is no time" in wrong.stderr
    assert ada.run("cancel", held).returncode == 0
