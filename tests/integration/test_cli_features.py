"""Features, wanted nodes and GPUs through the command line, on real nodes that differ."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import Cluster, running_cluster, until
from tests.support.command_line import CommandLine

SPECS = {1: {"features": ["scratch"], "gpus": ["NVIDIA A100-SXM4-40GB", "a100-sxm4-40gb"]}}
A100 = ("a100", "a100-sxm4", "a100-sxm4-40gb")
SHOW = 'echo "$SLURMD_NODENAME ${CUDA_VISIBLE_DEVICES-unset} ${SLURM_JOB_GPUS-unset}"'


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster whose second node has a feature and two GPUs."""
    with running_cluster(tmp_path_factory.mktemp("mixed"), specs=SPECS) as running:
        yield running


@pytest.fixture
def typed(mixed: Cluster, tmp_path: Path) -> CommandLine:
    return CommandLine(mixed, tmp_path)


def ran_on(typed: CommandLine, *words: str) -> tuple[str, str]:
    """The node a job ran on, and what it printed."""
    job_id = typed.submit("--wait", *words)
    return typed.document("job", job_id)["node"], typed.run("logs", job_id).stdout.strip()


def test_a_job_runs_where_its_feature_is(typed: CommandLine) -> None:
    assert ran_on(typed, "-C", "scratch", "--", "true")[0] == "node1"
    assert ran_on(typed, "--nodelist=node0", "--", "true")[0] == "node0"
    typed.write("job.sh", "#!/bin/sh\n#SBATCH -C scratch&gpu\ntrue\n")
    assert ran_on(typed, "job.sh")[0] == "node1"


def test_every_node_says_what_its_processor_can(typed: CommandLine) -> None:
    found = {node["name"]: node for node in typed.document("nodes")["nodes"]}
    plain, fast = found["node0"], found["node1"]
    assert plain["features"]
    assert set(fast["features"]) == {*plain["features"], "scratch", "gpu", *A100}
    assert fast["gpus"] == ["a100-sxm4-40gb"] * 2
    assert "2 a100" in typed.run("nodes").stdout


def test_each_job_is_given_devices_of_its_own(typed: CommandLine) -> None:
    met = typed.folder / "met"
    met.mkdir()
    meet = f'touch {met}/$SLURM_JOB_ID; until [ "$(ls {met} | wc -l)" -eq 2 ]; do sleep 0.1; done'
    both = f"{SHOW}; {meet}"
    jobs = [typed.submit("--gres=gpu:a100:1", "--wrap", both) for _ in range(2)]
    typed.run("wait", *jobs)
    said = {typed.run("logs", job_id).stdout.split()[1] for job_id in jobs}

    assert said == {"0", "1"}
    assert ran_on(typed, "-G", "2", "--wrap", SHOW) == ("node1", "localhost 0,1 0,1")
    assert ran_on(typed, "-C", "scratch", "--wrap", SHOW) == ("node1", "localhost  unset")
    assert ran_on(typed, "-w", "node0", "--wrap", SHOW) == ("node0", "localhost unset unset")


def test_a_restarted_agent_knows_whose_the_devices_are(typed: CommandLine) -> None:
    held = typed.folder / "held"
    wait = f"{SHOW}; touch {held}; until [ -e {held}.over ]; do sleep 0.1; done"
    first = typed.submit("--gres=gpu:1", "--wrap", wait)
    until(held.exists)
    typed.cluster.programs["agent-node1"].kill()
    typed.cluster.programs["agent-node1"].wait()
    typed.cluster.run_agent(1)
    second = ran_on(typed, "--gres=gpu:1", "--wrap", SHOW)[1]
    held.with_name("held.over").touch()
    typed.run("wait", first)

    assert typed.document("job", first)["attempt"] == 1
    devices = {typed.run("logs", first).stdout.split()[1], second.split()[1]}
    assert devices == {"0", "1"}


def test_a_script_that_asks_for_what_nobody_has_is_refused(typed: CommandLine) -> None:
    for words, said in (
        (["-C", "knl"], "No node has knl; the features here are: "),
        (["-w", "gpu07"], "--nodelist names gpu07, which is no node here; there are: node"),
        (["-G", "3"], "the node with the most has 2 (node1)"),
        (["--gres=gpu:h100:1"], "there are: a100-sxm4-40gb"),
        (["--gres=nvme:10"], "which no node counts"),
    ):
        ran = typed.run("submit", *words, "--", "true")
        assert ran.returncode in {1, 2, 3}, ran
        assert said in ran.stderr
        assert ran.stderr.count("\n") == 1


def test_what_a_test_says_names_the_nodes(typed: CommandLine) -> None:
    ran = typed.run("submit", "--test-only", "-C", "gpu", "--", "true")
    assert ran.stdout.splitlines()[0] == "The job could run on: node1."
