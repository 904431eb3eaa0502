#!/bin/bash
#SBATCH --job-name=cp2k
#SBATCH --ntaks=4
#SBATCH --time=10:00
srun cp2k.popt -i water.inp
