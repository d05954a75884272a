"""The report of a trial: results.json, report.html, report.pdf, tables and figures."""

from equipoise.analysis.report.contents import Results, analyse
from equipoise.analysis.report.write import write

__all__ = ["Results", "analyse", "write"]
