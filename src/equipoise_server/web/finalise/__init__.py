"""Signatures, locks, redaction and amendments."""
