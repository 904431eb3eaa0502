"""What node agents call, and nobody else."""
