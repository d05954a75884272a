"""Rehearsal: the whole trial on simulated participants, before the first patient."""
