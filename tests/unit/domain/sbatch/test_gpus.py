"""GPUs as scripts ask for them."""

import pytest

from domain.refusal import Refused
from domain.sbatch.environment import JobFacts, job_environment
from domain.sbatch.parse import parse_submission
from domain.sbatch.submission import Submission, SubmitRequest


def submit(options: str) -> Submission | Refused:
    request = SubmitRequest(now_s=0.0, command=("true",), options=options.split())
    return parse_submission(request)


@pytest.mark.parametrize(
    ("options", "gpus", "kind", "cores"),
    [
        ("--gres=gpu:2", 2, "", 1),
        ("--gres=gpu", 1, "", 1),
        ("--gres=gpu:a100:2", 2, "a100", 1),
        ("--gres=gpu:A100", 1, "a100", 1),
        ("--gpus=v100:2 -n 4", 2, "v100", 4),
        ("--gpus-per-node=3", 3, "", 1),
        ("--gpus-per-task=2 -n 3", 6, "", 3),
        ("-G 2 --gpus-per-task=1 -n 2", 2, "", 2),
        ("-G 2 --cpus-per-gpu=4", 2, "", 8),
        ("-G 3 -n 2 --cpus-per-gpu=1", 3, "", 4),
        ("--gres=gpu:1,gpu:1", 2, "", 1),
        ("--gres=none", 0, "", 1),
        ("--gpus=0", 0, "", 1),
    ],
)
def test_gpus_add_up(options: str, gpus: int, kind: str, cores: int) -> None:
    found = submit(options)
    assert isinstance(found, Submission), found
    assert (found.gpus, found.gpu_kind, found.cores) == (gpus, kind, cores)


def test_memory_by_gpu() -> None:
    found = submit("-G 2 --mem-per-gpu=3G")
    assert isinstance(found, Submission)
    assert found.mem_mib == 6144


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("--gres=nvme:950", "sbatch.no_such_gres"),
        ("--gres=gpu:1,lscratch:100", "sbatch.no_such_gres"),
        ("--gres=gpu:a100:1,gpu:v100:1", "sbatch.several_kinds"),
        ("--gres=gpu::2", "sbatch.bad_value"),
        ("--gpus=65", "sbatch.bad_value"),
        ("--gpus=999999999999", "sbatch.bad_value"),
        ("-C a*2", "sbatch.counted_constraint"),
        ("-C a|b&c", "sbatch.ambiguous_constraint"),
        ("-C a&", "sbatch.bad_value"),
        ("-w n[", "sbatch.bad_value"),
    ],
)
def test_what_cannot_be_had_is_refused(options: str, code: str) -> None:
    found = submit(options)
    assert isinstance(found, Refused), found
    assert found.code == code


def test_a_weaker_wish_beside_another_is_noted() -> None:
    found = submit("--gpus=2 --gres=gpu:1")
    assert isinstance(found, Submission)
    assert found.gpus == 2
    assert [note.text for note in found.notes] == ["--gres=gpu:1 has no effect beside --gpus=2."]


def environment(gpus: tuple[int, ...] | None, asked: tuple[str, ...] = ()) -> dict[str, str]:
    facts = JobFacts(
        job_id=1,
        name="x",
        user="u",
        node_name="n",
        cores=2,
        ntasks=2,
        cpus_per_task=1,
        asked=asked,
        submit_dir="/w",
        tmp_dir="/t",
        started_at_s=0.0,
        gpus=gpus,
    )
    found = job_environment(facts)
    return {name: text for name, text in found.items() if "GPU" in name or "CUDA" in name}


def test_a_job_is_told_its_devices_and_one_without_is_shown_none() -> None:
    assert environment((1, 3), ("gpus", "gpus_per_task")) == {
        "CUDA_VISIBLE_DEVICES": "1,3",
        "SLURM_JOB_GPUS": "1,3",
        "SLURM_GPUS_ON_NODE": "2",
        "SLURM_GPUS": "2",
        "SLURM_GPUS_PER_TASK": "1",
    }
    assert environment((0,), ("gpus_per_node",)) == {
        "CUDA_VISIBLE_DEVICES": "0",
        "SLURM_JOB_GPUS": "0",
        "SLURM_GPUS_ON_NODE": "1",
        "SLURM_GPUS_PER_NODE": "1",
    }
    assert environment(()) == {"CUDA_VISIBLE_DEVICES": ""}
    assert environment(None) == {}
