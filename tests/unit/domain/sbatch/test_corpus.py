"""Scripts as universities hand them round, each with what must become of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from domain.jobs.job import SchedulingType
from domain.refusal import Refused
from domain.sbatch.parse import parse_submission
from domain.sbatch.submission import Submission, SubmitRequest

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is understood, and what is said of it; or why it is refused, and at which line."""

    understood: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  #: A part of each remark, in their order.
    refused: str | None = None
    line: int | None = None


VERDICTS = {
    "openfoam.sh": Verdict(
        understood={"cores": 8, "ntasks": 8, "time_limit_s": 172_800, "account": "cfd-group"},
        notes=(
            "--partition=normal",
            "module openfoam/2312",
            "/opt/apps/openfoam/etc/bashrc",
        ),
    ),
    "lammps.sh": Verdict(
        understood={
            "interpreter": "/bin/bash -l",
            "cores": 8,
            "mem_mib": 16 * 1024,
            "stderr_pattern": "logs/melt-%j.err",
        },
        notes=("--hint", "module gcc/12 openmpi lammps"),
    ),
    "gromacs_chain.sh": Verdict(
        understood={
            "name": "protein in water",
            "cores": 16,
            "scheduling_type": SchedulingType.FLEX,
            "requeue": True,
        },
        notes=("module gromacs/2023",),
    ),
    "python_venv.sh": Verdict(
        understood={"cores": 4, "mem_mib": 16 * 1024, "time_limit_s": 5400},
        notes=("source venv/bin/activate", "pip install"),
    ),
    "matlab_array.sh": Verdict(
        understood={"cores": 1, "mem_mib": 4000, "time_limit_s": 28_800},
        notes=("module matlab",),
    ),
    "conda_gpu.sh": Verdict(
        understood={"gpus": 1, "gpu_kind": "a100", "cores": 8}, notes=("source activate torch",)
    ),
    "vasp_two_nodes.sh": Verdict(
        understood={"nodes": 2, "cores": 24, "whole_node": True},
        notes=("--exclusive takes a whole node", "module vasp"),
    ),
    "r_windows.sh": Verdict(
        understood={"cores": 2, "mem_mib": 8192, "arguments": ("control",)},
        notes=("DOS line ends", "--mail-user", "module r/4.3"),
    ),
    "template.sh": Verdict(refused="sbatch.template", line=2),
    "calculix.sh": Verdict(
        understood={"whole_node": True, "excluded": ("node07", "node08", "node09")},
        notes=("--mem=0",),
    ),
    "typo.sh": Verdict(refused="sbatch.unknown_option", line=3),
    "bad_name.sh": Verdict(refused="sbatch.stray_word", line=2),
}


def read(name: str) -> Submission | Refused:
    text = (CORPUS / name).read_text(encoding="utf-8")
    if name.endswith("_windows.sh"):
        text = text.replace("\n", "\r\n")
    request = SubmitRequest(
        now_s=1_800_000_000.0,
        script=text,
        script_name=name,
        arguments=["control"],
        submit_dir="/home/ada/case",
    )
    return parse_submission(request)


@pytest.mark.parametrize("name", sorted(VERDICTS))
def test_a_script_from_elsewhere_gets_its_verdict(name: str) -> None:
    verdict = VERDICTS[name]
    found = read(name)
    if isinstance(found, Refused):
        assert (found.code, found.line) == (verdict.refused, verdict.line), found.sentence
        return
    assert verdict.refused is None
    assert {key: getattr(found, key) for key in verdict.understood} == verdict.understood
    said = [str(note) for note in found.notes]
    assert len(said) == len(verdict.notes), said
    assert all(part in note for part, note in zip(verdict.notes, said, strict=True)), said


def test_every_script_of_the_corpus_has_a_verdict() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(VERDICTS)


def test_the_warning_of_a_chain_is_for_its_shell() -> None:
    found = read("gromacs_chain.sh")
    assert isinstance(found, Submission)
    assert found.warning is not None
    assert (found.warning.lead_s, found.warning.to_shell_only) == (600, True)
