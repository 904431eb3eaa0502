#!/bin/bash
# Steel cantilever in CalculiX; fails if the tip is more than 1 % from Euler-Bernoulli.
# Travels with: beam.py. Needs: ccx (Debian package calculix-ccx), python3.
# One argument, the number of elements along the beam: beam.sh 40
#SBATCH --job-name=beam
#SBATCH --nodes=1
#SBATCH --ntasks=1 --cpus-per-task=1
#SBATCH --mem=512M
#SBATCH --time=00:05:00
#SBATCH --output=beam-%j.out
set -euo pipefail

for program in ccx python3; do
    if ! command -v "$program" >/dev/null; then
        echo "beam: $program is not on this node; on Debian install calculix-ccx and python3." >&2
        exit 127
    fi
done

# CalculiX takes its threads from these, one for the assembly and one for the equation solver.
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
export CCX_NPROC_EQUATION_SOLVER=${SLURM_CPUS_PER_TASK:-1}

python3 beam.py write --elements "${1:-20}" >beam.inp
ccx beam
python3 beam.py check beam.dat
