"""One way to open a transaction on the vault, with the lock that makes places unique."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction

DATABASE = "vault"
_LOCK = 0x65710001  # advisory lock number of the vault on PostgreSQL


@contextmanager
def vault_transaction() -> Iterator[None]:
    """A transaction in which nobody else allocates.

    SQLite serialises writers by BEGIN IMMEDIATE. PostgreSQL takes a transaction-level
    advisory lock: the allocation must see every earlier place of its stratum.
    """
    with transaction.atomic(using=DATABASE):
        connection = connections[DATABASE]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield
