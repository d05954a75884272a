"""Whether the web side could open the vault. It tries; for a live study it must not succeed."""

from __future__ import annotations

import os
from pathlib import Path

from equipoise.errors import LiveUseRefused
from equipoise_server.databases import FILES

VAULT_KEY = "vault.key"


def require_separated(folder: Path) -> None:
    """Refuse to serve a live study whose vault this user can open. Call on an open instance.

    Raises:
        LiveUseRefused: the vault's key, file or database is within reach.

    """
    from equipoise_server.store.models import Trial

    trial = Trial.objects.first()
    if trial is None or trial.demo:
        return
    reached = within_reach(folder)
    if reached:
        raise LiveUseRefused(
            f"{reached} can be opened by the user that serves the pages. Run the allocator as "
            "another user, with the vault in a folder of its own, and name its socket in "
            "EQUIPOISE_ALLOCATOR_SOCKET"
        )


def within_reach(folder: Path) -> str | None:
    """What of the vault this process can open, or None."""
    for name in (VAULT_KEY, FILES["vault"]):
        if os.access(folder / name, os.R_OK):
            return f"the vault ({name})"
    if _opens_server():
        return "the vault's database"
    return None


def _opens_server() -> bool:
    """Whether the web's own database role gets into the vault on a PostgreSQL server."""
    from django.db import connections

    web = connections["default"]
    if web.vendor != "postgresql":
        return False
    import psycopg

    given = {**web.get_connection_params(), "dbname": f"{web.settings_dict['NAME']}_vault"}
    known = {
        name: given[name]
        for name in ("dbname", "user", "password", "host", "port")
        if given.get(name)
    }
    try:
        with psycopg.connect(**known) as connection:
            connection.execute("SELECT 1 FROM vault_slot LIMIT 1")
    except psycopg.Error:
        return False
    return True
