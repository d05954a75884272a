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


def rows() -> list[Row]:
    """Forms a second on the clock, and the most memory that this process ever held."""
    served()
    together(4)  # forms to export
    from equipoise_server.services.export import export
    from equipoise_server.store.models import RecordVersion, User

    by = User.objects.get(username="hu")
    forms = RecordVersion.objects.count()
    folder = Path(tempfile.mkdtemp(prefix="eq-export-"))
    before = load()
    began = time.perf_counter()
    try:
        export("csv", out=folder / "csv", by=by, at=AT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rate = forms / (time.perf_counter() - began)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Row(workload=NAME, metric=metric, value=round(value, 1), unit=unit, load_average=before)
        for metric, value, unit in (
            ("rate", rate, "forms/s"),
            ("forms", forms, "forms"),
            ("memory", most, "MB at most"),
        )
    ]
