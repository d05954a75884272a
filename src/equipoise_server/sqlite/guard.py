"""What no statement may do on a running instance, whoever sends it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

_SCHEMA = frozenset(
    {
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_TRIGGER,
        sqlite3.SQLITE_DROP_VIEW,
        sqlite3.SQLITE_DROP_TEMP_TRIGGER,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_ATTACH,
        sqlite3.SQLITE_DETACH,
    }
)
_SETTINGS = frozenset(
    {
        "writable_schema",
        "recursive_triggers",
        "synchronous",
        "journal_mode",
        "foreign_keys",
        "ignore_check_constraints",
        "trusted_schema",
        "defer_foreign_keys",
        "legacy_alter_table",
    }
)
_open_doors: set[str] = set()


@contextmanager
def schema_door(alias: str = "") -> Iterator[None]:
    """Let migrations of `alias` (every database where empty) through while this is held."""
    already = alias in _open_doors
    open_door(alias)
    try:
        yield
    finally:
        if not already:
            close_door(alias)


def open_door(alias: str) -> None:
    """Let schema statements on `alias` through until the door is closed."""
    _open_doors.add(alias)


def close_door(alias: str) -> None:
    """Refuse schema statements on `alias` again."""
    _open_doors.discard(alias)


def guard(connection: sqlite3.Connection, alias: str) -> None:
    """Refuse schema changes and weaker settings on this connection."""

    def authorise(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if _is_dangerous(action, first, second) and not _open_doors & {alias, ""}:
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    connection.set_authorizer(authorise)


def _is_dangerous(action: int, first: str | None, second: str | None) -> bool:
    if action == sqlite3.SQLITE_PRAGMA:
        return second is not None and str(first).lower() in _SETTINGS
    return action in _SCHEMA
