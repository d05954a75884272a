"""Consent: the conversation, both signatures, the copy, and what may happen before it."""
