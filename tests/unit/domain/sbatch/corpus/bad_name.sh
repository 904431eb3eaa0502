#!/bin/bash
#SBATCH --job-name=my job
#SBATCH -n 2
mpirun ./a.out
