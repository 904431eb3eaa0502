#!/usr/bin/env bash
##SBATCH --partition=gpu
#SBATCH --cpus-per-task=4
#SBATCH --mem=16GB
#SBATCH --time=90
#SBATCH --export=NONE
#SBATCH --comment=$USER-test
source venv/bin/activate
pip install -r requirements.txt
srun python train.py --epochs 10 --out results/$SLURM_JOBID
