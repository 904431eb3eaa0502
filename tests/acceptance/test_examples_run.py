"""The job scripts of examples/, run as a user would run them by hand: bash, in a folder of its own.

Each script judges its own result and fails if the physics is wrong; what is asserted here is that
it passes, that it fails where it should, and that it says so in a sentence.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CAVITY_FILES = ("cavity/0/*", "cavity/constant/*", "cavity/system/*")
INPUTS = {
    "lattice_boltzmann/channel_flow.sh": ("channel_flow.py",),
    "calculix/beam.sh": ("beam.py",),
    "openfoam/cavity.sh": ("check_cavity.py", *CAVITY_FILES),
    "openfoam/cavity_mpi.sh": ("check_cavity.py", *CAVITY_FILES),
    "lammps/melt.sh": ("melt.in", "check_melt.py"),
}
# The number in a line of a report such as "last residual of the velocity  1.4e-09, ...".
FIGURE = r"{} +([-+.\deE]+)"


def staged(script: str, folder: Path) -> Path:
    """Put a job script and its inputs side by side in a folder, as on a node."""
    folder.mkdir(parents=True, exist_ok=True)
    home = EXAMPLES / Path(script).parent
    for pattern in (Path(script).name, *INPUTS[script]):
        found = list(home.glob(pattern))
        assert found, f"{home}/{pattern} does not exist"
        for path in found:
            shutil.copy(path, folder)
    return folder


def node_environment(**variables: str) -> dict[str, str]:
    """Return the environment of a job: the interpreter of this run comes first on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", **variables}


def run(
    script: str, folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", Path(script).name, *arguments],
        cwd=staged(script, folder),
        env=node_environment(**variables),
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


def require(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: see examples/README.md")


def figure(output: str, name: str) -> float:
    found = re.search(FIGURE.format(re.escape(name)), output)
    assert found, f"no {name!r} in:\n{output}"
    return float(found[1])


def test_channel_flow_sheds_vortices_at_the_benchmarks_frequency(tmp_path: Path) -> None:
    script = "lattice_boltzmann/channel_flow.sh"

    done = run(script, tmp_path, "--ny", "43", "--nx", "220", "--steps", "6000")

    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "summary.json").read_text())
    # Schäfer and Turek give 0.295 to 0.305; ten cells to a diameter were found at 0.282.
    assert summary["strouhal"] == pytest.approx(0.30, rel=0.08)
    assert (tmp_path / "channel_flow.png").read_bytes().startswith(b"\x89PNG")


def test_steady_channel_flow_has_the_benchmarks_drag(tmp_path: Path) -> None:
    script = "lattice_boltzmann/channel_flow.sh"
    size = ("--ny", "43", "--nx", "220", "--reynolds", "20", "--steps", "4000")

    done = run(script, tmp_path, *size)

    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "summary.json").read_text())
    # Schäfer and Turek give 5.57 to 5.59; 10, 15, 20 cells across are 7, 2, 3 % above.
    assert summary["drag_coefficient_mean"] == pytest.approx(5.58, rel=0.10)
    assert summary["strouhal"] == 0.0


def test_channel_flow_agrees_with_poiseuille(tmp_path: Path) -> None:
    done = run("lattice_boltzmann/channel_flow.sh", tmp_path, "--validate", "--ny", "22")

    assert done.returncode == 0, done.stderr
    assert "good" in done.stdout


def test_channel_flow_stopped_by_a_signal_goes_on_to_the_same_result(tmp_path: Path) -> None:
    size = ("--ny", "22", "--nx", "110", "--steps", "4000", "--checkpoint-every", "0")
    run("lattice_boltzmann/channel_flow.sh", tmp_path / "whole", *size)
    folder = staged("lattice_boltzmann/channel_flow.sh", tmp_path / "stopped")
    command = [sys.executable, "channel_flow.py", *size]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("step ")
        process.terminate()
        said = process.stdout.read()
    assert process.returncode == 143
    assert "run again to go on from there" in said

    done = run("lattice_boltzmann/channel_flow.sh", folder, *size)

    assert "resumed at step" in done.stdout
    for name in ("summary.json", "channel_flow.png"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_beam_bends_as_euler_and_bernoulli_say(tmp_path: Path) -> None:
    require("ccx")

    done = run("calculix/beam.sh", tmp_path, SLURM_CPUS_PER_TASK="1")

    assert done.returncode == 0, done.stderr
    assert figure(done.stdout, "tip deflection") == pytest.approx(3.0476, rel=0.01)
    assert figure(done.stdout, "reaction") == pytest.approx(1000.0)


def test_beam_of_one_element_is_found_wrong(tmp_path: Path) -> None:
    require("ccx")

    done = run("calculix/beam.sh", tmp_path, "1")

    assert done.returncode == 1
    assert "the mesh may be too coarse" in done.stderr


def test_cavity_is_the_same_on_one_core_and_on_two_ranks(tmp_path: Path) -> None:
    require("icoFoam", "mpirun")
    if (os.cpu_count() or 1) < 2:
        pytest.skip("one core only: mpirun offers no slot for a second rank")

    serial = run("openfoam/cavity.sh", tmp_path / "serial")
    parallel = run("openfoam/cavity_mpi.sh", tmp_path / "parallel")

    assert serial.returncode == 0, serial.stdout + serial.stderr
    assert parallel.returncode == 0, parallel.stdout + parallel.stderr
    assert figure(serial.stdout, "difference from Ghia, Ghia and Shin") < 0.01
    fields = [str(tmp_path / run / "cavity/30/U") for run in ("parallel", "serial")]
    compared = subprocess.run(
        [sys.executable, EXAMPLES / "openfoam/check_cavity.py", fields[0], "--same-as", fields[1]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert compared.returncode == 0, compared.stdout
    assert figure(compared.stdout, "largest difference between the runs") < 1e-6


def test_cavity_far_from_steady_is_found_wrong(tmp_path: Path) -> None:
    require("icoFoam")
    folder = staged("openfoam/cavity.sh", tmp_path)
    control = folder / "controlDict"
    early = re.sub(r"(deltaT +)0.02;", r"\g<1>0.0005;", control.read_text())
    early = re.sub(r"(endTime +)30;", r"\g<1>0.05;", early)
    control.write_text(re.sub(r"(writeInterval +)30;", r"\g<1>0.05;", early))
    job = (folder / "cavity.sh").read_text().replace("cavity/30/U", "cavity/0.05/U")
    (folder / "cavity.sh").write_text(job)

    done = subprocess.run(
        ["bash", "cavity.sh"],
        cwd=folder,
        env=node_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("WRONG") == 2  # the profile and the residual; the net flow is zero


@pytest.mark.parametrize("ranks", [1, 2])
def test_melting_crystal_keeps_its_energy(tmp_path: Path, ranks: int) -> None:
    require("lmp", "mpirun")
    if (os.cpu_count() or 1) < ranks:
        pytest.skip("one core only: mpirun offers no slot for a second rank")

    done = run("lammps/melt.sh", tmp_path, "800", SLURM_NTASKS=str(ranks))

    assert done.returncode == 0, done.stderr
    assert figure(done.stdout, "energy per atom") == pytest.approx(-1.835, abs=0.002)


def test_melt_with_too_long_a_time_step_is_found_wrong(tmp_path: Path) -> None:
    require("lmp")
    folder = staged("lammps/melt.sh", tmp_path)
    text = (folder / "melt.in").read_text()
    (folder / "long.in").write_text(text.replace("0.005", "0.015"))
    (folder / "melt.sh").write_text((folder / "melt.sh").read_text().replace("melt.in", "long.in"))

    done = subprocess.run(
        ["bash", "melt.sh", "500"],
        cwd=folder,
        env=node_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "the energy is not conserved" in done.stderr


@pytest.mark.parametrize("script", INPUTS)
def test_missing_program_is_named_in_one_sentence(script: str, tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    bash = shutil.which("bash")
    assert bash is not None

    done = subprocess.run(
        [bash, Path(script).name],
        cwd=staged(script, tmp_path / "job"),
        env={"PATH": str(bare)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 127
    assert re.fullmatch(r"\w+: .* on this node; on Debian install .*\.\n", done.stderr)
