"""Exports: the study's data and registration as files, and each centre's own copy."""
