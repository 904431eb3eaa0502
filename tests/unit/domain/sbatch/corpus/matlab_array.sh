#!/bin/sh
#SBATCH --array=1-26%4
#SBATCH --time=0-08
#SBATCH --mem=4000
#SBATCH --output=sweep_%A_%a.txt
module load matlab
matlab -nodisplay -nosplash -r "run_case($SLURM_ARRAY_TASK_ID); exit"
