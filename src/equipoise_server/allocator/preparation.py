"""Records of unblinded forms. They never reach the blinded store or its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from equipoise.digest import canonical_json, sha256
from equipoise.errors import KeyReused, ReasonRequired
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.allocator.unblinding import PREPARERS, require
from equipoise_server.vault.models import UnblindedRecord


def record(
    *,
    participant: str,
    form: str,
    number: int,
    document: Mapping[str, Any],
    by: str,
    at: datetime,
    key: str,
    reason: str = "",
) -> int:
    """Save one unblinded record; returns its version number.

    Raises:
        NotPermitted: `by` is not registered as a preparer.
        ReasonRequired: it exists already and no reason for the change was given.
        KeyReused: the key belongs to another request.

    """
    with vault_transaction():
        require(by, PREPARERS, "fill an unblinded form")
        same = UnblindedRecord.objects.using(DATABASE).filter(key=key).first()
        if same is not None:
            return _repeated(same, participant, form, number, document)
        last = (
            UnblindedRecord.objects.using(DATABASE)
            .filter(participant=participant, form=form, number=number)
            .order_by("-version")
            .first()
        )
        if last is not None and not reason.strip():
            raise ReasonRequired(f"A change to form {form} number {number} of {participant}")
        version = last.version + 1 if last else 1
        UnblindedRecord.objects.using(DATABASE).create(
            participant=participant,
            form=form,
            number=number,
            version=version,
            document=dict(document),
            by=by,
            at=at,
            reason=reason,
            key=key,
        )
        told = {"form": form, "number": number, "version": version, "digest": sha256(document)}
        note("unblinded record", by=by, at=at, participant=participant, payload=told)
        return version


def _repeated(
    same: UnblindedRecord, participant: str, form: str, number: int, document: Mapping[str, Any]
) -> int:
    asked = (participant, form, number, canonical_json(document))
    known = (same.participant, same.form, same.number, canonical_json(same.document))
    if asked != known:
        raise KeyReused(same.key)
    return same.version
