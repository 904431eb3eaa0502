#!/bin/bash
#SBATCH --job-name=motorBike
#SBATCH --nodes=1
#SBATCH --ntasks=8            # must match numberOfSubdomains
#SBATCH --time=2-00:00:00
#SBATCH --partition=normal
#SBATCH --account=cfd-group
#SBATCH --output=log.%x.%j
#SBATCH --mail-type=END,FAIL
#SBATCH --mail-user=someone@example.edu

module purge
module load openfoam/2312
source /opt/apps/openfoam/etc/bashrc
cd $SLURM_SUBMIT_DIR
. $WM_PROJECT_DIR/bin/tools/RunFunctions
runApplication decomposePar -force
mpirun -np $SLURM_NTASKS simpleFoam -parallel > log.simpleFoam 2>&1
runApplication reconstructPar -latestTime
