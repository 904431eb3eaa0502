"""What the machine is made of: its processor's instruction sets, and its GPUs."""

import platform
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from domain.fleet.gpus import MOST_GPUS, gpu_model
from domain.jobs.requirements import is_feature
from domain.sbatch.environment import DEFAULT_GPU_VARIABLE
from node_agent.machine.asking import ask

#: Commands of drivers hang where a device does: none is waited for longer [s].
_PATIENCE_S = 10.0
_CPU_INFO = Path("/proc/cpuinfo")
_DEVICES = Path("/dev")
_AMD_DEVICE = "kfd"
_AMD_VARIABLE = "ROCR_VISIBLE_DEVICES"

#: Flags of the processor that jobs ask for, with the name by which they do.
_INSTRUCTION_SETS: Mapping[str, str] = {
    "sse4_2": "sse4.2",
    **{name: name for name in ("avx", "avx2", "fma", "avx512_vnni", "avx512_bf16", "sve", "sve2")},
    "avx512f": "avx512",
    "amx_tile": "amx",
    "asimd": "neon",
}
_MAKERS: Mapping[str, str] = {"GenuineIntel": "intel", "AuthenticAMD": "amd", "0x41": "arm"}
_VENDOR = re.compile(r"^(?:vendor_id|CPU implementer)\s*:\s*(\S+)", re.MULTILINE)
_FLAGS = re.compile(r"^(?:flags|Features)\s*:\s*(.*)$", re.MULTILINE)
_NVIDIA_DEVICE = re.compile(r"nvidia\d+", re.ASCII)
_AMD_CARD = re.compile(r"^card\d+,(.*)$", re.MULTILINE)


def processor_features(cpu_info: str | None = None) -> tuple[str, ...]:
    """Architecture, maker and instruction sets, as a job asks for them by ``--constraint``."""
    text = _read(_CPU_INFO) if cpu_info is None else cpu_info
    flags = _FLAGS.search(text)
    vendor = _VENDOR.search(text)
    words = set(flags[1].split()) if flags else set()
    found = {name for flag, name in _INSTRUCTION_SETS.items() if flag in words}
    if vendor is not None and vendor[1] in _MAKERS:
        found.add(_MAKERS[vendor[1]])
    machine = platform.machine().lower()
    return tuple(sorted(found | ({machine} if is_feature(machine) else set())))


def gpu_models() -> tuple[str, ...]:
    """The model of each GPU in the order of the devices; ``gpu`` where the driver does not say."""
    found = _told_by_nvidia() or _told_by_amd() or _seen_in(_DEVICES)
    return tuple(gpu_model(model) for model in found[:MOST_GPUS])


def gpu_variable() -> str:
    """The variable by which programs are told which devices are theirs."""
    is_amd = (_DEVICES / _AMD_DEVICE).exists() and shutil.which("nvidia-smi") is None
    return _AMD_VARIABLE if is_amd else DEFAULT_GPU_VARIABLE


def _told_by_nvidia() -> list[str]:
    said = _said("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return [line.strip() for line in said.splitlines() if line.strip()]


def _told_by_amd() -> list[str]:
    said = _said("rocm-smi", "--showproductname", "--csv")
    return [row.split(",")[0].strip() or "gpu" for row in _AMD_CARD.findall(said)]


def _seen_in(devices: Path) -> list[str]:
    """A driver without its tool still shows its devices."""
    try:
        names = [path.name for path in devices.iterdir()]
    except OSError:
        return []
    return ["gpu" for name in names if _NVIDIA_DEVICE.fullmatch(name)]


def _said(*command: str) -> str:
    """What a command printed; nothing where there is none, it failed, or took too long."""
    program = shutil.which(command[0])
    asked = None if program is None else ask([program, *command[1:]], patience_s=_PATIENCE_S)
    return asked.text if asked is not None and asked.exit_code == 0 else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
