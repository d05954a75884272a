"""Backup and restore of an instance: one archive of data, another of the keys to it."""
