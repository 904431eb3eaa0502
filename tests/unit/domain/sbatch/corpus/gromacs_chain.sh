#!/bin/bash
#SBATCH --job-name="protein in water"
#SBATCH --ntasks=1 --cpus-per-task=16
#SBATCH --time=24:00:00
#SBATCH --signal=B:USR1@600
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --qos=flex
set -euo pipefail
trap 'touch STOP' USR1
module load gromacs/2023
gmx mdrun -deffnm md -cpi md.cpt -maxh 23.5 -ntomp ${SLURM_CPUS_PER_TASK:-1} &
wait $!
if [ ! -f md.gro ]; then
    sbatch --dependency=afterany:$SLURM_JOB_ID "$0"
fi
