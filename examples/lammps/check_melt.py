"""Tell whether the crystal melted, and whether its energy stayed where it was.

`check_melt.py LOG` reads the table of LAMMPS's log, in reduced units. Nothing feeds or cools the
atoms, so their total energy may only tremble with the length of the time step.

Only the standard library is needed.
"""

import sys
from pathlib import Path

# Per atom, in units of epsilon; the kinetic energy alone is 2.5. Eight runs of 2 000 steps kept
# within 0.0003 of their mean; neighbour lists renewed too late give 0.006, a step of 0.015 gives
# 0.03. The first 100 steps, in which the crystal breaks up, are left out.
ENERGY_TOLERANCE = 0.001
STEPS_OF_MELTING = 100
# Mean square displacement in units of sigma squared: in a crystal atoms stay within about 0.1.
MELTED_DISPLACEMENT = 1.0


def read_table(log: str) -> list[dict[str, float]]:
    """Return the rows of the thermodynamic table, by the names of its columns."""
    _, found, table = log.partition("\nStep ")
    lines = ("Step " + table).splitlines()
    names = lines[0].split()
    rows: list[dict[str, float]] = []
    for line in lines[1:] if found else []:
        if line.startswith("Loop time"):
            return rows
        rows.append(dict(zip(names, map(float, line.split()), strict=True)))
    return []


def main() -> int:
    """Print the comparison; the return value is the exit code."""
    if len(sys.argv) != 2:  # noqa: PLR2004 the program's name and one argument
        sys.exit("usage: check_melt.py LOG")
    settled = [
        row for row in read_table(Path(sys.argv[1]).read_text()) if row["Step"] >= STEPS_OF_MELTING
    ]
    if len(settled) < 2:  # noqa: PLR2004 one row says nothing of a change
        sys.exit(f"melt: {sys.argv[1]} holds no finished run of {2 * STEPS_OF_MELTING} steps.")
    energies = [row["TotEng"] for row in settled]
    mean = sum(energies) / len(energies)
    wander = max(abs(energy - mean) for energy in energies)
    displacement = settled[-1]["c_moved[4]"]
    conserved, melted = wander <= ENERGY_TOLERANCE, displacement >= MELTED_DISPLACEMENT
    print(
        f"energy per atom      {mean:.5f}, wanders by {wander:.1e}, {ENERGY_TOLERANCE:.0e} allowed"
    )
    print(f"square displacement  {displacement:.2f}, melted from {MELTED_DISPLACEMENT:.0f} on")
    if not conserved:
        print("melt: the energy is not conserved; shorten the time step.", file=sys.stderr)
    if not melted:
        print("melt: still a crystal; run more steps.", file=sys.stderr)
    return 0 if conserved and melted else 1


if __name__ == "__main__":
    sys.exit(main())
