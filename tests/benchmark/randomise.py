"""Participants randomised a second: 64 clients over 20 strata, on PostgreSQL with every safeguard on.

Eight web processes of eight threads ask an allocator in a process of its own, as a server would.
`python -m tests.benchmark.randomise PEOPLE` measures in this process, and writes JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

from tests.benchmark.measuring import Row, load
from tests.benchmark.served import ROOT, THREE_ARMS

NAME = "randomise"
PEOPLE = 10_000
PROCESSES, THREADS = 8, 8


def rows() -> list[Row]:
    """Rate, the median and the slowest hundredth of the answers, CPU of each process."""
    before = load()
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmark.randomise", str(PEOPLE)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", ROOT)))},
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    lines = [
        ("rate", found["rate"], "participants/s"),
        ("p50", 1000 * found["p50"], "ms"),
        ("p99", 1000 * found["p99"], "ms"),
        *((f"cpu {name}", value, "ms each") for name, value in found["milliseconds"].items()),
    ]
    return [
        Row(workload=NAME, metric=metric, value=round(value, 2), unit=unit, load_average=before)
        for metric, value, unit in lines
    ]


def main(people: int) -> None:
    """Open a trial at five sites, get everybody ready, and measure."""
    sys.path.insert(0, str(ROOT / "tests"))
    from server import postgres

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eq-bench-")))
        server = stack.enter_context(postgres.server(on_disk=True))
        environment = {
            "DATABASE_URL": server.replace("/postgres?", "/bench?"),
            "EQUIPOISE_DIR": str(folder / "instance"),
            "DJANGO_SETTINGS_MODULE": "equipoise_server.settings",
        }
        os.environ.update(environment)
        sys.stdout.write(json.dumps(_measured(folder, environment, people)) + "\n")


def _measured(folder: Path, environment: dict[str, str], people: int) -> dict[str, object]:
    from equipoise_server.commands.instance import create_instance

    create_instance(folder / "instance", THREE_ARMS, demo=True)
    from django.db import connections

    from server.allocator_process import Allocator
    from server.web_processes import Web, measured, open_at_five_sites

    instance = SimpleNamespace(folder=folder / "instance", environment=environment)
    open_at_five_sites(instance, people)
    running = Allocator(instance, folder / "allocator")
    try:
        web = Web(running, folder, [f"X-{number:05}" for number in range(people)], PROCESSES)
        web.get_ready(people)
        found = measured(web, running, THREADS, people)
    finally:
        running.stop()
        connections.close_all()
    return {**asdict(found), "took": None, "p50": found.at(0.5), "p99": found.at(0.99)}


if __name__ == "__main__":
    main(int(sys.argv[1]))
