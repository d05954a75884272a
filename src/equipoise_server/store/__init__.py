"""Coded study data, readable by blinded roles. Nothing here tells an arm."""
