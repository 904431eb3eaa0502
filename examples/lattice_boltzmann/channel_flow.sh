#!/bin/bash
# Flow past a cylinder in a channel: a picture of the vortices behind it, drag and Strouhal number.
# Travels with: channel_flow.py. Needs: python3 with numpy.
# Arguments go to the program: channel_flow.sh --steps 20000 --seed 7
#SBATCH -J channel-flow
#SBATCH -N 1
#SBATCH -c 1                     # NumPy computes array by array, on one core
#SBATCH -t 15:00                 # minutes:seconds; the default size takes about ten seconds
#SBATCH --mem=1G
#SBATCH -o channel-flow-%j.out   # progress and errors in one file
#SBATCH --requeue                # goes on from checkpoint/state.npz, bit for bit
set -euo pipefail

if ! python3 -c 'import numpy' 2>/dev/null; then
    echo "channel_flow: no python3 with numpy on this node; on Debian install python3-numpy." >&2
    exit 127
fi

export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
python3 channel_flow.py "$@"
