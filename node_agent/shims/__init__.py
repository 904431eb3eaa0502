"""Commands of Slurm and of environment modules, as a job finds them on its node."""
