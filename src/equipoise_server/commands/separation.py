"""Whether the web side could open the vault. It tries; for a live study it must not succeed."""

from __future__ import annotations

import os
from pathlib import Path

from equipoise.errors import LiveUseRefused
from equipoise_server.databases import FILES, VARIABLES

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
    if os.environ.get(VARIABLES["vault"]):
        return f"the vault's database (its address is in {VARIABLES['vault']})"
    if _rules_server():
        return "every database of the server"
    if _opens_server():
        return "the vault's database"
    return None


_RULES = (
    "SELECT rolsuper OR rolcreaterole OR rolbypassrls OR pg_has_role(c.relowner, 'MEMBER') "
    "FROM pg_roles, pg_class c WHERE rolname = current_user AND c.oid = 'store_trial'::regclass"
)


def _rules_server() -> bool:
    """Whether the web's role is a superuser, makes roles, or owns the tables of the store.

    Such a role can give itself what it was not given, or take the ledger's triggers off.
    """
    from django.db import connections

    web = connections["default"]
    if web.vendor != "postgresql":
        return False
    with web.cursor() as cursor:
        cursor.execute(_RULES)
        return bool(cursor.fetchone()[0])


def _opens_server() -> bool:
    """Whether the web's own database role gets into the vault on a PostgreSQL server. It tries."""
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
