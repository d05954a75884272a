"""Sign records electronically: one, or several of one participant in one act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.digest import sha256
from equipoise.errors import AlreadyRecorded, NotPermitted, SavedFirst, UnknownRecord, say
from equipoise.protocol.finalising import SignatureRule
from equipoise.protocol.frozen import Text
from equipoise.protocol.model import Study
from equipoise_server.services.access import fresh_factor, permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, life, signing
from equipoise_server.store.models import Record, Signature, User
from equipoise_server.store.save import Place, standing
from equipoise_server.store.signing import Act, SignedVersion

STEP = "sign"
OTHERWISE: Mapping[str, Text] = {
    "reviewed": Text({"en": "I have reviewed this record", "zh-Hans": "本人已审阅该记录"}),
    "responsible": Text({"en": "I am responsible for this record", "zh-Hans": "本人对该记录负责"}),
    "approved": Text({"en": "I approve this record", "zh-Hans": "本人批准该记录"}),
}
"""What a signature may mean where the study asks for none. Ids and texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One record as the person saw it: its place and the digest of its version."""

    form: str
    visit: str
    number: int
    digest: str


def purpose(participant: str, rule: str, records: Iterable[Wanted]) -> str:
    """What the fresh factor is given for: exactly these versions, under this rule."""
    named = sorted([one.form, one.visit, one.number, one.digest] for one in records)
    return f"sign {sha256([participant, rule, named])}"


def rule_of(study: Study, rule: str) -> SignatureRule | None:
    """The study's rule of that name."""
    return next((one for one in study.protocol.signatures if one.id == rule), None)


def sign(
    *,
    participant: str,
    rule: str,
    records: tuple[Wanted, ...],
    proof: str,
    by: User,
    at: datetime,
    key: str,
) -> str:
    """Sign the versions that were seen; returns the digest of the act.

    `rule` is one of the study's signature rules, or a meaning of `OTHERWISE` where the study
    asks for none. `proof` is a fresh factor for `purpose(participant, rule, records)`.

    Raises:
        FactorRequired, FactorRefused: the proof is missing, or was given for something else.
        SavedFirst: a version is not the newest any more.
        AlreadyRecorded: a version is signed under this rule.
        UnknownRecord: no such record or rule, or its answers were removed.
        NotPermitted, Locked, PartLocked, KeyReused.

    """
    body = {"participant": participant, "rule": rule, "records": records}
    request = Request(verb=STEP, by=by, at=at, key=key, body=body)
    answer = perform(request, lambda: _sign(request, participant, rule, records, proof))
    return str(answer["act"])


def _sign(
    request: Request, code: str, rule: str, records: tuple[Wanted, ...], proof: str
) -> Answer:
    by, at = request.by, request.at
    if not records or len(set(records)) != len(records):
        raise UnknownRecord("list of different records to sign")
    with connection.cursor() as cursor:
        ledger.hold(cursor, code)
        study = require_unlocked(cursor, STEP, code)
        site = life.site_of(code)
        role, meaning = _capacity(cursor, request, study, rule, site)
        found = tuple(_found(cursor, code, one, study, rule) for one in records)
        fresh_factor.consume(by=by, proof=proof, purpose=purpose(code, rule, records), at=at)
        act = Act(
            participant=code,
            by=by.username,
            name=by.full_name,
            role=role,
            rule=rule,
            meaning=meaning,
            at=at,
            versions=found,
        )
        return {"act": signing.write(cursor, act)}


def _capacity(
    cursor: Any, request: Request, study: Study, rule: str, site: str
) -> tuple[str, Mapping[str, str]]:
    """In which role the person signs, and what that means."""
    by, at = request.by, request.at
    wanted = rule_of(study, rule)
    if wanted is None and rule not in OTHERWISE:
        raise UnknownRecord(say("rule of signatures {rule} in this study", rule=repr(rule)))
    if wanted is None:
        permissions.require(cursor, STEP, by=by, at=at, site=site)
    held = [
        role
        for role, where in permissions.roles(by, at)
        if where in (None, site) and (wanted is None or role == wanted.role)
    ]
    if not held:
        needs = (wanted.role,) if wanted else permissions.ALLOWED[STEP]
        raise NotPermitted("sign here", permissions.role_needed(needs, site))
    return held[0], dict(wanted.meaning if wanted else OTHERWISE[rule])


def _found(cursor: Any, code: str, one: Wanted, study: Study, rule: str) -> SignedVersion:
    place = Place(participant=code, form=one.form, visit=one.visit, number=one.number)
    standing(cursor, place, step=STEP)
    wanted = rule_of(study, rule)
    if wanted is not None and one.form not in wanted.forms:
        raise UnknownRecord(
            say("form {form} among those that are signed as {rule}", form=one.form, rule=rule)
        )
    head = Record.objects.filter(
        participant=code, form=one.form, visit=one.visit, number=one.number
    ).first()
    if head is None:
        raise UnknownRecord(say("record {place}", place=place))
    if head.current != one.digest:
        raise SavedFirst(str(place))
    if not head.versions.filter(pk=head.current, payload__isnull=False).exists():
        raise UnknownRecord(say("answers in {place}: they were removed", place=place))
    if Signature.objects.filter(
        version=head.current, act__rule=rule, act__participant=code, void__isnull=True
    ).exists():
        raise AlreadyRecorded(str(place), "This signature")
    return SignedVersion(
        record=head.pk,
        form=one.form,
        visit=one.visit,
        number=one.number,
        version=head.version,
        digest=head.current,
    )
