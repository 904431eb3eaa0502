#!/bin/bash -l
#SBATCH -J melt
#SBATCH -N 1 --ntasks-per-node=4 -c 2
#SBATCH -t 12:00:00
#SBATCH --mem-per-cpu=2G
#SBATCH -o logs/melt-%j.out
#SBATCH -e logs/melt-%j.err
#SBATCH --hint=nomultithread
module load gcc/12 openmpi lammps
export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK
srun --mpi=pmix lmp -in in.melt -sf omp
