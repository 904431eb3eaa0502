"""What is found on a machine, with drivers' tools of our own making."""

import time
from pathlib import Path

import pytest

from node_agent.machine import hardware
from node_agent.machine.asking import ask

AMD = "processor : 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu sse4_2 avx avx2 fma avx512f\n"
ARM = "processor : 0\nFeatures : fp asimd sve\nCPU implementer : 0x41\n"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH, but for the shell's own tools."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(hardware, "_DEVICES", tmp_path / "dev")
    return tmp_path


def write_tool(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_a_processor_has_the_instruction_sets_that_jobs_ask_for() -> None:
    assert {"amd", "avx", "avx2", "avx512", "fma", "sse4.2"} <= set(
        hardware.processor_features(AMD)
    )
    assert {"arm", "neon", "sve"} <= set(hardware.processor_features(ARM))
    assert hardware.processor_features("") == hardware.processor_features("nonsense\n\x00")


def test_models_are_told_by_nvidia(tools: Path) -> None:
    write_tool(tools, "nvidia-smi", "printf 'NVIDIA A100-SXM4-40GB\\nTesla V100\\n'")
    assert hardware.gpu_models() == ("a100-sxm4-40gb", "v100")
    assert hardware.gpu_variable() == "CUDA_VISIBLE_DEVICES"


def test_models_are_told_by_amd(tools: Path) -> None:
    body = "printf 'device,Card Series,Card Model\\ncard0,Instinct MI210,0x740f\\n'"
    write_tool(tools, "rocm-smi", body)
    (tools / "dev").mkdir()
    (tools / "dev" / "kfd").touch()
    assert hardware.gpu_models() == ("mi210",)
    assert hardware.gpu_variable() == "ROCR_VISIBLE_DEVICES"


def test_devices_without_their_tool_are_counted(tools: Path) -> None:
    (tools / "dev").mkdir()
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tools / "dev" / name).touch()
    assert hardware.gpu_models() == ("gpu", "gpu")


def test_a_driver_that_fails_or_hangs_costs_its_time_and_no_more(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hardware.gpu_models() == ()
    write_tool(tools, "nvidia-smi", "echo 'NVIDIA-SMI has failed'; exit 9")
    assert hardware.gpu_models() == ()
    monkeypatch.setattr(hardware, "_PATIENCE_S", 0.2)
    write_tool(tools, "nvidia-smi", "trap '' TERM; sleep 600")
    began_s = time.monotonic()
    assert hardware.gpu_models() == ()
    assert time.monotonic() - began_s < 60.0


def test_what_a_command_leaves_behind_neither_holds_the_answer_up_nor_stays(tmp_path: Path) -> None:
    began_s = time.monotonic()
    answer = ask(["sh", "-c", f"(sleep 600; touch {tmp_path}/late) & echo done"], patience_s=60.0)
    assert answer is not None
    assert answer.text == "done\n"
    assert time.monotonic() - began_s < 50.0


def test_an_endless_answer_is_cut(tmp_path: Path) -> None:
    answer = ask(["yes"], patience_s=60.0)
    assert answer is not None
    assert answer.exit_code != 0
    assert ask([str(tmp_path / "nothing")], patience_s=1.0) is None
    assert ask(["sh", "-c", "\0"], patience_s=1.0) is None
