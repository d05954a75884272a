"""Leaks to plant, one at a time: each is a mistake that somebody could make.

Every leak is put into the running product of one world; the comparison of the two worlds has to
notice each, in the place where it shows. What they do would be refused by the allocator's
process; here they are given the vault, to prove that the comparison sees what comes of it. Those
of time are planted where time is measured (`test_timing.py`).
"""

from __future__ import annotations

from server import leaks_shown, leaks_stored
from server.leak_hand import PLANTED, WHERE, Leak

LEAKS: dict[str, Leak] = dict(sorted(PLANTED.items()))

__all__ = ["LEAKS", "WHERE", "leaks_shown", "leaks_stored"]
