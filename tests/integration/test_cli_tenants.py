from tests.support.command_line import CommandLine


def test_a_person_of_a_tenant_works_on_a_project_until_removed(typed: CommandLine) -> None:
    assert typed.run("tenants", "add", "university").returncode == 0
    assert typed.run("projects", "add", "mesh", "--tenant", "university").returncode == 0
    assert typed.run("users", "add", "marie", "--tenant", "university").returncode == 0
    token = typed.document(
        "keys", "add", "laptop", "--tenant", "university", "--user", "marie", "--days", "1"
    )["token"]
    marie = CommandLine(
        typed.cluster,
        typed.folder,
        {"CHAUFFERIE_URL": typed.cluster.url, "CHAUFFERIE_TOKEN": token},
    )

    job_id = marie.submit("-A", "mesh", "--hold", "--", "true")
    who = marie.run("whoami").stdout
    projects = marie.document("projects", "list")["projects"]
    closed = typed.run("projects", "close", "mesh", "--tenant", "university")
    refused = marie.run("submit", "-A", "mesh", "--", "true")
    listed = typed.run("tenants", "list").stdout
    removed = typed.run("users", "remove", "marie", "--tenant", "university")

    assert "university" in who
    assert "marie" in who
    assert [item["name"] for item in projects] == ["mesh"]
    assert closed.returncode == 0
    assert refused.returncode == 1
    assert "The project 'mesh' is closed" in refused.stderr
    assert "university" in listed
    assert "1 key is revoked" in removed.stdout
    assert marie.run("jobs").returncode == 4
    assert typed.document("job", job_id)["project"] == "mesh"
    assert typed.run("cancel", job_id).returncode == 0
    assert "marie" in typed.run("users", "list", "--tenant", "university").stdout
    assert "marie" in typed.run("keys", "list", "--tenant", "university").stdout
    assert "0 keys are revoked" in typed.run("tenants", "close", "university").stdout


def test_mistakes_end_in_one_sentence(typed: CommandLine) -> None:
    nobody = typed.run("tenants", "close", "nobody")
    no_tenant = typed.run("users", "add", "marie", "--tenant", "nobody")
    no_project = typed.run("projects", "close", "nothing", "--tenant", "operator")
    tenants_key = typed.cluster.key_for_tenant("ordinary")
    ordinary = CommandLine(
        typed.cluster,
        typed.folder,
        {"CHAUFFERIE_URL": typed.cluster.url, "CHAUFFERIE_TOKEN": tenants_key},
    )

    assert (nobody.returncode, no_tenant.returncode, no_project.returncode) == (3, 3, 3)
    assert "There is no tenant 'nobody'" in nobody.stderr
    assert "chaufferie tenants add" in no_tenant.stderr
    assert "There is no project 'nothing' of operator" in no_project.stderr
    assert ordinary.run("tenants", "list").returncode == 4
