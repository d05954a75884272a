"""The rows of a save written by PostgreSQL alone: what no program on this disk can beat."""

from __future__ import annotations

from tests.benchmark.clients import together
from tests.benchmark.measuring import Row, load

NAME = "floor"


def rows() -> list[Row]:
    """Rate and CPU at 1, 4 and 8 clients."""
    found = []
    for clients in (1, 4, 8):
        before = load()
        measured = together(clients, floor=True)
        for metric, value, unit in (
            (f"rate-{clients}", measured.rate, "transactions/s"),
            (f"cpu-{clients}", measured.cpu_ms, "ms/transaction"),
        ):
            found.append(
                Row(
                    workload=NAME,
                    metric=metric,
                    value=round(value, 2),
                    unit=unit,
                    load_average=before,
                )
            )
    return found
