"""Records of unblinded forms. They never reach the blinded store or its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise.digest import canonical_json, sha256
from equipoise.errors import KeyReused, NotPermitted, ReasonRequired, UnitNotValid, say
from equipoise_server.allocator import kits, product_views, register
from equipoise_server.allocator.asked import Asked
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.allocator.unblinding import PREPARE, PREPARERS, require
from equipoise_server.vault.models import Kit, UnblindedRecord


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
    kit: str = "",
) -> int:
    """Save one unblinded record; returns its version number.

    Where it is of a unit of `kit`, the allocator enters lot and expiry itself.

    Raises:
        NotPermitted: `by` is not registered as a preparer.
        ReasonRequired: it exists already and no reason for the change was given.
        KeyReused: the key belongs to another request.
        UnknownRecord: no such kit.

    """
    require(by, PREPARERS, "fill an unblinded form", at)
    wanted = Unsaved(
        participant=participant,
        form=form,
        number=number,
        document={**document, **(product_views.origin(kits.find(kit)) if kit else {})},
        by=by,
        at=at,
        key=key,
        reason=reason,
    )
    return _save(wanted)


def prepare(asked: Asked) -> int:
    """The record of one prepared unit, which a second person has verified; returns its version.

    The allocator looks up what the unit's kit is for, and enters its lot and expiry and both
    names itself.

    Raises:
        NotPermitted: the kit is of another site than either person works for.
        UnitNotValid: the kit is not this participant's.

    """
    kit = kits.find(asked.text("kit"))
    participant, other = asked.text("participant"), asked.second
    if other is None:
        raise NotPermitted("prepare", "a second person")
    register.require(asked.held, PREPARE, "prepare for this site", kit.site)
    register.require(other.held, PREPARERS, "verify for this site", kit.site)
    if kit.participant != participant:
        raise UnitNotValid(
            asked.text("kit"), say("it is not the kit of {participant}", participant=participant)
        )
    document = dict(asked.about["document"])
    document |= product_views.origin(kit)
    document |= {"prepared_by": asked.person, "verified_by": other.person}
    return _save(
        Unsaved(
            participant=participant,
            form=asked.text("form"),
            number=asked.whole("number"),
            document=document,
            by=asked.person,
            at=asked.at,
            key=asked.text("key"),
            reason=asked.text("reason"),
        )
    )


def prepared(asked: Asked) -> list[dict[str, Any]]:
    """The newest records of unblinded forms for the sites of whoever asks, newest first."""
    rows = UnblindedRecord.objects.using(DATABASE).order_by("-pk")
    sites = dict(
        Kit.objects.using(DATABASE).exclude(participant="").values_list("participant", "site")
    )
    found = [
        _told(row)
        for row in rows[:MOST_READ]
        if register.holds(asked.held, PREPARERS, sites.get(row.participant, ""))
    ]
    with vault_transaction():
        note("preparations shown", by=asked.person, at=asked.at)
    return found


MOST_READ = 2000


def _told(row: UnblindedRecord) -> dict[str, Any]:
    return {
        "participant": row.participant,
        "form": row.form,
        "number": row.number,
        "version": row.version,
        "document": row.document,
        "by": row.by,
        "at": row.at.isoformat(),
        "reason": row.reason,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaved:
    """One save of one unblinded form."""

    participant: str
    form: str
    number: int
    document: dict[str, Any]
    by: str
    at: datetime
    key: str
    reason: str


def _save(wanted: Unsaved) -> int:
    participant, form, number = wanted.participant, wanted.form, wanted.number
    with vault_transaction():
        same = UnblindedRecord.objects.using(DATABASE).filter(key=wanted.key).first()
        if same is not None:
            return _repeated(same, participant, form, number, wanted.document)
        last = (
            UnblindedRecord.objects.using(DATABASE)
            .filter(participant=participant, form=form, number=number)
            .order_by("-version")
            .first()
        )
        if last is not None and not wanted.reason.strip():
            raise ReasonRequired(
                say(
                    "A change to form {form} number {number} of {participant}",
                    form=form,
                    number=number,
                    participant=participant,
                )
            )
        version = last.version + 1 if last else 1
        UnblindedRecord.objects.using(DATABASE).create(
            participant=participant,
            form=form,
            number=number,
            version=version,
            document=wanted.document,
            by=wanted.by,
            at=wanted.at,
            reason=wanted.reason,
            key=wanted.key,
        )
        digest = sha256(wanted.document)
        told = {"form": form, "number": number, "version": version, "digest": digest}
        note("unblinded record", by=wanted.by, at=wanted.at, participant=participant, payload=told)
        return version


def _repeated(
    same: UnblindedRecord, participant: str, form: str, number: int, document: Mapping[str, Any]
) -> int:
    asked = (participant, form, number, canonical_json(document))
    known = (same.participant, same.form, same.number, canonical_json(same.document))
    if asked != known:
        raise KeyReused(same.key)
    return same.version
