"""The pages of the blinded side: one package per audience. Views translate and nothing else."""
