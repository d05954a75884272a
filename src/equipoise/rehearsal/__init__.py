"""Rehearsal: the whole trial on simulated participants, before the first patient."""

from equipoise.rehearsal.grid import Sweep, sweep
from equipoise.rehearsal.summary import Result
from equipoise.rehearsal.sweep import Rehearsal, rehearse

__all__ = ["Rehearsal", "Result", "Sweep", "rehearse", "sweep"]
