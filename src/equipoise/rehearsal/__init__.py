"""Rehearsal: the whole trial on simulated participants, before the first patient."""

from equipoise.rehearsal.sweep import Rehearsal, Result, rehearse

__all__ = ["Rehearsal", "Result", "rehearse"]
