"""Simulated conduct: whole participants, driven through the same verbs as people.

`run` drives simulated participants of a scenario through a `Desk`. `PaperDesk` is one in
memory, on the pure core alone.
"""

from equipoise.rehearsal.conduct.desk import Desk, Role
from equipoise.rehearsal.conduct.driver import Progress, Summary, run
from equipoise.rehearsal.conduct.paper import PaperDesk, Saved

__all__ = ["Desk", "PaperDesk", "Progress", "Role", "Saved", "Summary", "run"]
