"""The verbs of the trial. One file each: one transaction, one idempotency key, one ledger entry."""
