"""Electronic signatures as rows and ledger entries: made, voided, proved.

The seal is an Ed25519 signature of this instance over the canonical content of an act: who
(user name, printed name, role), what it means, when, and each record version by its place
and digest. A row moved to another record, or an act whose text was changed, does not verify.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise.digest import canonical_json, sha256
from equipoise_server.store import checkpoint, ledger
from equipoise_server.store.fields import instant_text
from equipoise_server.store.models import Signature, SignatureAct, SignatureVoid

SIGNED = "signed"
VOIDED = "signature-voided"
_LABEL = "equipoise/signature"

HOLDING = (
    "SELECT s.id, s.act_id FROM store_signature s LEFT JOIN store_signaturevoid v "
    "ON v.signature_id = s.id WHERE s.version_id = %s AND v.signature_id IS NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedVersion:
    """One record version that an act covers. `record` is the id of its head row."""

    record: int
    form: str
    visit: str
    number: int
    version: int
    digest: str

    def as_content(self) -> list[object]:
        """What is sealed of it."""
        return [self.form, self.visit, self.number, self.version, self.digest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Everything that an act of signing states, before it is sealed."""

    participant: str
    by: str
    name: str
    role: str
    rule: str
    meaning: Mapping[str, str]
    at: datetime
    versions: tuple[SignedVersion, ...]

    def content(self) -> dict[str, object]:
        """What is sealed, digested and kept in the ledger."""
        return content(
            (self.participant, self.by, self.name, self.role, self.rule),
            dict(self.meaning),
            instant_text(self.at),
            [one.as_content() for one in self.versions],
        )


def content(
    who: tuple[str, str, str, str, str], meaning: Any, at: str, records: list[list[object]]
) -> dict[str, object]:
    """The content of an act: participant, user name, printed name, role and rule in `who`."""
    names = ("participant", "by", "name", "role", "rule")
    return {
        **dict(zip(names, who, strict=True)),
        "meaning": meaning,
        "at": at,
        "records": sorted(records, key=canonical_json),
    }


def sealed_bytes(whole: Mapping[str, object]) -> bytes:
    """What the seal is over; the label keeps it apart from checkpoints."""
    return canonical_json([_LABEL, whole])


def write(cursor: Any, act: Act) -> str:
    """Keep an act, with its entry on the participant's chain; returns its digest."""
    whole = act.content()
    digest = sha256(whole)
    SignatureAct.objects.create(
        digest=digest,
        participant_id=act.participant,
        by=act.by,
        name=act.name,
        role=act.role,
        rule=act.rule,
        meaning=canonical_json(dict(act.meaning)).decode(),
        at=act.at,
        seal=checkpoint.seal(sealed_bytes(whole)),
    )
    Signature.objects.bulk_create(
        Signature(act_id=digest, record_id=one.record, version_id=one.digest)
        for one in act.versions
    )
    ledger.append(
        cursor,
        chain=act.participant,
        what=SIGNED,
        by=act.by,
        at=act.at,
        payload=whole,
        subject=digest,
    )
    return digest


def void(cursor: Any, participant: str, version: str, *, by: str, at: datetime, reason: str) -> int:
    """Void every signature that still holds on a record version; how many there were."""
    cursor.execute(HOLDING, [version])
    found = cursor.fetchall()
    for signature, act in found:
        SignatureVoid.objects.create(signature_id=signature, by=by, at=at, reason=reason)
        ledger.append(
            cursor,
            chain=participant,
            what=VOIDED,
            by=by,
            at=at,
            payload=voided(act, version, reason),
            subject=act,
        )
    return len(found)


def voided(act: str, version: str, reason: str) -> dict[str, str]:
    """What the ledger says of a void signature."""
    return {"act": act, "version": version, "reason": reason}


def stored(act: SignatureAct, records: Iterable[list[object]]) -> dict[str, object]:
    """The content of an act as its rows have it, to compare with its digest and seal."""
    who = (act.participant_id, act.by, act.name, act.role, act.rule)
    return content(who, json.loads(act.meaning), instant_text(act.at), list(records))
