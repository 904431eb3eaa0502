"""Commands of Slurm, for programs that know no others: wrappers, Snakemake, Nextflow."""
