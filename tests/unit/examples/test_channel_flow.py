"""The lattice-Boltzmann example: its physics, its picture, and going on after an interruption."""

import json
import signal
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from examples.lattice_boltzmann import channel_flow
from examples.lattice_boltzmann.channel_flow import Case, Flow

SMALL = ("--nx", "40", "--ny", "14")


def small_case(seed: int = 1) -> Case:
    return Case(n_x=40, n_y=14, reynolds=20.0, seed=seed)


def advanced(flow: Flow, steps: int) -> Flow:
    for _ in range(steps):
        flow.advance()
    return flow


def test_flow_without_obstacle_is_poiseuilles_parabola() -> None:
    error, _ = channel_flow.check_poiseuille(16)

    assert error < 0.02


def test_error_of_the_profile_falls_with_the_square_of_the_cell() -> None:
    # At this relaxation time the wall's error is the whole error, and of second order.
    coarse, _ = channel_flow.check_poiseuille(8, relaxation_time=1.4)
    fine, _ = channel_flow.check_poiseuille(14, relaxation_time=1.4)

    assert coarse / fine == pytest.approx(4.0, rel=0.05)


def test_closed_channel_keeps_its_mass() -> None:
    _, drift = channel_flow.check_poiseuille(16)

    assert drift < 1e-11


def test_fluid_at_rest_without_force_stays_at_rest() -> None:
    channel = small_case().channel()
    closed = channel_flow.Channel(solid=channel.solid, relaxation_time=0.8)
    still = np.zeros(closed.solid.shape)

    flow = advanced(Flow(closed, channel_flow.equilibrium(still + 1.0, still, still)), 50)

    assert np.abs(flow.velocity()).max() < 1e-14


def test_cylinder_is_dragged_downstream_and_hardly_sideways() -> None:
    case = small_case()
    flow = advanced(case.start(), 400)
    links, velocity = flow.channel.links_into(case.cylinder())

    drag, lift = (velocity * flow.populations.ravel()[links]).sum(axis=1)

    assert drag > 0
    assert abs(lift) < 0.2 * drag


def test_seed_decides_the_start() -> None:
    first, again, other = (small_case(seed).start().populations for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_coefficients_of_a_known_oscillation_are_found() -> None:
    step = np.arange(4000)
    drag = 3.0 + 0.5 * np.cos(2 * np.pi * step / 50)
    lift = np.sin(2 * np.pi * step / 100)

    figures = channel_flow.summarise(np.stack((drag, lift), axis=1), diameter=3.0)

    assert figures["strouhal"] == pytest.approx(0.3, rel=1e-3)
    assert figures["drag_coefficient_mean"] == pytest.approx(3.0)
    assert figures["drag_coefficient_max"] == pytest.approx(3.5)
    assert figures["lift_coefficient_max"] == pytest.approx(1.0)


def test_steady_lift_has_no_strouhal_number() -> None:
    lift = 1.0 + 1e-6 * np.sin(np.arange(2000))

    figures = channel_flow.summarise(np.stack((lift, lift), axis=1), diameter=3.0)

    assert figures["strouhal"] == 0.0


def decoded(picture: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Read back a PNG as another program would: signature, chunks with their checks, pixels."""
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(picture):
        size, kind = struct.unpack(">I4s", picture[at : at + 8])
        data = picture[at + 8 : at + 8 + size]
        (check,) = struct.unpack(">I", picture[at + 8 + size : at + 12 + size])
        assert check == zlib.crc32(kind + data)
        chunks[kind] = data
        at += 12 + size
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (8, 2)
    assert chunks[b"IEND"] == b""
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert (rows[:, 0] == 2).all()  # filter "up": each byte adds to the one above it
    return np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(height, width, 3)


def test_picture_decodes_to_the_pixels_it_was_made_of() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (7, 5, 3), dtype=np.uint8)

    assert np.array_equal(decoded(channel_flow.png(pixels)), pixels)


def test_picture_shows_the_cylinder_and_the_shear_on_both_walls() -> None:
    case = small_case()
    pixels = channel_flow.picture(advanced(case.start(), 100), case.cylinder(), times=2)
    above, below = pixels[4, -20].astype(int), pixels[-5, -20].astype(int)

    assert pixels.shape == (28, 80, 3)
    assert (pixels == (70, 70, 74)).all(axis=2).any()
    assert above[0] > above[2]  # red: the fluid turns left under the upper wall
    assert below[2] > below[0]  # blue: it turns right over the lower one


@pytest.fixture
def job_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    on_terminate = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, on_terminate)


def test_run_that_went_on_from_a_checkpoint_ends_bit_for_bit_the_same(job_folder: Path) -> None:
    channel_flow.main([*SMALL, "--steps", "60", "--checkpoint-every", "0"])
    whole = {
        name: (job_folder / name).read_bytes() for name in ("summary.json", "channel_flow.png")
    }

    channel_flow.main([*SMALL, "--steps", "37", "--checkpoint-every", "25"])
    with np.load(job_folder / "checkpoint/state.npz") as state:
        assert int(state["steps_done"]) == 25
    channel_flow.main([*SMALL, "--steps", "60", "--checkpoint-every", "25"])

    for name, content in whole.items():
        assert (job_folder / name).read_bytes() == content


def test_finished_run_started_again_has_nothing_left_to_do(
    job_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*SMALL, "--steps", "20", "--checkpoint-every", "10"]
    channel_flow.main(arguments)
    summary = (job_folder / "summary.json").read_bytes()
    capsys.readouterr()

    assert channel_flow.main(arguments) == 0
    assert "resumed at step 20" in capsys.readouterr().out
    assert (job_folder / "summary.json").read_bytes() == summary


@pytest.mark.usefixtures("job_folder")
def test_checkpoint_of_another_case_is_refused_in_one_sentence() -> None:
    channel_flow.main([*SMALL, "--steps", "10", "--checkpoint-every", "10"])

    with pytest.raises(SystemExit, match="remove it, or ask for the same"):
        channel_flow.main([*SMALL, "--steps", "10", "--seed", "2"])


@pytest.mark.usefixtures("job_folder")
def test_flow_too_fast_for_its_cells_ends_in_one_sentence() -> None:
    with pytest.raises(SystemExit, match=r"diverged; lower --reynolds or raise --ny\.$"):
        channel_flow.main([*SMALL, "--steps", "4000", "--reynolds", "1e9"])


@pytest.mark.parametrize(
    "arguments",
    [("--ny", "11"), ("--nx", "20", "--ny", "21"), ("--steps", "0"), ("--reynolds", "-1")],
)
def test_size_without_sense_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as refusal:
        channel_flow.main(arguments)

    assert refusal.value.code == 2


def test_summary_names_the_case_it_belongs_to(job_folder: Path) -> None:
    channel_flow.main([*SMALL, "--steps", "20", "--seed", "5"])

    summary = json.loads((job_folder / "summary.json").read_text())

    assert {key: summary[key] for key in ("n_x", "n_y", "reynolds", "seed")} == {
        "n_x": 40,
        "n_y": 14,
        "reynolds": 100.0,
        "seed": 5,
    }
