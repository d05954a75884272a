"""What the vault never forgets, on both engines.

Its ledger, the unblinded records, the sealed slots and the allocations given from them
refuse UPDATE, DELETE, REPLACE and TRUNCATE whoever asks. A kit keeps its code, its content
and the participant it was given to; a ceremony changes once, when it is released.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from equipoise_server.store import append_only
from equipoise_server.vault import product_guards

LEDGER = "vault_vaultledgerentry"
FROZEN = (LEDGER, "vault_unblindedrecord", "vault_allocation", "vault_slot")
LATER: tuple[str, ...] = (
    "vault_assertion",
    "vault_credential",
    "vault_interimanalysis",
    *product_guards.TABLES,
)
"""Append-only tables that came with later migrations, which freeze them themselves."""
KIT = "vault_kit"
CEREMONY = "vault_ceremony"
REGISTER = "vault_unblindedperson"
_KIT_CHANGED = (
    "OLD.id <> NEW.id OR OLD.code <> NEW.code OR OLD.sealed_product <> NEW.sealed_product "
    "OR (OLD.site <> '' AND OLD.delivered_at <> NEW.delivered_at) "
    "OR (OLD.participant <> '' AND OLD.participant <> NEW.participant)"
)
_KEPT_OF_CEREMONY = (
    "id",
    "label",
    "study",
    "digest",
    "commitment",
    "sealed_seed",
    "sealed_masks",
    "made_at",
)


def forbid(vendor: str) -> Iterator[str]:
    """Statements that switch the guard on."""
    yield from append_only.freeze(vendor, FROZEN)
    yield append_only.keep_columns(vendor, KIT, _KIT_CHANGED, "a kit keeps what it is")
    yield append_only.keep_columns(
        vendor, CEREMONY, _ceremony_changed(vendor), "a ceremony stays as it was made"
    )
    for table in (KIT, CEREMONY, REGISTER):
        yield from append_only.keep_rows(vendor, table)


def _ceremony_changed(vendor: str) -> str:
    kept = [f"OLD.{name} <> NEW.{name}" for name in _KEPT_OF_CEREMONY]
    text = "::text" if vendor == "postgresql" else ""
    kept.append(f"OLD.configuration{text} <> NEW.configuration{text}")
    kept.append("OLD.released_at IS NOT NULL")
    return " OR ".join(kept)


def allow(vendor: str) -> Iterator[str]:
    """Statements that take off what `forbid` put on. For going back one migration alone."""
    later = append_only.guards(vendor, LATER)
    for name, table in triggers(vendor):
        if (name, table) in later:
            continue
        yield f"DROP TRIGGER {name}" + (f" ON {table}" if vendor == "postgresql" else "")


def triggers(vendor: str) -> tuple[tuple[str, str], ...]:
    """Name and table of every trigger that must be there."""
    guarded = append_only.guards(vendor, (*FROZEN, *LATER, KIT, CEREMONY))
    register = append_only.guards(vendor, (REGISTER,))
    return (*guarded, *(one for one in register if not one[0].endswith("_no_update")))


def missing(connection: Any) -> list[str]:
    """The names of the triggers that should guard the vault and do not."""
    present = append_only.existing(connection)
    return [name for name, _ in triggers(connection.vendor) if name not in present]
