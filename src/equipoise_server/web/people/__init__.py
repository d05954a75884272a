"""People of the trial: accounts, factors, memberships, delegation and training."""
