"""What of lots, batches, consignments and holds can never be changed, on both engines."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise_server.store import append_only

KIT = "vault_kit"
FROZEN = (
    "vault_productspecification",
    "vault_packagingbatch",
    "vault_consignment",
    "vault_replacement",
)
KIT_CHANGED = (
    "OLD.id <> NEW.id OR OLD.code <> NEW.code OR OLD.sealed_product <> NEW.sealed_product "
    "OR OLD.batch <> NEW.batch "
    "OR (OLD.site <> '' AND OLD.delivered_at <> NEW.delivered_at) "
    "OR (OLD.participant <> '' AND OLD.participant <> NEW.participant)"
)
_EXCURSION = ("id", "code", "site", "batch", "consignment", "began", "ended", "lowest", "highest")
_HOLD = ("id", "kind", "name", "why", "source", "since")


def _any(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"OLD.{name} <> NEW.{name}" for name in columns)


KEPT = {
    "vault_lot": (_any(("id", "code", "product")), "a lot keeps its code and product"),
    "vault_excursion": (
        f"{_any(_EXCURSION)} OR OLD.decision <> ''",
        "an excursion is decided once",
    ),
    "vault_hold": (f"{_any(_HOLD)} OR OLD.lifted_at IS NOT NULL", "a hold is lifted once"),
}
TABLES = (*FROZEN, *KEPT)


def guard(vendor: str) -> Iterator[str]:
    """Statements that switch the guards on. Those of the kit are made anew: it has new columns."""
    yield from _drop(vendor, (KIT,))
    yield append_only.keep_columns(vendor, KIT, KIT_CHANGED, "a kit keeps what it is")
    yield from append_only.keep_rows(vendor, KIT)
    yield from append_only.freeze(vendor, FROZEN)
    for table, (condition, why) in KEPT.items():
        yield append_only.keep_columns(vendor, table, condition, why)
        yield from append_only.keep_rows(vendor, table)


def unguard(vendor: str) -> Iterator[str]:
    """Statements that take the new guards off. For going back one migration alone."""
    yield from _drop(vendor, TABLES)


def _drop(vendor: str, tables: tuple[str, ...]) -> Iterator[str]:
    for name, table in append_only.guards(vendor, tables):
        yield f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if vendor == "postgresql" else "")
