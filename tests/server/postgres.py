"""A throw-away PostgreSQL server on a Unix socket, for the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")


def binaries() -> Path | None:
    """Where initdb and pg_ctl are, newest version first, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    return found[0].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def server(*, on_disk: bool = False) -> Iterator[str]:
    """Start a server; gives the URL of its first database. It is gone afterwards.

    Its files lie in memory where there is any, or, for measurements, on the disk.
    """
    where = binaries()
    if where is None:
        raise RuntimeError("PostgreSQL is missing: apt-get install postgresql-15")
    folder = Path(
        tempfile.mkdtemp(prefix="eq-pg-", dir=None if on_disk or not MEMORY.is_dir() else MEMORY)
    )
    as_owner: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "data"
    control = [*as_owner, str(where / "pg_ctl"), "-D", str(data), "-w", "-s"]
    try:
        _run(
            [
                *as_owner,
                str(where / "initdb"),
                "-D",
                str(data),
                "-A",
                "trust",
                "-U",
                "equipoise",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            folder,
        )
        options = (
            f"-k {folder} -c listen_addresses='' -c max_connections=200 -c shared_buffers=64MB"
        )
        _run([*control, "-l", str(folder / "log"), "-o", options, "start"], folder)
        yield f"postgres://equipoise@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], cwd=folder, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[-1]}: {done.stdout}{done.stderr}")
