"""One way to open a transaction on the vault, with the lock that makes places unique."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction

DATABASE = "vault"
LEDGER = "ledger"


@contextmanager
def vault_transaction(*names: str) -> Iterator[None]:
    """A transaction that alone acts on what `names` say; on the vault's ledger without any.

    SQLite serialises writers by BEGIN IMMEDIATE. PostgreSQL takes a transaction-level
    advisory lock for each name, in the order given, which is therefore the same everywhere:
    participant, consignments, list, site.
    """
    with transaction.atomic(using=DATABASE):
        connection = connections[DATABASE]
        if connection.vendor == "postgresql":
            held = names or (LEDGER,)
            with connection.cursor() as cursor:
                locks = ", ".join([_HOLD] * len(held))
                cursor.execute(f"SELECT {locks}", [f"vault/{name}" for name in held])
        yield


_HOLD = "pg_advisory_xact_lock(hashtextextended(%s, 2))"
