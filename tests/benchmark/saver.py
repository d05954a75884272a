"""One client of the saves workloads: saves as fast as it is answered, in a process of its own.

`python -m tests.benchmark.saver CODE SECONDS FLOOR`: waits for a line on standard input, saves
for so many seconds, writes what it measured as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


def main(code: str, seconds: float, *, floor: bool) -> None:
    """Measure one client."""
    save, statements = _floor(code) if floor else _product(code)
    for turn in range(5):
        save(turn)
    say("ready")
    sys.stdin.readline()
    done, slowest, times = 0, 0.0, []
    began, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        before = time.perf_counter()
        save(10 + done)
        times.append(time.perf_counter() - before)
        done += 1
    cpu = time.process_time() - cpu
    slowest = sorted(times)[int(len(times) * 0.99) - 1] if times else 0.0
    say(json.dumps({"saves": done, "cpu": cpu, "p99": slowest, "statements": statements()}))


def say(line: str) -> None:
    """One line for the process that counts."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _product(code: str) -> tuple[Any, Any]:
    """The service that the pages and the programs call."""
    import django

    django.setup()
    from django.db import connection
    from tests.benchmark import served

    from equipoise_server.services.records.record import record
    from equipoise_server.store.models import User

    by = User.objects.get(username="chen")
    run = os.getpid()
    first = run % 10_000 * 100_000

    def save(turn: int) -> None:
        record(
            participant=code,
            form=served.LONG,
            visit="log",
            number=first + turn + 1,
            values=served.values(served.LONG, 30, turn),
            on=served.ON,
            by=by,
            at=served.AT,
            key=f"{run}-{turn}",
            expected=0,
        )

    def statements() -> int:
        """Statements of one save, the two that begin and end it included."""
        count = 0

        def counted(execute: Any, sql: str, *given: Any) -> Any:
            nonlocal count
            count += 1
            return execute(sql, *given)

        with connection.execute_wrapper(counted):
            save(90_000)
        return count + 2

    return save, statements


def _floor(code: str) -> tuple[Any, Any]:
    """The rows of a save and nothing else: what PostgreSQL itself takes on this disk."""
    import psycopg
    from tests.benchmark import served

    connection = psycopg.connect(os.environ["DATABASE_URL"])
    document = json.dumps(served.values(served.LONG, 30, 1))
    run = os.getpid()

    def save(turn: int) -> None:
        name = f"{code}-{run}-{turn}"
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO floor_head VALUES (%s, 1)", [name])
            cursor.execute("INSERT INTO floor_version VALUES (%s, %s)", [name, "d" * 300])
            cursor.execute("INSERT INTO floor_payload VALUES (%s, %s)", [name, document])
            cursor.execute("INSERT INTO floor_entry VALUES (%s, %s)", [name, "e" * 400])
            cursor.execute("INSERT INTO floor_key VALUES (%s, %s)", [name, "k" * 200])

    return save, lambda: 7


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), floor=sys.argv[3] == "floor")
