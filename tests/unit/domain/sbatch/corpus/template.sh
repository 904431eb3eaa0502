#!/bin/bash
#SBATCH --job-name=<jobname>
#SBATCH --account=<account>
#SBATCH --time=01:00:00
./run
