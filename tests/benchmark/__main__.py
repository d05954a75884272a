"""`python -m tests.benchmark [WORKLOAD ...]`: measure and write `build/bench.json`."""

from __future__ import annotations

import importlib
import json
import pkgutil
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import tests.benchmark as here

TARGET = Path("build/bench.json")


def workloads() -> Iterator[ModuleType]:
    """Every module of this package that names a workload."""
    for found in sorted(one.name for one in pkgutil.iter_modules(here.__path__)):
        if found != "__main__":
            module = importlib.import_module(f"{here.__name__}.{found}")
            if hasattr(module, "NAME"):
                yield module


def main(names: list[str]) -> int:
    """Measure the workloads named, or all of them."""
    chosen = [one for one in workloads() if not names or one.NAME in names]
    if not chosen:
        sys.stderr.write(f"No workload of that name: {', '.join(names)}.\n")
        return 2
    sys.stderr.write(f"{platform.platform()}, Python {platform.python_version()}\n")
    rows = []
    for module in chosen:
        for row in module.rows():
            rows.append(asdict(row))
            against = f", {row.ratio} x {row.peer}" if row.peer else ""
            sys.stderr.write(
                f"{row.workload:18} {row.metric:12} {row.value:>14,} {row.unit}{against}\n"
            )
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
