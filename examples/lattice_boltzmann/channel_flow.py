"""Flow past a cylinder in a channel, by the lattice-Boltzmann method (D2Q9, BGK collision).

The geometry is that of the benchmark of Schäfer and Turek, "Benchmark Computations of Laminar Flow
Around a Cylinder" (1996, doi:10.1007/978-3-322-89849-4_39): a channel 4.1 diameters wide and 22
long, the cylinder 2 diameters from the inlet, a little off the axis. At a Reynolds number of 20
the flow is steady (drag coefficient 5.57 to 5.59); at 100 the cylinder sheds vortices (Strouhal
number 0.295 to 0.305, largest drag coefficient 3.22 to 3.24).

Everything is in lattice units: one cell, one time step, density 1. Arrays of populations have
shape (9, n_y, n_x), fields (n_y, n_x). Only NumPy is needed; the picture is written with zlib.

`channel_flow.py --validate` leaves the cylinder out and compares with the exact parabola.
"""

import argparse
import json
import os
import signal
import struct
import sys
import threading
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Indexes = npt.NDArray[np.intp]

# Rest, then four pairs of opposites: Qian and others, 1992, doi:10.1209/0295-5075/17/6/001.
VELOCITY_X = (0, 1, -1, 0, 0, 1, -1, 1, -1)
VELOCITY_Y = (0, 0, 0, 1, -1, 1, -1, -1, 1)
OPPOSITE = (0, 2, 1, 4, 3, 6, 5, 8, 7)
WEIGHT = (4 / 9,) + (1 / 9,) * 4 + (1 / 36,) * 4

MEAN_VELOCITY = 0.1  # a Mach number of 0.17; the error of compressibility goes with its square
DIAMETERS_ACROSS = 4.1  # width of the benchmark's channel
DIAMETERS_BEFORE = 2.0  # from the inlet, and from the lower wall, to the centre of the cylinder
OUTLET_PULL = 0.05  # of 0.01, 0.05, 0.2 and 1, the one that leaves least sound at step 2000

CHECKPOINT = Path("checkpoint/state.npz")
PICTURE = Path("channel_flow.png")
SUMMARY = Path("summary.json")
SMALLEST_NY = 12  # below, the cylinder would be two cells across
STEADY_LIFT = 0.01  # a lift coefficient that swings less sheds no vortices


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel with walls at its first and last row, and what moves the fluid through it."""

    solid: Mask
    """Cells without fluid, shape (n_y, n_x)."""
    relaxation_time: float
    """Steps in which a population comes back to equilibrium; the viscosity is (this - 1/2) / 3."""
    inlet_ux: Array | None = None
    """Velocity held on the first column, shape (n_y,); None: the channel closes on itself."""
    body_force_x: float = 0.0
    """Force on each cell of fluid, which moves a closed channel."""

    def sources(self) -> Indexes:
        """Where each population comes from in one step, as flat indexes, shape (9, n_y, n_x).

        A population that would leave a solid cell is the one that ran into it from here, turned
        back: the wall then stands half-way between the two cells (Ladd, 1994,
        doi:10.1017/S0022112094001771).
        """
        cell = np.arange(self.solid.size, dtype=np.intp).reshape(self.solid.shape)
        index = np.empty((9, *self.solid.shape), dtype=np.intp)
        for i in range(9):
            shift = (VELOCITY_Y[i], VELOCITY_X[i])
            upstream = np.roll(cell, shift, axis=(0, 1)) + i * cell.size
            turned_back = cell + OPPOSITE[i] * cell.size
            index[i] = np.where(np.roll(self.solid, shift, axis=(0, 1)), turned_back, upstream)
            index[i][self.solid] = cell[self.solid] + i * cell.size
        return index

    def links_into(self, body: Mask) -> tuple[Indexes, Array]:
        """The populations about to hit `body`, flat, shape (n,), and their velocities (2, n)."""
        shifts = zip(VELOCITY_Y, VELOCITY_X, strict=True)
        ahead = np.stack([np.roll(body, (-y, -x), axis=(0, 1)) for y, x in shifts])
        flat = np.flatnonzero(ahead & ~self.solid)
        direction = flat // self.solid.size
        return flat, np.array([VELOCITY_X, VELOCITY_Y], dtype=np.float64)[:, direction]


def equilibrium(density: Array, ux: Array, uy: Array, out: Array | None = None) -> Array:
    """Return the populations that a collision tends to, shape (9, *density.shape).

    The form for flows without compression, where only pressure sees the density: He and Luo,
    1997, doi:10.1023/B:JOSS.0000015179.12689.e4. Momentum and velocity are then the same number.
    """
    result = np.empty((9, *density.shape)) if out is None else out
    still = density - 1.5 * (ux * ux + uy * uy)
    np.multiply(still, WEIGHT[0], out=result[0])
    for i in range(1, 9, 2):
        along = VELOCITY_X[i] * ux + VELOCITY_Y[i] * uy
        odd = 3.0 * WEIGHT[i] * along
        even = WEIGHT[i] * still + 1.5 * odd * along
        np.add(even, odd, out=result[i])
        np.subtract(even, odd, out=result[i + 1])
    return result


def moments(populations: Array) -> tuple[Array, Array, Array]:
    """Return density and both velocities of each cell."""
    p = populations
    ux = p[1] - p[2] + p[5] - p[6] + p[7] - p[8]
    uy = p[3] - p[4] + p[5] - p[6] - p[7] + p[8]
    return p.sum(axis=0), ux, uy


def open_ends(populations: Array, inlet_ux: Array) -> None:
    """Impose the velocity at the inlet and hold the density at the outlet, in place.

    What is not imposed is taken from the neighbour: non-equilibrium extrapolation, Guo, Zheng and
    Shi, 2002, doi:10.1088/1009-1963/11/4/310. The outlet's density comes back to 1 slowly, so
    that the sound of the start leaves the channel instead of ringing in it.
    """
    for end, neighbour in ((0, 1), (-1, -2)):
        inside = populations[:, 1:-1, neighbour]
        density, ux, uy = moments(inside)
        rest = inside - equilibrium(density, ux, uy)
        if end == 0:
            imposed = equilibrium(density, inlet_ux[1:-1], np.zeros_like(density))
        else:
            imposed = equilibrium(density - OUTLET_PULL * (density - 1.0), ux, uy)
        populations[:, 1:-1, end] = imposed + rest


class Flow:
    """The fluid in a channel: its populations after each collision, and the steps done."""

    def __init__(self, channel: Channel, populations: Array, *, steps_done: int = 0) -> None:
        self.channel = channel
        self.populations = populations
        # Used again at each step: allocating them would cost as much as computing.
        self._spare, self._target = np.empty_like(populations), np.empty_like(populations)
        self.steps_done = steps_done
        self._sources = channel.sources()
        # The shift of velocity that gives a steady force: Shan and Chen, 1993,
        # doi:10.1103/PhysRevE.47.1815. Solid cells stay at rest.
        self._push = channel.relaxation_time * channel.body_force_x * ~channel.solid

    def advance(self) -> None:
        """Do one step: move the populations, hold the ends, collide."""
        moved = self._spare
        self.populations.take(self._sources, out=moved, mode="clip")
        if self.channel.inlet_ux is not None:
            open_ends(moved, self.channel.inlet_ux)
        density, ux, uy = moments(moved)
        target = equilibrium(density, ux + self._push, uy, out=self._target)
        target -= moved
        target *= 1.0 / self.channel.relaxation_time
        moved += target
        self.populations, self._spare = moved, self.populations
        self.steps_done += 1

    def velocity(self) -> tuple[Array, Array]:
        """Return both velocities, each of shape (n_y, n_x); zero in solid cells."""
        _, ux, uy = moments(self.populations)
        # A collision adds the whole force; the fluid has felt half of it at mid-step.
        return ux - 0.5 * self.channel.body_force_x * ~self.channel.solid, uy


def parabola(n_y: int, mean_velocity: float) -> Array:
    """Return Poiseuille's profile, shape (n_y,); the walls are half a cell inside the ends."""
    width = n_y - 2
    y = np.arange(n_y) - 0.5
    profile = 6.0 * mean_velocity * y * (width - y) / width**2
    profile[[0, -1]] = 0.0
    return profile


def check_poiseuille(n_y: int, *, relaxation_time: float = 0.8) -> tuple[float, float]:
    """Push fluid at rest through a closed channel until nothing changes, and compare.

    Return the largest difference from the exact parabola as a fraction of the largest velocity,
    and the change of the mass as a fraction. The slowest part of the start decays with time
    constant width^2 / (pi^2 viscosity); twelve of them leave less than 1e-5 of it.
    """
    width, viscosity = n_y - 2, (relaxation_time - 0.5) / 3.0
    solid = np.zeros((n_y, 3), dtype=bool)
    solid[[0, -1]] = True
    force = 12.0 * viscosity * MEAN_VELOCITY / width**2
    channel = Channel(solid=solid, relaxation_time=relaxation_time, body_force_x=force)
    at_rest = np.zeros(solid.shape)
    flow = Flow(channel, equilibrium(at_rest + 1.0, at_rest, at_rest))
    mass_at_start = flow.populations[:, ~solid].sum()
    for _ in range(int(12 * width**2 / (np.pi**2 * viscosity))):
        flow.advance()
    exact = parabola(n_y, MEAN_VELOCITY)[:, np.newaxis]
    error = np.abs(flow.velocity()[0] - exact).max() / exact.max()
    drift = abs(flow.populations[:, ~solid].sum() / mass_at_start - 1.0)
    return float(error), float(drift)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What decides the numbers of a run; a checkpoint serves only its own case."""

    n_x: int
    n_y: int
    reynolds: float
    seed: int

    @property
    def diameter(self) -> float:  # of the cylinder, in cells
        return (self.n_y - 2) / DIAMETERS_ACROSS

    def cylinder(self) -> Mask:
        """Return the cells inside the cylinder, shape (n_y, n_x)."""
        y, x = np.mgrid[: self.n_y, : self.n_x]
        centre = DIAMETERS_BEFORE * self.diameter
        # Across, distances count from the face of the wall, half a cell above the first row.
        inside: Mask = np.hypot(x - centre, y - 0.5 - centre) < self.diameter / 2
        return inside

    def channel(self) -> Channel:
        """Return the benchmark's channel at this size and Reynolds number."""
        solid = self.cylinder()
        solid[[0, -1]] = True
        relaxation_time = 0.5 + 3.0 * MEAN_VELOCITY * self.diameter / self.reynolds
        inlet_ux = parabola(self.n_y, MEAN_VELOCITY)
        return Channel(solid=solid, relaxation_time=relaxation_time, inlet_ux=inlet_ux)

    def start(self) -> Flow:
        """Return the flow at step 0: the parabola everywhere, disturbed by 1 % from the seed.

        A perfectly even start would take long to begin shedding vortices.
        """
        channel = self.channel()
        fluid = 1.0 * ~channel.solid
        ux = parabola(self.n_y, MEAN_VELOCITY)[:, np.newaxis] * fluid
        uy = np.random.default_rng(self.seed).uniform(-0.01, 0.01, fluid.shape) * ux
        return Flow(channel, equilibrium(np.ones(fluid.shape), ux, uy))


def save_checkpoint(path: Path, case: Case, flow: Flow, forces: Array) -> None:
    """Write all that the next step depends on, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            case=json.dumps(asdict(case)),
            steps_done=flow.steps_done,
            populations=flow.populations,
            forces=forces[: flow.steps_done],
        )
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def resume_or_start(path: Path, case: Case) -> tuple[Flow, Array]:
    """Return the flow and the forces on the cylinder so far, one row a step."""
    if not path.exists():
        return case.start(), np.empty((0, 2))
    with np.load(path, allow_pickle=False) as state:
        saved = Case(**json.loads(str(state["case"])))
        if saved != case:
            sys.exit(f"channel_flow: {path} is of {saved}: remove it, or ask for the same.")
        flow = Flow(case.channel(), state["populations"], steps_done=int(state["steps_done"]))
        print(f"resumed at step {flow.steps_done} from {path}", flush=True)
        return flow, state["forces"]


def summarise(coefficients: Array, diameter: float) -> dict[str, float]:
    """Return the figures of the last half of a run, where the start is forgotten.

    Coefficients are force / (1/2 density velocity^2 diameter), shape (n_steps, 2) for drag and
    lift; the Strouhal number is how often the lift turns upward, times diameter / velocity.
    """
    drag, lift = coefficients[len(coefficients) // 2 :].T
    swing = lift - lift.mean()
    upward = np.flatnonzero((swing[:-1] < 0.0) & (swing[1:] >= 0.0))
    sheds = len(upward) > 1 and swing.max() > STEADY_LIFT
    frequency = (len(upward) - 1) / (upward[-1] - upward[0]) if sheds else 0.0
    return {
        "drag_coefficient_mean": float(drag.mean()),
        "drag_coefficient_max": float(drag.max()),
        "lift_coefficient_max": float(np.abs(lift).max()),
        "strouhal": float(frequency * diameter / MEAN_VELOCITY),
    }


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return pixels of shape (height, width, 3) as a PNG file (ISO/IEC 15948), 8 bits a colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        size, check = struct.pack(">I", len(data)), struct.pack(">I", zlib.crc32(kind + data))
        return size + kind + data + check

    height, width, _ = pixels.shape
    flat = np.vstack((np.zeros((1, 3 * width), dtype=np.uint8), pixels.reshape(height, -1)))
    # Each row begins with its filter, 2: the bytes are differences from the row above.
    rows = np.insert(np.diff(flat, axis=0), 0, 2, axis=1)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
    return b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b"")


def enlarge(field: Array, times: int) -> Array:
    """Return the field `times` as fine, with straight lines between its cells."""
    n_y, n_x = field.shape
    x, y = np.linspace(0, n_x - 1, n_x * times), np.linspace(0, n_y - 1, n_y * times)
    wide = np.stack([np.interp(x, np.arange(n_x), row) for row in field])
    return np.stack([np.interp(y, np.arange(n_y), column) for column in wide.T], axis=1)


def picture(flow: Flow, body: Mask, *, times: int = 4) -> npt.NDArray[np.uint8]:
    """Return the vorticity as colours, shape (height, width, 3): red turns left, blue right."""
    ux, uy = flow.velocity()
    vorticity = np.gradient(uy, axis=1) - np.gradient(ux, axis=0)
    vorticity[flow.channel.solid] = 0.0
    level = enlarge(vorticity, times) * (body.sum() / np.pi) ** 0.5 / MEAN_VELOCITY
    shades = ((8, 66, 250, 230, 110), (36, 140, 248, 96, 8), (88, 200, 242, 48, 20))
    red, green, blue = (np.interp(level, (-1.0, -0.5, 0.0, 0.5, 1.0), shade) for shade in shades)
    pixels = np.stack((red, green, blue), axis=2)
    pixels[enlarge(body.astype(np.float64), times) > 0.5] = (70, 70, 74)  # noqa: PLR2004 half-way
    return np.flipud(pixels.round().astype(np.uint8))


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of the command line; a size that makes no sense is refused here."""
    parser = argparse.ArgumentParser(prog="channel_flow.py", description="Flow past a cylinder.")
    parser.add_argument("--steps", type=int, default=8000, help="steps in all, resumed ones too")
    parser.add_argument("--nx", type=int, default=333, help="cells along the channel")
    parser.add_argument("--ny", type=int, default=64, help="cells across, walls included")
    parser.add_argument("--reynolds", type=float, default=100.0, help="by the cylinder's diameter")
    parser.add_argument("--seed", type=int, default=1, help="of the small disturbance at the start")
    parser.add_argument("--checkpoint-every", type=int, default=1000, help="steps; 0 for never")
    parser.add_argument("--validate", action="store_true", help="compare with the exact parabola")
    options = parser.parse_args(arguments)
    if not (options.nx >= options.ny >= SMALLEST_NY and options.steps > 0 < options.reynolds):
        parser.error(f"--ny must be {SMALLEST_NY} or more, --nx no less, the rest above 0")
    return options


def validate(n_y: int) -> int:
    """Print the comparison with the exact solution; 0 if it holds."""
    error, drift = check_poiseuille(n_y)
    good = error < 0.02 and drift < 1e-9  # noqa: PLR2004 the two allowances printed below
    print(f"Poiseuille, {n_y - 2} cells across: {'good' if good else 'WRONG'}")
    print(f"  largest difference from the parabola {error:.3%}, 2 % allowed")
    print(f"  change of the mass, as a fraction    {drift:.0e}, 1e-9 allowed")
    return 0 if good else 1


def run(case: Case, *, steps: int, checkpoint_every: int) -> int:
    """Compute, printing about twenty lines of progress, and write picture and summary."""
    asked_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_stop.set())
    flow, past = resume_or_start(CHECKPOINT, case)
    body = case.cylinder()
    links, velocity = flow.channel.links_into(body)
    forces = np.concatenate((past, np.zeros((max(0, steps - len(past)), 2))))
    to_coefficient = 2.0 / (MEAN_VELOCITY**2 * case.diameter)
    while flow.steps_done < steps:
        # A population turned back gives twice its momentum to what it hits.
        forces[flow.steps_done] = 2.0 * (velocity * flow.populations.ravel()[links]).sum(axis=1)
        flow.advance()
        if flow.steps_done % max(1, steps // 20) == 0:
            mean_velocity = flow.velocity()[0][~flow.channel.solid].mean()
            drag = forces[flow.steps_done - 1, 0] * to_coefficient
            progress = f"mean velocity {mean_velocity:.5f}  drag coefficient {drag:.3f}"
            print(f"step {flow.steps_done:6d}/{steps}  {progress}", flush=True)
        stopping = asked_to_stop.is_set()
        if stopping or (checkpoint_every and flow.steps_done % checkpoint_every == 0):
            save_checkpoint(CHECKPOINT, case, flow, forces)
        if stopping:
            print(f"stopped at step {flow.steps_done}; run again to go on from there", flush=True)
            return 128 + signal.SIGTERM
    figures = summarise(forces * to_coefficient, case.diameter)
    SUMMARY.write_text(json.dumps(asdict(case) | figures, indent=2) + "\n")
    PICTURE.write_bytes(png(picture(flow, body)))
    print("  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program in the current directory; the return value is its exit code."""
    options = read_options(sys.argv[1:] if arguments is None else arguments)
    if options.validate:
        return validate(options.ny)
    case = Case(n_x=options.nx, n_y=options.ny, reynolds=options.reynolds, seed=options.seed)
    try:
        with np.errstate(over="raise", invalid="raise"):
            return run(case, steps=options.steps, checkpoint_every=options.checkpoint_every)
    except FloatingPointError:
        sys.exit("channel_flow: the flow diverged; lower --reynolds or raise --ny.")


if __name__ == "__main__":
    sys.exit(main())
