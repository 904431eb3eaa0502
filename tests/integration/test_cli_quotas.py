"""Quotas as an operator types them and a tenant meets them."""

from tests.support.command_line import CommandLine
from tests.support.warden import until


def as_tenant(typed: CommandLine, name: str) -> CommandLine:
    token = typed.cluster.key_for_tenant(name)
    variables = {"CHAUFFERIE_URL": typed.cluster.url, "CHAUFFERIE_TOKEN": token}
    return CommandLine(typed.cluster, typed.folder, variables)


def test_cores_stored_bytes_and_energy_are_refused_by_name_use_and_limit(
    typed: CommandLine,
) -> None:
    frugal = as_tenant(typed, "frugal")
    typed.write("mesh", "m" * 5000)

    def refused(*words: str, limits: tuple[str, ...]) -> str:
        assert typed.run("quotas", "set", *limits, "--tenant", "frugal").returncode == 0
        ran = frugal.run("submit", *words, "--", "true")
        assert (ran.returncode, len(ran.stderr.strip().splitlines())) == (1, 1)
        return ran.stderr

    wide = refused("-n2", limits=("cores=1",))
    large = refused("--stage", "mesh", limits=("cores=none", "stored-bytes=2KiB"))
    hot = refused(limits=("stored-bytes=none", "kwh/month=0"))

    assert "cores lets 1 be in use at once (0 are), and the job takes 2" in wide
    assert "stored bytes is used up: 0 bytes of 2.0 KiB are used and 4.9 KiB more" in large
    assert "The budget of kWh for 20" in hot
    assert " 0 of 0 are used; wait for the next month" in hot


def test_a_limit_on_what_runs_makes_the_next_job_wait_and_say_why(typed: CommandLine) -> None:
    limited = as_tenant(typed, "limited")
    done = typed.run("quotas", "set", "running-jobs=1", "queued-jobs=2", "--tenant", "limited")
    first = limited.submit("--", "sleep", "600")
    until(lambda: limited.document("job", first)["state"] == "running", "it runs")
    second = limited.submit("--", "true")
    limited.submit("--hold", "--", "true")

    shown = limited.run("job", second).stdout
    explained = limited.document("explain", second)
    refused = limited.run("submit", "--", "true")
    listed = limited.run("quotas", "list").stdout

    assert done.returncode == 0
    assert "The quota of running jobs is reached: 1 of 1 are in use" in shown
    assert explained["code"] == "quota.running_jobs"
    assert limited.document("job", second)["waiting"]["code"] == "quota.running_jobs"
    assert refused.returncode == 1
    assert "The quota of queued jobs is used up: 2 of 2 are used" in refused.stderr
    assert "running-jobs" in listed
    assert "used up" in listed
    assert limited.run("cancel", first).returncode == 0
    assert limited.run("wait", second).returncode == 0


def test_a_budget_that_is_used_up_stops_what_comes_and_not_what_runs(typed: CommandLine) -> None:
    spender = as_tenant(typed, "spender")
    assert typed.run("projects", "add", "mesh", "--tenant", "spender").returncode == 0
    where = ("--tenant", "spender", "--project", "mesh")
    over = typed.folder / "over"
    wait = f"until [ -e {over} ]; do sleep 0.1; done"
    lasting = spender.submit("-A", "mesh", "--", "sh", "-c", wait)
    until(lambda: spender.document("job", lasting)["state"] == "running", "it runs")
    spending = spender.submit("-A", "mesh", "--", "sleep", "4")
    typed.run("quotas", "set", "core-hours/month=0.001", "kwh/total=none", *where)
    assert spender.run("wait", spending).returncode == 0

    refused = spender.run("submit", "-A", "mesh", "--", "true")

    assert refused.returncode == 1
    assert "The budget of core-hours of project 'mesh' for 20" in refused.stderr
    assert " by what runs; wait for the next month" in refused.stderr
    assert spender.document("job", lasting)["state"] == "running"
    over.touch()
    assert spender.run("wait", lasting).returncode == 0
    assert spender.run("submit", "--wait", "--", "true").returncode == 0
    raised = typed.document("quotas", "set", "core-hours/month=100", *where)
    assert {line["quota"] for line in raised["quotas"]} == {"core_hours/month", "stored_bytes"}
    assert spender.run("submit", "-A", "mesh", "--wait", "--", "true").returncode == 0


def test_what_runs_uses_a_budget_up_and_keeps_further_jobs_waiting(typed: CommandLine) -> None:
    crowd = as_tenant(typed, "crowd")
    over = typed.folder / "crowd-over"
    wait = f"until [ -e {over} ]; do sleep 0.1; done"
    where = ("--tenant", "crowd")
    typed.run("quotas", "set", "running-jobs=1", *where)
    lasting = crowd.submit("--", "sh", "-c", wait)
    until(lambda: crowd.document("job", lasting)["state"] == "running", "it runs")
    queued = crowd.submit("--", "true")
    typed.run("quotas", "set", "core-hours/total=0.001", *where)

    def budget() -> dict[str, str]:
        lines = crowd.document("quotas", "list")["quotas"]
        return next(line for line in lines if line["quota"] == "core_hours/total")

    until(lambda: budget()["is_used_up"], "what runs has used the budget up")
    until(
        lambda: crowd.document("explain", queued)["code"] == "quota.core_hours",
        "the scheduler knows of it",
    )
    assert typed.run("quotas", "set", "running-jobs=none", *where).returncode == 0

    shown, refused = budget(), crowd.run("submit", "--", "true")
    listed = crowd.run("quotas", "list").stdout
    assert refused.returncode == 1
    expected = " of 0.001 are used, all of it so far by what runs; ask the operator for more."
    assert expected in refused.stderr
    assert shown["ended"] == "0"
    assert float(shown["running"]) >= 0.001
    assert listed.splitlines()[0].split() == (
        ["TENANT", "PROJECT", "QUOTA", "ENDED", "RUNNING", "USED", "LIMIT"]
    )
    assert " so far by what runs; it waits until it is raised" in crowd.run("job", queued).stdout
    assert crowd.document("job", lasting)["state"] == "running"
    assert crowd.document("job", queued)["state"] == "queued"
    typed.run("quotas", "set", "core-hours/total=100", *where)
    assert crowd.run("wait", queued).returncode == 0
    over.touch()
    assert crowd.run("wait", lasting).returncode == 0


def test_a_safe_budget_starts_only_what_it_covers_to_its_time_limit(typed: CommandLine) -> None:
    careful = as_tenant(typed, "careful")
    done = typed.run("quotas", "set", "core-hours/total=1.5", "--safe", "--tenant", "careful")
    over = typed.folder / "careful-over"
    wait = f"until [ -e {over} ]; do sleep 0.1; done"
    first = careful.submit("--time", "60", "--", "sh", "-c", wait)
    until(lambda: careful.document("job", first)["state"] == "running", "it runs")
    long = careful.submit("--time", "60", "--", "true")
    short = careful.submit("--time", "10", "--", "true")

    explained = careful.document("explain", long)
    refused = careful.run("submit", "--time", "120", "--", "true")

    assert " safe\n" in done.stdout
    assert explained["code"] == "quota.core_hours"
    assert (
        "1.500 of it are left, 0.500 when what runs has reached its time limits, and this job may "
        "take 1.000 within its own; it starts when enough is left, or with a shorter --time."
    ) in explained["sentence"]
    assert careful.run("wait", short).returncode == 0
    assert careful.document("job", long)["state"] == "queued"
    assert refused.returncode == 1
    assert "is safe and holds 1.5 in all, and the job may take 2.000" in refused.stderr
    over.touch()
    assert careful.run("wait", long).returncode == 0


def test_mistakes_end_in_one_sentence(typed: CommandLine) -> None:
    def said(*words: str) -> str:
        ran = typed.run("quotas", *words)
        assert ran.returncode != 0
        assert len(ran.stderr.strip().splitlines()) == 1
        return ran.stderr

    assert "'cores' is no limit; write for instance cores=64" in said(
        "set", "cores", "--tenant", "lab"
    )
    assert "given twice" in said("set", "cores=1", "cores=2", "--tenant", "lab")
    assert "There is no tenant 'nobody'" in said("set", "cores=1", "--tenant", "nobody")
    assert "'nodes' is no quota; there are: cores" in said("set", "nodes=1", "--tenant", "operator")
    assert "Computing has no price here" in said("set", "cost/month=5", "--tenant", "operator")
    assert "There is no tenant 'nobody'" in said("list", "--tenant", "nobody")
    assert "Only a budget that is set can be safe" in said(
        "set", "cores=1", "--safe", "--tenant", "operator"
    )
