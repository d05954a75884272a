"""The steps of a participant's way through the trial."""
