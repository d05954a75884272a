"""A whole, consistent copy of one database while others write to it, and putting it back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from django.db import connections

from equipoise.errors import BackupUnreadable, ExternalProgramFailed, UnsafeDatabase
from equipoise_server.databases import FILES

DUMP = ".dump"


def openable(alias: str) -> bool:
    """Whether this process may read the database at all."""
    connection = connections[alias]
    if connection.vendor == "sqlite":
        return os.access(connection.settings_dict["NAME"], os.R_OK)
    if connection.vendor != "postgresql":
        return False
    try:
        connection.ensure_connection()
    except Exception:  # whatever the driver calls it: this process has no way in
        return False
    return True


def copy(alias: str, folder: Path) -> Path:
    """Copy a database into `folder`; returns the file.

    What was deleted is not in the copy: free pages are left behind.

    Raises:
        ExternalProgramFailed: `pg_dump` is missing or failed.

    """
    connection = connections[alias]
    if connection.vendor == "sqlite":
        return _copy_file(Path(connection.settings_dict["NAME"]), folder / FILES[alias])
    out = folder / f"{alias}{DUMP}"
    _run(connection, "pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={out}")
    return out


def _copy_file(source: Path, out: Path) -> Path:
    reading = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=60)
    try:
        reading.execute("VACUUM INTO ?", [str(out)])
    finally:
        reading.close()
    out.chmod(0o600)
    return out


def put_back(alias: str, folder: Path) -> None:
    """Make the database of this instance from its copy in `folder`. There must be none yet.

    Raises:
        BackupUnreadable: the copy is of the other engine.
        UnsafeDatabase: there is a database with tables already.
        ExternalProgramFailed: `pg_restore` is missing or failed.

    """
    connection = connections[alias]
    if connection.vendor == "sqlite":
        source, target = folder / FILES[alias], Path(connection.settings_dict["NAME"])
        _require(source)
        if target.exists():
            raise UnsafeDatabase(f"{target} is there already")
        shutil.copyfile(source, target)
        target.chmod(0o600)
        return
    source = folder / f"{alias}{DUMP}"
    _require(source)
    if connection.introspection.table_names():
        raise UnsafeDatabase(f"database {connection.settings_dict['NAME']} has tables already")
    _run(connection, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", source)


def _require(source: Path) -> None:
    if not source.is_file():
        why = "it was made on the other database engine: set or unset DATABASE_URL to match"
        raise BackupUnreadable(source.name, why)


def _run(connection: Any, program: str, *words: object) -> None:
    """Run a program of PostgreSQL on a database. The password never is a word of the command."""
    given = connection.get_connection_params()
    where = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password"}
    known = {name: str(given[key]) for name, key in where.items() if given.get(key)}
    name = connection.settings_dict["NAME"]
    connection.close()
    command = [program, f"--dbname={name}", *map(str, words)]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell
            command, env={**os.environ, **known}, capture_output=True, text=True, check=False
        )
    except OSError as problem:
        raise ExternalProgramFailed(program, "it is not installed") from problem
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise ExternalProgramFailed(program, said)
