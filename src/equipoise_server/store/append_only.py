"""The same guarantee on two databases: what is written stays as it was written.

Ledger entries, record versions and their payloads refuse UPDATE, DELETE, REPLACE and
TRUNCATE whoever asks. One door is left: a payload may be deleted once the ledger holds an
entry `redacted` that names it; the digest stays, and the chain still verifies.
A demonstration instance stays one for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

ENTRIES = "store_ledgerentry"
FROZEN = (ENTRIES, "store_recordversion", "store_studyversion")
PAYLOADS = {"store_ledgerpayload": "entry_id", "store_recordpayload": "version_id"}
LATER: tuple[str, ...] = (
    "store_coding",
    "store_importedfile",
    "store_signatureact",
    "store_signature",
    "store_signaturevoid",
    "store_amendment",
    "store_siteversion",
    "store_participantversion",
    "store_boarddecision",
    "store_consentgiven",
    "store_resultsrelease",
    "store_scan",
    "store_image",
    "store_imagewithdrawal",
    "store_imagereading",
    "store_imagedeclined",
    "store_interimcut",
    "store_siteapproval",
)
"""Append-only tables that came with later migrations, which freeze them themselves."""
TRIAL = "store_trial"

_FUNCTION = """
CREATE OR REPLACE FUNCTION equipoise_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def forbid(vendor: str) -> Iterator[str]:
    """Statements that switch the guard on."""
    if vendor == "postgresql":
        yield _FUNCTION
    for table in (*FROZEN, *PAYLOADS):
        yield _row_trigger(vendor, table, "UPDATE")
        yield _row_trigger(vendor, table, "DELETE", _unless_redacted(vendor, table))
        yield from _no_truncate(vendor, table)
    yield from _demo_for_ever(vendor)


def allow(vendor: str) -> Iterator[str]:
    """Statements that take the guard off. For the test suite's clean-up only."""
    for name, table in triggers(vendor):
        yield f"DROP TRIGGER {name}" + (f" ON {table}" if vendor == "postgresql" else "")


def triggers(vendor: str) -> tuple[tuple[str, str], ...]:
    """Name and table of every trigger that must be there."""
    verbs = ("update", "delete", "truncate") if vendor == "postgresql" else ("update", "delete")
    tables = (*FROZEN, *PAYLOADS)
    guarded = tuple((f"{table}_no_{verb}", table) for table in tables for verb in verbs)
    kept = tuple(f"{TRIAL}_no_{verb}" for verb in verbs if verb != "update")
    later = guards(vendor, LATER)
    return (*guarded, *later, *((name, TRIAL) for name in (f"{TRIAL}_demo_for_ever", *kept)))


def freeze(vendor: str, tables: Iterable[str]) -> Iterator[str]:
    """Statements that make whole tables append-only; for databases other than the store's."""
    if vendor == "postgresql":
        yield _FUNCTION
    for table in tables:
        yield _row_trigger(vendor, table, "UPDATE")
        yield from keep_rows(vendor, table)


def keep_rows(vendor: str, table: str) -> Iterator[str]:
    """Statements that refuse to delete rows of a table, by DELETE, REPLACE or TRUNCATE."""
    yield _row_trigger(vendor, table, "DELETE")
    yield from _no_truncate(vendor, table)


def keep_columns(vendor: str, table: str, condition: str, why: str) -> str:
    """A statement that refuses every update of `table` for which `condition` holds.

    `condition` is SQL over OLD and NEW that both engines read alike.
    """
    name = f"{table}_no_update"
    if vendor == "sqlite":
        return (
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({condition}) "
        "EXECUTE FUNCTION equipoise_append_only()"
    )


def guards(vendor: str, tables: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Name and table of the triggers that `freeze` makes."""
    verbs = ("update", "delete", "truncate") if vendor == "postgresql" else ("update", "delete")
    return tuple((f"{table}_no_{verb}", table) for table in tables for verb in verbs)


def missing(connection: Any) -> list[str]:
    """The names of the triggers that should guard this database and do not."""
    present = existing(connection)
    return [name for name, _ in triggers(connection.vendor) if name not in present]


def existing(connection: Any) -> set[str]:
    """The names of the triggers that this database has."""
    listing = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    )
    with connection.cursor() as cursor:
        cursor.execute(listing)
        return {name for (name,) in cursor.fetchall()}


def _row_trigger(vendor: str, table: str, verb: str, condition: str = "") -> str:
    name = f"{table}_no_{verb.lower()}"
    if vendor == "sqlite":
        when = f"WHEN {condition} " if condition else ""
        return (
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {when}"
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    if condition:
        return _conditional_function(name, table, condition)
    return (
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION equipoise_append_only()"
    )


def _no_truncate(vendor: str, table: str) -> Iterator[str]:
    """Row triggers do not see TRUNCATE; SQLite has none."""
    if vendor == "postgresql":
        yield (
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION equipoise_append_only()"
        )


def _conditional_function(name: str, table: str, condition: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {condition} THEN RAISE EXCEPTION '{table} is append-only' "
        "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$; "
        f"CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def _unless_redacted(vendor: str, table: str) -> str:
    if table not in PAYLOADS:
        return ""
    return (
        f"NOT EXISTS (SELECT 1 FROM {ENTRIES} WHERE what = 'redacted' "  # noqa: S608 - our own names
        f"AND subject = OLD.{PAYLOADS[table]})"
    )


def _demo_for_ever(vendor: str) -> Iterator[str]:
    yield _row_trigger(vendor, TRIAL, "DELETE")
    yield from _no_truncate(vendor, TRIAL)
    if vendor == "sqlite":
        yield (
            f"CREATE TRIGGER {TRIAL}_demo_for_ever BEFORE UPDATE OF demo ON {TRIAL} "
            "WHEN OLD.demo <> NEW.demo BEGIN SELECT RAISE(ABORT, 'a demonstration stays one'); END"
        )
    else:
        yield (
            f"CREATE TRIGGER {TRIAL}_demo_for_ever BEFORE UPDATE OF demo ON {TRIAL} "
            "FOR EACH ROW WHEN (OLD.demo <> NEW.demo) "
            "EXECUTE FUNCTION equipoise_append_only()"
        )
