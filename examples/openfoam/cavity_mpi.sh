#!/bin/bash
# Lid-driven cavity at a Reynolds number of 100 in OpenFOAM, on two MPI ranks.
# Travels with: check_cavity.py and the eight files of cavity/. Needs: icoFoam (Debian: openfoam),
# mpirun (Debian: openmpi-bin).
#SBATCH --job-name="cavity on two ranks"
#SBATCH --nodes=1 --ntasks-per-node=2   # the two halves of decomposeParDict
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time=10                       # minutes
#SBATCH --output=cavity-mpi-%j.out
set -euo pipefail

for program in blockMesh decomposePar icoFoam reconstructPar mpirun python3; do
    if ! command -v "$program" >/dev/null; then
        echo "cavity: $program is not on this node; on Debian install openfoam and openmpi-bin." >&2
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

# Open MPI refuses to start for root, which is who a container often is, unless told twice.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

step() {
    local log=log.$1
    shift
    "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }
}
step blockMesh blockMesh -case cavity
step decomposePar decomposePar -case cavity -force
# Left alone, every mpirun of a node binds its first rank to the node's first core, whoever has it.
step icoFoam mpirun --bind-to none -np 2 icoFoam -case cavity -parallel
step reconstructPar reconstructPar -case cavity -latestTime
python3 check_cavity.py cavity/30/U --log log.icoFoam
