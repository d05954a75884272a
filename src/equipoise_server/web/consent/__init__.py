"""Consent: at the bedside, through a mailed link, and the worklist around it."""
