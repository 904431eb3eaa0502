"""Judge the velocity found in the lid-driven cavity: right, steady, the same in two runs.

`check_cavity.py U --log LOG` compares the horizontal velocity on the vertical through the centre
with the table of Ghia, Ghia and Shin (1982, doi:10.1016/0021-9991(82)90058-4) at a Reynolds number
of 100, the flow through that line with zero, and the last residuals with those of a steady flow.
`--same-as OTHER_U` also compares the whole field with that of another run.

Only the standard library is needed.
"""

import argparse
import math
import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

# Height and horizontal velocity; side of the cavity and velocity of the lid are 1.
GHIA = (
    (0.0547, -0.03717),
    (0.0625, -0.04192),
    (0.0703, -0.04775),
    (0.1016, -0.06434),
    (0.1719, -0.10150),
    (0.2813, -0.15662),
    (0.4531, -0.21090),
    (0.5000, -0.20581),
    (0.6172, -0.13641),
    (0.7344, 0.00332),
    (0.8516, 0.23151),
    (0.9531, 0.68717),
    (0.9609, 0.73722),
    (0.9688, 0.78871),
    (0.9766, 0.84123),
)
PROFILE_TOLERANCE = 0.01  # of the lid's velocity
NET_FLOW_TOLERANCE = 1e-3  # the lid moves about 0.1 each way
STEADY_RESIDUAL = 1e-6  # of Ux and Uy before the last step
SAME_TOLERANCE = 1e-6  # what solvers stopped at 1e-8 leave over 1500 steps

Vector = tuple[float, float, float]


def read_vectors(path: Path) -> list[Vector]:
    """Return the cell values of an ASCII vector field, in the order of the cells."""
    _, _, body = path.read_text().partition("nonuniform List<vector>")
    number = r"([-+.\deE]+)"
    rows = re.findall(rf"^\({number} {number} {number}\)$", body.partition(";")[0], re.MULTILINE)
    return [(float(x), float(y), float(z)) for x, y, z in rows]


def centreline(field: Sequence[Vector]) -> list[tuple[float, float]]:
    """Return height and horizontal velocity at the centre, walls included.

    The square has an even number of cells a side, so the centre is between two columns.
    """
    side = math.isqrt(len(field))
    middle = side // 2
    rows = [field[row * side : (row + 1) * side] for row in range(side)]
    inside = [
        ((row + 0.5) / side, (cells[middle - 1][0] + cells[middle][0]) / 2)
        for row, cells in enumerate(rows)
    ]
    return [(0.0, 0.0), *inside, (1.0, 1.0)]


def interpolate(profile: Sequence[tuple[float, float]], height: float) -> float:
    """Return the velocity at a height, on straight lines between the points."""
    for (below, slow), (above, fast) in pairwise(profile):
        if below <= height <= above:
            return slow + (fast - slow) * (height - below) / (above - below)
    message = f"height {height} is outside the cavity"
    raise ValueError(message)


def last_residual(log: str) -> float:
    """Return the larger of the last initial residuals of Ux and Uy; infinite if there is none."""
    found = re.findall(r"Solving for U[xy], Initial residual = ([-+.\deE]+)", log)
    return max((float(residual) for residual in found[-2:]), default=math.inf)


def judge(name: str, value: float, allowed: float) -> bool:
    """Print one line of the report; True if the value is within what is allowed."""
    good = value <= allowed
    print(f"{name:<38} {value:9.2e}, {allowed:.0e} allowed: {'good' if good else 'WRONG'}")
    return good


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; the return value is the exit code."""
    parser = argparse.ArgumentParser(prog="check_cavity.py")
    parser.add_argument("field", type=Path, help="the U of the last time")
    parser.add_argument("--log", type=Path, help="what icoFoam printed")
    parser.add_argument("--same-as", type=Path, help="the U of another run")
    options = parser.parse_args(arguments)
    field = read_vectors(options.field)
    if not field or math.isqrt(len(field)) ** 2 != len(field):
        sys.exit(f"cavity: {options.field} is not the velocity of a square mesh in ASCII.")
    profile = centreline(field)
    off = max(abs(interpolate(profile, height) - velocity) for height, velocity in GHIA)
    net_flow = abs(sum(velocity for _, velocity in profile[1:-1])) / (len(profile) - 2)
    verdicts = [
        judge("difference from Ghia, Ghia and Shin", off, PROFILE_TOLERANCE),
        judge("net flow through the centre line", net_flow, NET_FLOW_TOLERANCE),
    ]
    if options.log:
        residual = last_residual(options.log.read_text())
        verdicts.append(judge("last residual of the velocity", residual, STEADY_RESIDUAL))
    if options.same_as:
        other = read_vectors(options.same_as)
        pairs = zip(field, other, strict=False)
        apart = max((math.dist(here, there) for here, there in pairs), default=math.inf)
        apart = apart if len(field) == len(other) else math.inf
        verdicts.append(judge("largest difference between the runs", apart, SAME_TOLERANCE))
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
