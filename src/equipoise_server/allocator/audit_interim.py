"""Interim analyses worked out again from the data that went in and the allocation as it is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from equipoise.digest import canonical_json, sha256
from equipoise.errors import EquipoiseError
from equipoise_server.allocator import interims
from equipoise_server.allocator.transaction import DATABASE
from equipoise_server.vault.models import InterimAnalysis, VaultLedgerEntry

Row = tuple[str, str, str]
TABLE = "vault_interimanalysis"
UNSAID = "the vault's ledger does not say this"
_CLOSE = 1e-9


def differences() -> Iterator[Row]:
    """Every look that the ledger, its data or the allocation contradicts; never what it holds."""
    said = {entry.payload.get("look"): entry for entry in _noted(interims.CONDUCTED)}
    before: list[str] = []
    for row in interims.rows():
        entry = said.pop(row.look, None)
        why = _wrong(row, entry, before)
        if why:
            yield TABLE, str(row.look), why
        before.append(row.cut)
    for look in said:
        yield TABLE, str(look), "the vault's ledger names it and it is missing"


def _noted(what: str) -> Iterator[VaultLedgerEntry]:
    yield from VaultLedgerEntry.objects.using(DATABASE).filter(what=what).order_by("sequence")


def _wrong(row: InterimAnalysis, entry: VaultLedgerEntry | None, before: list[str]) -> str:
    try:
        found = interims.opened(row)
        again = json.loads(interims.found_in(row.cut, before))
    except (EquipoiseError, ValueError, TypeError, KeyError):
        return "its seal does not open, or its data cannot be read"
    digests = (sha256(row.cut.encode()), sha256(canonical_json(found)))
    said = entry and (entry.payload.get("cut"), entry.payload.get("digest"), entry.by, entry.at)
    if said != (*digests, row.by, row.at):
        return UNSAID
    return "" if _alike(again, found) else "worked out again from its data it differs"


def _alike(one: Any, other: Any) -> bool:
    """Whether two documents are the same; numbers may differ in their last digits."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other)
