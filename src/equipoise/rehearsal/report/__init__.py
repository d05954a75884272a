"""The report of a sweep: one standalone HTML file."""

from equipoise.rehearsal.report.page import Question, report

__all__ = ["Question", "report"]
