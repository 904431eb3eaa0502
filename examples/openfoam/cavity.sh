#!/bin/bash
# Lid-driven cavity at a Reynolds number of 100 in OpenFOAM, on one core.
# Travels with: check_cavity.py and the eight files of cavity/. Needs: icoFoam (Debian: openfoam).
#SBATCH -J cavity
#SBATCH -n 1
#SBATCH --mem=1G
#SBATCH -t 0:10:00
#SBATCH -o cavity-%j.out -e cavity-%j.err
set -euo pipefail

for program in blockMesh icoFoam python3; do
    if ! command -v "$program" >/dev/null; then
        echo "cavity: $program is not on this node; on Debian install openfoam and python3." >&2
        exit 127
    fi
done
# Debian's programs do not know where their own settings are unless told.
export WM_PROJECT_DIR=${WM_PROJECT_DIR:-/usr/share/openfoam}

# Inputs may arrive side by side; the programs want them in three folders.
place() {
    local folder=$1 name
    mkdir -p "cavity/$folder"
    for name in "${@:2}"; do
        [ -e "cavity/$folder/$name" ] || cp "$name" "cavity/$folder/$name"
    done
}
place 0 U p
place constant transportProperties
place system blockMeshDict controlDict decomposeParDict fvSchemes fvSolution

step() {
    local log=log.$1
    "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }
}
step blockMesh -case cavity
step icoFoam -case cavity
python3 check_cavity.py cavity/30/U --log log.icoFoam
