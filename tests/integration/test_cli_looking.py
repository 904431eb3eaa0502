"""Looking at jobs: their life, JSON of every command, completion in a shell."""

import json
import re
import subprocess

from chaufferie import Client
from tests.support.cluster import ROOT, until
from tests.support.command_line import PROGRAM, CommandLine


def completed(typed: CommandLine, *words: str) -> list[str]:
    """What a shell offers for the last of these words."""
    environment = {
        **typed.environment(),
        "_CHAUFFERIE_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("chaufferie", *words)),
        "COMP_CWORD": str(len(words)),
    }
    ran = subprocess.run(
        [PROGRAM], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    return ran.stdout.split()


def test_a_job_tells_its_life(typed: CommandLine) -> None:
    job_id = typed.submit("--hold", "--", "false")
    typed.run("release", job_id)
    typed.run("wait", job_id)

    shown = typed.run("job", job_id)
    document = typed.document("job", job_id)

    codes = [moment["code"] for moment in document["timeline"]]
    assert codes == ["submitted", "release", "offered", "started", "program_failed"]
    assert "It was released, by key" in shown.stdout
    assert f"[{document['node']}, try 1]" in shown.stdout
    assert "Exit code 1." in shown.stdout


def test_a_job_on_a_node_shows_water_and_energy(typed: CommandLine) -> None:
    job_id = typed.submit("-w", "node1", "--", "sleep", "600")
    with Client(typed.cluster.url, typed.cluster.token) as client:
        job = client.job(int(job_id))
        until(lambda: (job.refresh()["energy"] or {"heat_frac": None})["heat_frac"] is not None)
        shown = typed.run("job", job_id)
        water, energy = job.water, job.energy
    typed.run("cancel", job_id)
    typed.run("wait", job_id)
    after = typed.run("job", job_id)

    assert water is not None
    assert water.water_temp_c == 21.0
    assert energy is not None
    assert energy.is_running
    assert re.search(r"Water +21\.0 C, read [0-9.]+ s ago", shown.stdout)
    assert re.search(
        r"Energy +[0-9.]+ Wh so far, as if its cores were always busy \(estimate\)", shown.stdout
    )
    assert re.search(r"Heat +[0-9.]+ Wh, 0\.950 of it \(estimate\)", shown.stdout)
    assert "Energy here is of simulated meters." in shown.stderr
    assert "Water" not in after.stdout
    assert re.search(r"Energy +[0-9.]+ Wh \(estimate\)", after.stdout)


def test_steering_answers_in_json(typed: CommandLine) -> None:
    job_id = typed.submit("--array=0-3", "--hold", "--", "true")
    single = typed.submit("--begin=+1h", "--", "true")

    held = typed.document("hold", single)
    part = typed.document("cancel", f"{job_id}_[0-1]")
    mixed = typed.run("cancel", "--json", single, "999999", job_id)

    assert held == [{"ref": single, "state": "held", "changed": None}]
    assert part == [{"ref": f"{job_id}_[0-1]", "state": "held", "changed": {"cancelled": 2}}]
    assert mixed.returncode == 3
    told = json.loads(mixed.stdout)
    assert [item.get("state") for item in told] == ["cancelled", None, "cancelled"]
    assert told[1] == {"ref": "999999", "refused": "not_found"}
    assert typed.document("page")["url"].startswith("http")


def test_a_shell_is_offered_commands_and_jobs(typed: CommandLine) -> None:
    job_id = typed.submit("-J", "complete-me", "--begin=+1h", "--", "true")

    assert completed(typed, "canc") == ["cancel"]
    assert "--instances" in completed(typed, "job", "--")
    assert job_id in completed(typed, "job", job_id[:1])
    assert job_id in completed(typed, "cancel", "")
    assert completed(typed, "job", "x") == []
    typed.variables.update(CHAUFFERIE_URL="http://127.0.0.1:9", CHAUFFERIE_TOKEN="none")
    assert completed(typed, "job", "") == []
    typed.variables.clear()
    typed.run("cancel", job_id)
