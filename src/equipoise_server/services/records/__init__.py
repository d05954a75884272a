"""Saving what is observed: forms, drafts, laboratory files, signatures, redaction."""
