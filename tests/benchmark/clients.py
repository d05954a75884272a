"""Several clients at once against the instance that is measured, and the CPU that all of it took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmark.measuring import Row, load
from tests.benchmark.served import ROOT, Served, served

SECONDS = 8.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the clients did together."""

    rate: float
    cpu_ms: float
    p99_ms: float
    statements: int


def together(clients: int, *, floor: bool = False) -> Measured:
    """So many clients save for some seconds; CPU of clients and database together, a save."""
    place = served()
    if floor:
        _floor_tables(place)
    started = [_client(place, place.codes[number], floor) for number in range(clients)]
    for one in started:
        assert one.stdout is not None
        assert one.stdout.readline().strip() == "ready"
    before = _database_cpu(place.postmaster)
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [json.loads(one.communicate()[0].splitlines()[-1]) for one in started]
    spent = _database_cpu(place.postmaster) - before + sum(one["cpu"] for one in said)
    saves = sum(one["saves"] for one in said)
    return Measured(
        rate=saves / SECONDS,
        cpu_ms=1000 * spent / saves,
        p99_ms=1000 * max(one["p99"] for one in said),
        statements=max(one["statements"] for one in said),
    )


def rows_of(name: str, clients: int) -> list[Row]:
    """The lines of one saves workload."""
    before = load()
    found = together(clients)
    rows = [
        ("rate", found.rate, "saves/s"),
        ("cpu", found.cpu_ms, "ms/save"),
        ("p99", found.p99_ms, "ms"),
        ("sql", found.statements, "statements/save"),
    ]
    return [
        Row(workload=name, metric=metric, value=round(value, 2), unit=unit, load_average=before)
        for metric, value, unit in rows
    ]


def _client(place: Served, code: str, floor: bool) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.benchmark.saver",
            code,
            str(SECONDS),
            "floor" if floor else "product",
        ],
        env={**place.environment, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def _floor_tables(place: Served) -> None:
    import psycopg

    names = ("head", "version", "payload", "entry", "key")
    with psycopg.connect(place.url, autocommit=True) as connection:
        for name in names:
            kind = "integer" if name == "head" else "text"
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS floor_{name} (id text PRIMARY KEY, body {kind})"
            )


def _database_cpu(postmaster: int) -> float:
    """CPU seconds of the server and everything that it started, the ended included."""
    return sum(_cpu(pid) for pid in (postmaster, *_children(postmaster))) + _ended(postmaster)


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return ["0"] * 20


def _cpu(pid: int) -> float:
    stat = _stat(pid)
    return (int(stat[11]) + int(stat[12])) / TICKS


def _ended(pid: int) -> float:
    stat = _stat(pid)
    return (int(stat[13]) + int(stat[14])) / TICKS


def _children(parent: int) -> Iterable[int]:
    for one in Path("/proc").iterdir():
        if one.name.isdigit() and _stat(int(one.name))[1] == str(parent):
            yield int(one.name)
