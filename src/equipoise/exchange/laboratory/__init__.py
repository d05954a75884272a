"""Files of a laboratory: one result per line, read, converted, and refused line by line."""

from equipoise.exchange.laboratory.results import Reject, Result, Sample, read_results
from equipoise.exchange.laboratory.table import LARGEST, MOST_LINES, Table, read_table

__all__ = [
    "LARGEST",
    "MOST_LINES",
    "Reject",
    "Result",
    "Sample",
    "Table",
    "read_results",
    "read_table",
]
