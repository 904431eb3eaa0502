#!/bin/bash
#SBATCH -n 1
#SBATCH -c 2
#SBATCH --mem 8G
#SBATCH -t 02:00:00
#SBATCH --mail-user=
module load r/4.3
Rscript --vanilla fit.R $1
