"""An instance: a folder with keys, a copy of the study, and databases. Opened once per process."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import Annotated

import typer

from equipoise.errors import LiveUseRefused, StorageFull, UnknownRecord, UnsafeDatabase

Folder = Annotated[
    Path, typer.Option("--dir", metavar="DIR", help="The instance folder.", show_default=True)
]
"""The option of every verb that works on an instance."""

DEFAULT = Path("instance")
SECRET = "secret.key"  # noqa: S105 - the name of a file
DEMO = "demo"


def create_instance(folder: Path, study: Path, *, demo: bool) -> None:
    """Make a new, empty instance for a study folder, and open it.

    Raises:
        LiveUseRefused: the folder holds an instance already.
        StorageFull: it cannot be written.

    """
    os.umask(0o077)
    if (folder / SECRET).exists():
        raise LiveUseRefused(f"{folder} already holds an instance; choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copytree(study, folder / "study")
        if demo:
            (folder / DEMO).write_text("A demonstration. It never becomes a live study.\n")
        handle = os.open(folder / SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    except OSError as problem:
        raise StorageFull(str(folder), problem.strerror or "input/output error") from problem
    _set_up(folder)
    _make_databases()
    from equipoise_server import databases
    from equipoise_server.store import checkpoint

    databases.migrate()
    checkpoint.make_key()
    _refuse_unsafe()


def ready_for_restore(folder: Path) -> None:
    """Ready this process, and on PostgreSQL empty databases, for an instance to be put back."""
    os.umask(0o077)
    _set_up(folder)
    _make_databases()


def open_instance(folder: Path, *, damaged: bool = False) -> None:
    """Open an existing instance in this process; with `damaged` also one that lost a trigger.

    Raises:
        UnknownRecord: there is none in the folder.
        UnsafeDatabase: its databases could lose or rewrite what they acknowledged, or were
            made by another version.

    """
    os.umask(0o077)
    if not (folder / SECRET).is_file():
        raise UnknownRecord(f"instance in {folder}")
    _set_up(folder)
    _refuse_unsafe(damaged=damaged)


def _set_up(folder: Path) -> None:
    import django

    os.environ["EQUIPOISE_DIR"] = str(folder.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "equipoise_server.settings"
    django.setup()
    from django.conf import settings

    if folder.resolve() != settings.EQUIPOISE_DIR:
        raise UnsafeDatabase(f"this process already works on {settings.EQUIPOISE_DIR}")


def _make_databases() -> None:
    """On PostgreSQL, create the databases that do not exist yet."""
    from django.db import connections

    if connections["default"].vendor != "postgresql":
        return
    from psycopg import sql
    from psycopg.errors import DuplicateDatabase

    for alias in connections:
        connection = connections[alias]
        name = connection.settings_dict["NAME"]
        with connection._nodb_cursor() as cursor:
            try:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            except Exception as problem:
                if not isinstance(problem.__cause__, DuplicateDatabase):
                    raise


def _refuse_unsafe(*, damaged: bool = False) -> None:
    from django.db import DatabaseError, connections

    from equipoise_server.allocator import client
    from equipoise_server.databases import behind, opened, refuse_unsafe
    from equipoise_server.store import append_only

    try:
        refuse_unsafe()
        for alias in opened():
            if behind(alias):
                raise UnsafeDatabase(f"the tables of {alias} are not those of this version")
        missing = [*append_only.missing(connections["default"]), *client.unguarded()]
    except DatabaseError as problem:
        raise UnsafeDatabase(f"it cannot be opened ({problem})") from problem
    if missing and not damaged:
        raise UnsafeDatabase(f"the trigger {missing[0]} that keeps it append-only is missing")
