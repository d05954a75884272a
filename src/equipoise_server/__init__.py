"""The shell around the trial: database, processes, pages. Rules live in `equipoise`."""
