"""Which databases an instance has, which app lives in which, and when they are safe.

Four databases, split by confidentiality: `default` (coded study data), `identity` (who is
who), `keys` (without which nobody can be read), `vault` (who got what). On SQLite four files
in the instance folder. On PostgreSQL four databases: `DATABASE_URL` names the first, the
others take its name with `_identity`, `_keys` and `_vault` unless `EQUIPOISE_IDENTITY_URL`,
`EQUIPOISE_KEYS_URL` and `EQUIPOISE_VAULT_URL` say otherwise; a database has its own roles and
its own dump, which a schema has not.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from equipoise.errors import UnsafeDatabase, say

FILES = {
    "default": "store.sqlite3",
    "identity": "identity.sqlite3",
    "keys": "keys.sqlite3",
    "vault": "vault.sqlite3",
}
VARIABLES = {
    "identity": "EQUIPOISE_IDENTITY_URL",
    "keys": "EQUIPOISE_KEYS_URL",
    "vault": "EQUIPOISE_VAULT_URL",
}
ALLOCATOR = ("EQUIPOISE_ALLOCATOR_SOCKET", "EQUIPOISE_UNBLINDED_SOCKET")
"""Where the allocator is a process of its own, this one has no vault: opening it is an error."""
SQLITE_SET_UP = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON"
WAIT_SECONDS = 30
DURABLE = {"journal_mode": "wal", "synchronous": 2, "recursive_triggers": 1, "foreign_keys": 1}


def configure(instance: Path, environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Django's DATABASES for this instance folder and environment."""
    url = environment.get("DATABASE_URL", "")
    found = {
        alias: _postgresql(environment.get(VARIABLES.get(alias, ""), ""), url, alias)
        if url or environment.get(VARIABLES.get(alias, ""))
        else _sqlite(instance / name, forgetful=alias == "keys")
        for alias, name in FILES.items()
    }
    if any(environment.get(door) for door in ALLOCATOR):
        found["vault"] = {"ENGINE": "django.db.backends.dummy"}
    return found


def _sqlite(path: Path, *, forgetful: bool = False) -> dict[str, Any]:
    """A forgetful file overwrites what is deleted: a forgotten key is on no page of it."""
    forget = "; PRAGMA secure_delete=ON" if forgetful else ""
    return {
        "ENGINE": "equipoise_server.sqlite",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": WAIT_SECONDS,
            "init_command": SQLITE_SET_UP + forget,
        },
        "TEST": {"NAME": str(path)},
    }


def _postgresql(own_url: str, url: str, alias: str) -> dict[str, Any]:
    parts = urlsplit(own_url or url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise UnsafeDatabase(
            say(
                "DATABASE_URL starts with {scheme}, not with postgres://", scheme=repr(parts.scheme)
            )
        )
    name = unquote(parts.path.lstrip("/")) or "equipoise"
    suffix = "" if own_url or alias == "default" else f"_{alias}"
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name + suffix,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": options.pop("port", str(parts.port or "")),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


class Router:
    """Each confidential app has a database of its own; everything else is in `default`."""

    def db_for_read(self, model: Any, **_: Any) -> str:
        """The database of the model's app."""
        return _home(model._meta.app_label)

    def db_for_write(self, model: Any, **_: Any) -> str:
        """The database of the model's app."""
        return _home(model._meta.app_label)

    def allow_relation(self, one: Any, other: Any, **_: Any) -> bool:
        """Nothing points from one database into another."""
        return _home(one._meta.app_label) == _home(other._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool:
        """An app's tables exist in its own database alone."""
        return db == _home(app_label)


def _home(app_label: str) -> str:
    """The mail queue says whom we write to, so it lies with the identities."""
    if app_label == "post_office":
        return "identity"
    return app_label if app_label in ("identity", "keys", "vault") else "default"


def migrate(*aliases: str) -> None:
    """Give these databases, or all, the tables of this version: each those of its own apps alone."""
    from django.core.management import call_command

    for alias in aliases or opened():
        for app in _residents(alias):
            call_command(
                "migrate", app, database=alias, verbosity=0, skip_checks=True, interactive=False
            )


def behind(alias: str) -> bool:
    """Whether the database lacks tables of this version."""
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections[alias])
    wanted = executor.loader.graph.leaf_nodes()
    return bool(executor.migration_plan([leaf for leaf in wanted if _home(leaf[0]) == alias]))


def _residents(alias: str) -> list[str]:
    """The apps with tables in this database."""
    from django.apps import apps

    labels = (config.label for config in apps.get_app_configs() if any(config.get_models()))
    return [label for label in labels if _home(label) == alias]


def refuse_unsafe() -> None:
    """Refuse to start on a database that could lose or rewrite what it acknowledged.

    Raises:
        UnsafeDatabase: with the first setting that is wrong.

    """
    from django.db import connections

    for alias in opened():
        problem = unsafe(connections[alias])
        if problem:
            raise UnsafeDatabase(say("{alias}: {problem}", alias=alias, problem=problem))


def opened() -> tuple[str, ...]:
    """The databases that this process opens: without the vault where the allocator has it."""
    from django.db import connections

    return tuple(alias for alias in FILES if connections[alias].vendor != "unknown")


def unsafe(connection: Any) -> str | None:
    """What is wrong with this connection's settings, or None."""
    if connection.vendor == "sqlite":
        return _unsafe_sqlite(connection)
    with connection.cursor() as cursor:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            cursor.execute(f"SHOW {setting}")
            if cursor.fetchone()[0] == "off":
                return f"{setting} is off"
    return None


def _unsafe_sqlite(connection: Any) -> str | None:
    if connection.settings_dict["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
        return "transactions do not begin IMMEDIATE, so that two writers could act on one state"
    with connection.cursor() as cursor:
        for setting, wanted in DURABLE.items():
            found = cursor.execute(f"PRAGMA {setting}").fetchone()[0]
            if found != wanted:
                return f"{setting} is {found}, not {wanted}"
    return None
