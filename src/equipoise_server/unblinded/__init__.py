"""The unblinded web process: pharmacy, product monitor, reveal, safety-board statistician."""
