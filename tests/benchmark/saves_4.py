"""Saves of a form of 30 items a second, 4 clients, on PostgreSQL with every safeguard on."""

from __future__ import annotations

from tests.benchmark.clients import rows_of
from tests.benchmark.measuring import Row

NAME = "saves-4"


def rows() -> list[Row]:
    """Rate, CPU, slowest hundredth and statements."""
    return rows_of(NAME, 4)
