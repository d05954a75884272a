"""Forms a second into CSV files with codebook and full audit, from PostgreSQL."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from pathlib import Path

from tests.benchmark.clients import together
from tests.benchmark.measuring import Row, load
from tests.benchmark.served import AT, served

NAME = "export-csv"
FORMS = 10_000
"""Clients save until there are so many; what an export costs in any case is then a small part."""


def rows() -> list[Row]:
    """Forms a second, the better of two exports, and the most memory that this process ever held."""
    served()
    from equipoise_server.store.models import RecordVersion

    while (forms := RecordVersion.objects.count()) < FORMS:
        together(4)
    before = load()
    runs = [_export() for _ in range(2)]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Row(workload=NAME, metric=metric, value=round(value, 1), unit=unit, load_average=before)
        for metric, value, unit in (
            ("rate", forms / min(wall for wall, _ in runs), "forms/s"),
            ("cpu", forms / min(cpu for _, cpu in runs), "forms/s of CPU, database apart"),
            ("forms", forms, "forms"),
            ("memory", most, "MB at most"),
        )
    ]


def _export() -> tuple[float, float]:
    """Seconds on the clock and of CPU of one export."""
    from equipoise_server.services.trial.export import export
    from equipoise_server.store.models import User

    by = User.objects.get(username="hu")
    folder = Path(tempfile.mkdtemp(prefix="eq-export-"))
    began, cpu = time.perf_counter(), time.process_time()
    try:
        export("csv", out=folder / "csv", by=by, at=AT)
        return time.perf_counter() - began, time.process_time() - cpu
    finally:
        shutil.rmtree(folder, ignore_errors=True)
