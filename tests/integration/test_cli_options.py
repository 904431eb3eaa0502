"""Options of sbatch that have their effect on the node, or on where a job runs."""

from tests.support.command_line import CommandLine


def test_standard_input_travels_with_the_job(typed: CommandLine) -> None:
    typed.write("case/numbers.txt", "one\ntwo\n")
    typed.write("count.sh", "#!/bin/sh\n#SBATCH --chdir=case --input=numbers.txt\nwc -l\n")
    ran = typed.run("submit", "--wait", "count.sh")
    missing = typed.run("submit", "--input=gone.txt", "--wrap", "cat")

    assert ran.returncode == 0, ran.stderr
    assert typed.run("logs", ran.stdout.split()[-1]).stdout.split() == ["2"]
    assert missing.returncode == 2
    assert "gone.txt" in missing.stderr


def test_an_excluded_node_runs_nothing_and_an_unknown_one_is_noted(typed: CommandLine) -> None:
    ran = typed.run("submit", "--wait", "--exclude=node0,gpu[07-08]", "--", "true")
    job_id = ran.stdout.split()[-1]
    all_out = typed.run("submit", "--exclude=node[0-1]", "--", "true")

    assert ran.returncode == 0
    assert "--exclude names gpu07, gpu08" in ran.stderr
    assert typed.document("job", job_id)["node"] == "node1"
    assert all_out.returncode == 1
    assert "name fewer" in all_out.stderr
