"""Job scripts and submit options, read as Slurm reads them and turned into one submission."""
