"""The statistician's first page, and the results once the trial has been unblinded."""
