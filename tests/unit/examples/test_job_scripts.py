"""What the job scripts of examples/ ask for, as a submitter would be told."""

from pathlib import Path

import pytest

from domain.sbatch.parse import parse_submission
from domain.sbatch.submission import Submission, SubmitRequest

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SCRIPTS = sorted(path.relative_to(EXAMPLES) for path in EXAMPLES.glob("*/*.sh"))


def read(script: Path) -> Submission:
    text = (EXAMPLES / script).read_text()
    submission = parse_submission(SubmitRequest(now_s=0.0, script=text, script_name=script.name))
    assert isinstance(submission, Submission), submission
    return submission


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_example_is_accepted_and_bounded(script: Path) -> None:
    submission = read(script)

    assert submission.mem_mib is not None
    assert submission.mem_mib <= 2048
    assert submission.time_limit_s is not None
    assert submission.time_limit_s <= 15 * 60


@pytest.mark.parametrize(
    ("script", "name", "cores"),
    [
        ("lattice_boltzmann/channel_flow.sh", "channel-flow", 1),
        ("calculix/beam.sh", "beam", 1),
        ("openfoam/cavity.sh", "cavity", 1),
        ("openfoam/cavity_mpi.sh", "cavity on two ranks", 2),
        ("lammps/melt.sh", "lj/melt", 1),
    ],
)
def test_example_asks_for_its_name_and_cores(script: str, name: str, cores: int) -> None:
    submission = read(Path(script))

    assert (submission.name, submission.cores) == (name, cores)


def test_channel_flow_may_be_requeued_since_it_goes_on_from_a_checkpoint() -> None:
    assert read(Path("lattice_boltzmann/channel_flow.sh")).requeue is True
