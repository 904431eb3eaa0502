#!/bin/bash
# A Lennard-Jones crystal melts at constant energy in LAMMPS; fails if the energy was not constant.
# Travels with: melt.in and check_melt.py. Needs: lmp (Debian package lammps), python3.
# More ranks by `-n 2` on the command line; one argument, the number of steps: melt.sh 5000
#SBATCH --job-name=lj/melt
#SBATCH --ntasks=1
#SBATCH --mem-per-cpu=512
#SBATCH --time=0-00:10
#SBATCH --output="%x-%j.out"
#SBATCH --open-mode=append
set -euo pipefail

for program in lmp python3; do
    if ! command -v "$program" >/dev/null; then
        echo "melt: $program is not on this node; on Debian install lammps and python3." >&2
        exit 127
    fi
done

export OMP_NUM_THREADS=1
ranks=${SLURM_NTASKS:-1}
launch=()
if [ "$ranks" -gt 1 ]; then
    # Left alone, every mpirun of a node binds its first rank to the node's first core.
    launch=(mpirun --bind-to none -np "$ranks")
    # Open MPI refuses to start for root, which is who a container often is, unless told twice.
    if [ "$(id -u)" -eq 0 ]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
fi

"${launch[@]}" lmp -in melt.in -log melt.log -var steps "${1:-2000}"
python3 check_melt.py melt.log
