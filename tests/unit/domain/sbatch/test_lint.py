"""Remarks on script bodies: told with their line, never a reason to refuse."""

import pytest

from domain.sbatch.environment import Asked
from domain.sbatch.lint import lint_body
from domain.sbatch.parse import parse_submission
from domain.sbatch.submission import Submission, SubmitRequest


def remarks(*body: str) -> list[tuple[int | None, str]]:
    return [(note.line, note.text) for note in lint_body(["#!/bin/bash", *body], 2)]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("cd /home/ada/case", "/home/ada/case"),
        ("source /scratch/x/env.sh", "/scratch/x/env.sh"),
        ('cp in.dat "/project/p1/in.dat"', "/project/p1/in.dat"),
        ("export LD_LIBRARY_PATH=/opt/apps/lib:$LD_LIBRARY_PATH", "/opt/apps/lib"),
        ("module load openmpi/4.1 gcc", "openmpi/4.1 gcc"),
        ("module purge; module load gcc", "gcc"),
        ("ml GROMACS", "GROMACS"),
        ("pip install numpy", "pip install"),
        ("wget https://example.org/data", "wget"),
        ("cd x && git clone y", "git clone"),
        ("conda install -y scipy", "conda install"),
        ("srun -N 2 ./a.out", "-N 2"),
        ("srun --nodes=4 ./a.out", "--nodes=4"),
        ("mpirun -np 8 --hostfile hosts ./a.out", "--hostfile"),
        ("source activate sim", "source activate sim"),
        ("conda activate sim", "conda activate sim"),
        (". venv/bin/activate", "venv/bin/activate"),
    ],
)
def test_line_is_remarked_on_with_its_number_and_words(line: str, word: str) -> None:
    found = remarks("true", line)
    assert found
    assert {number for number, _ in found} == {3}
    assert any(word in text for _, text in found)


@pytest.mark.parametrize(
    "line",
    [
        "# cd /home/ada",
        "cd $HOME/scratch/x",
        "echo ${BASE}/home/x",
        "srun -N 1 -n 4 ./a.out",
        "srun --nodes=1 ./a.out",
        "mpirun -np 4 ./a.out",
        "module purge",
        "python train.py --module load",
        "./curl_solver",
        "ls /usr/bin /tmp/x",
        "xml load",
    ],
)
def test_harmless_line_is_left_alone(line: str) -> None:
    assert remarks(line) == []


def test_the_same_thing_is_said_once() -> None:
    assert len(remarks("cd /home/ada/x", "ls /home/ada/x")) == 1


def test_many_of_a_kind_are_summed_up() -> None:
    found = remarks(*(f"cp /scratch/a/{number} ." for number in range(12)))
    assert len(found) == 5
    assert "7 more" in found[-1][1]


def test_remarks_reach_the_submission_and_refuse_nothing() -> None:
    script = "#!/bin/bash\n#SBATCH -c 2\nmodule load gcc\ncd /scratch/x\n"
    found = parse_submission(SubmitRequest(now_s=0.0, script=script))
    assert isinstance(found, Submission)
    assert [note.line for note in found.notes] == [3, 4]
    assert str(found.notes[0]).startswith("Line 3: ")


def test_a_size_that_was_not_asked_for_is_no_variable_to_rely_on() -> None:
    body = [
        "export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK",
        "mpirun -np ${SLURM_NTASKS} ./a",
        "echo ${SLURM_NTASKS_PER_NODE:-1} $SLURM_CPUS_PER_TASK $SLURM_JOB_ID",
    ]
    notes = [note.text for note in lint_body(body, 1, {Asked.NTASKS_PER_NODE})]
    assert notes == ["SLURM_CPUS_PER_TASK is only set where --cpus-per-task was asked for."]
    assert lint_body(body, 1, {Asked.NTASKS, Asked.CPUS_PER_TASK}) == ()
