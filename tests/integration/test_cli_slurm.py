"""A script of a university's cluster calls Slurm's own commands from within its job."""

from tests.support.command_line import CommandLine

WRAPPER = """#!/bin/bash
#SBATCH -J parent --time=5
set -euo pipefail
module purge
module load gcc openmpi
echo "$1" > state.txt
cat > child.sh <<'EOF'
#!/bin/sh
#SBATCH -J child
cat state.txt; exit 3
EOF
id=$(sbatch child.sh | awk '{print $4}')
other=$(sbatch --parsable --hold --wrap true)
[ "$(squeue -h -j "$other" -o %T)" = PENDING ]
scancel "$other"
until [ "$(squeue --noheader -t all -j "$id" -o %t)" = F ]; do sleep 0.2; done
echo "sacct $(sacct -X -j "$id" -n -P -o State,ExitCode,JobName)"
echo "host $(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)"
scontrol show job "$SLURM_JOB_ID" | awk -F= '/Command=/{print $2}' > command.txt
cmp "$(cat command.txt)" "$0"
echo "child $id"
"""


def test_wrappers_submit_look_and_cancel_from_within_a_job(typed: CommandLine) -> None:
    typed.write("wrap.sh", WRAPPER)
    ran = typed.run("submit", "--wait", "wrap.sh", "saved state")
    job_id = ran.stdout.split()[-1]
    said = dict(
        line.split(" ", 1)
        for line in typed.run("logs", job_id).stdout.splitlines()
        if line.startswith(("sacct", "host", "child"))
    )

    assert ran.returncode == 0, typed.run("logs", job_id).stdout
    assert said["sacct"] == "FAILED|3:0|child"
    assert said["host"] == "localhost"
    child = typed.document("job", said["child"])
    assert (child["name"], child["tenant"]) == ("child", typed.document("job", job_id)["tenant"])
    assert typed.run("logs", said["child"]).stdout == "saved state\n"


def test_a_script_submits_itself_again_with_what_it_saved(typed: CommandLine) -> None:
    typed.write(
        "chain.sh",
        "#!/bin/bash -l\n#SBATCH --job-name=chain --output=out-%j.txt\n"
        "n=$(cat count 2>/dev/null || echo 0)\n"
        "echo $((n + 1)) > count\n"
        'if [ "$n" -lt 2 ]; then sbatch "$0"; fi\n',
    )
    first = typed.submit("--wait", "chain.sh")
    last = None
    for _ in range(2):
        said = typed.run("logs", last or first).stdout
        last = said.split()[-1]
        assert typed.run("wait", last).returncode == 0
    got = typed.run("get", str(last), "end")
    assert "count" in got.stdout, (
        got,
        typed.document("job", str(last)),
        typed.run("logs", str(last)),
    )

    assert (typed.folder / "end" / "count").read_text() == "3\n"


def test_a_hybrid_script_runs_unchanged_where_its_program_is(typed: CommandLine) -> None:
    typed.write("solver", "#!/bin/sh\necho rank $SLURM_PROCID of $SLURM_NTASKS, $OMP_NUM_THREADS\n")
    (typed.folder / "solver").chmod(0o755)
    typed.write(
        "hybrid.sh",
        "#!/bin/bash -l\n"
        "#SBATCH --nodes=1 --ntasks-per-node=2 --cpus-per-task=1\n"
        "#SBATCH -o logs/%x-%j.out\n"
        "set -euo pipefail\n"
        "module load gcc openmpi solver\n"
        "export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK\n"
        "srun --mpi=pmix ./solver > ranks.txt\n",
    )
    ran = typed.run("submit", "--wait", "--stage", "solver", "hybrid.sh")
    job_id = ran.stdout.split()[-1]
    typed.run("get", job_id, "got")

    assert ran.returncode == 0, typed.run("logs", job_id).stdout
    ranks = (typed.folder / "got" / "ranks.txt").read_text().splitlines()
    assert sorted(ranks) == ["rank 0 of 2, 1", "rank 1 of 2, 1"]
    assert "--mpi means nothing here" in typed.run("logs", job_id).stdout


def test_the_commands_exist_elsewhere_by_choice(typed: CommandLine) -> None:
    said = typed.run("slurm", "sbatch", "--hold", "-J", "by-choice", "--wrap", "true").stdout
    job_id = said.split()[-1]
    listed = typed.run("slurm", "squeue", "-n", "by-choice")
    typed.run("slurm", "scontrol", "release", job_id)
    typed.run("wait", job_id)
    table = typed.run("slurm", "sacct", "-j", job_id)

    assert said == f"Submitted batch job {job_id}\n"
    assert "JobHeldUser" in listed.stdout
    assert "JOBID" in listed.stdout
    assert "COMPLETED" in table.stdout
    assert typed.run("slurm", "scontrol", "show", "hostnames", "n[1-2]").stdout == "n1\nn2\n"
    assert typed.run("slurm", "scancel", "999999").returncode == 3
    for words in (
        ["squeue", "--nonsense"],
        ["squeue", "-t", "DOZING"],
        ["sacct", "-o", "Nothing"],
        ["scancel"],
        ["scontrol", "update", "x"],
        ["scontrol", "show", "job", "x"],
        ["sinfo", "--dead-or-alive"],
        ["sprio-like"],
    ):
        refused = typed.run("slurm", *words)
        assert refused.returncode == 2, words
        assert refused.stderr.count("\n") == 1
