"""Both sides sign: first the person, then the member of the staff, who proves who they are.

The signed copy is made before, sealed in the identity database, and thrown away again where
the signature fails. The act stands in the store as coded content, word for word as in the
ledger, and moves the participant on exactly like any other consent.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

from django.db import connection, transaction

from equipoise.errors import FormIncomplete, OutOfOrder, UnknownRecord
from equipoise.participant import SignConsent
from equipoise.participant.state import Signatory
from equipoise_server.identity.models import ConsentCopy
from equipoise_server.identity.sealing import fresh_key, key_of, seal, unseal
from equipoise_server.services.access import fresh_factor, permissions
from equipoise_server.services.consenting.consent_copy import Signed, draw_copy
from equipoise_server.services.consenting.consent_talk import (
    DATABASE,
    Talk,
    asked_of,
    persons_of,
    talk_of,
)
from equipoise_server.services.letters import mail
from equipoise_server.services.own_pages.participant_door import door_of
from equipoise_server.services.participants.move_participant import follow_consent
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import consenting, ledger, life
from equipoise_server.store.models import ConsentGiven, ConsentTalk, User

IDENTITY_CHECKS = ("document", "known", "call")
"""How it was made sure who signs: an identity document, known in person, a video call."""


def purpose(token: str) -> str:
    """What the fresh factor is given for: this one conversation."""
    return f"sign the consent conversation {token}"


def sign_as_person(
    token: str, *, name: str, agreed: Collection[int], wishes: Collection[str], at: datetime
) -> None:
    """The participant, or who represents them, signs by name.

    `agreed`: positions of the statements that were ticked; every one without a wish is needed.

    Raises:
        FormIncomplete: a statement is not ticked, the name is not the one that was given, or
            something is still to be read, answered or asked.
        OutOfOrder, UnknownRecord.

    """
    with transaction.atomic(), connection.cursor() as cursor:
        row = ConsentTalk.objects.select_for_update().filter(pk=token).first()
        if row is None:
            raise UnknownRecord("conversation about consent")
        if row.signed_at is not None or row.ended_at is not None:
            raise OutOfOrder("This signature", "the conversation is signed or over")
        talk = talk_of(token)
        _require_ready(talk, name, agreed)
        row.signed_at, row.wishes = at, sorted(set(wishes) & set(talk.document.wishes))
        row.save(update_fields=["signed_at", "wishes"])
        ledger.hold(cursor, talk.code)
        ledger.append(
            cursor,
            chain=talk.code,
            what=consenting.PERSON_SIGNED,
            by=row.capacity,
            at=at,
            payload={"talk": token, "capacity": row.capacity, "mode": row.mode},
        )


def _require_ready(talk: Talk, name: str, agreed: Collection[int]) -> None:
    wrong = list(talk.left)
    needed = {n for n, one in enumerate(talk.document.statements) if not one.wish}
    if not needed <= set(agreed):
        wrong.append("statements")
    signer = persons_of(talk)[talk.row.capacity]["name"]
    if "".join(name.split()).casefold() != "".join(signer.split()).casefold():
        wrong.append("name")
    if wrong:
        raise FormIncomplete(tuple(wrong))


def countersign(token: str, *, identity: str, proof: str, by: User, at: datetime, key: str) -> None:
    """The member of the staff who explained signs too; from then on the consent holds.

    `identity`: how it was made sure who signed, one of `IDENTITY_CHECKS`. `proof`: a fresh
    factor for `purpose(token)`.

    Raises:
        FactorRequired, FactorRefused: the proof is missing, or was given for something else.
        FormIncomplete: no such way of making sure.
        OutOfOrder: the person has not signed, or both have.
        Refused: what `equipoise.participant.decide` refuses.
        NotPermitted, Locked, KeyReused, MissingExtra.

    """
    if identity not in IDENTITY_CHECKS:
        raise FormIncomplete(("identity",))
    talk = talk_of(token)
    if talk.row.signed_at is None or (talk.row.ended_at and talk.row.outcome != "signed"):
        raise OutOfOrder("This signature", "the participant signs first")
    body = {"talk": token, "identity": identity}
    request = Request(verb="consent", by=by, at=at, key=key, body=body)
    drawn = None if talk.row.ended_at else _keep_copy(talk, identity, by, at)
    try:
        perform(request, lambda: _countersign(request, token, identity, proof, drawn))
    except BaseException:
        if drawn is not None:
            ConsentCopy.objects.using(DATABASE).filter(pk=token, at=at).delete()
        raise


def _keep_copy(talk: Talk, identity: str, by: User, at: datetime) -> bytes:
    with connection.cursor() as cursor:
        site = life.site_of(talk.code)
        permissions.require(cursor, "consent", by=by, at=at, site=site)
    signed = Signed(
        talk=talk,
        persons=persons_of(talk),
        asked=asked_of(talk),
        staff=by.full_name,
        identity=identity,
        site=site,
        at=at,
    )
    drawn = draw_copy(signed)
    box = seal(fresh_key("participant", talk.code), {"pdf": drawn.hex()}, talk.code, "copy")
    ConsentCopy.objects.using(DATABASE).update_or_create(
        talk=talk.row.token,
        defaults={
            "participant": talk.code,
            "language": talk.row.language,
            "sealed": box,
            "at": at,
        },
    )
    return drawn


def _countersign(
    request: Request, token: str, identity: str, proof: str, drawn: bytes | None
) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        row = ConsentTalk.objects.select_for_update().get(pk=token)
        if row.ended_at is not None or row.signed_at is None or drawn is None:
            raise OutOfOrder("This signature", "the conversation is over")
        code = str(row.participant_id)
        ledger.hold(cursor, code)
        require_unlocked(cursor, "consent", code)
        site = life.site_of(code)
        permissions.require(cursor, "consent", by=by, at=at, site=site)
        fresh_factor.consume(by=by, proof=proof, purpose=purpose(token), at=at)
        command = SignConsent(
            version=row.version, at=row.signed_at, signatory=cast(Signatory, row.capacity)
        )
        state = life.advance(cursor, command, code=code, by=by.username, at=at)
        said = _content(row, identity, by, sha256(drawn).hexdigest())
        ledger.append(
            cursor, chain=code, what=consenting.GIVEN, by=by.username, at=at, payload=said
        )
        ConsentGiven.objects.create(
            talk=row, participant_id=code, content=consenting.content(said), at=at
        )
        row.ended_at, row.outcome = at, "signed"
        row.save(update_fields=["ended_at", "outcome"])
        follow_consent(cursor, state, by=by.username, at=at)
    transaction.on_commit(lambda: _tell(row))
    return {"talk": token}


def _content(row: ConsentTalk, identity: str, by: User, copy: str) -> dict[str, Any]:
    assert row.signed_at is not None
    return {
        "talk": row.token,
        "document": row.document,
        "version": row.version,
        "language": row.language,
        "digest": row.digest,
        "mode": row.mode,
        "capacity": row.capacity,
        "witness": row.witness,
        "interpreter": row.interpreter,
        "answers": row.answers,
        "asked": row.asked,
        "wishes": row.wishes,
        "signed_at": row.signed_at.isoformat(),
        "identity": identity,
        "staff": by.username,
        "copy": copy,
    }


def _tell(row: ConsentTalk) -> None:
    """A letter that the copy is there; it holds the copy itself where the person agreed to that."""
    try:
        door = door_of(str(row.participant_id))
    except UnknownRecord:
        return
    where = "zh-hans" if door.language == "zh-Hans" else "en"
    enclosed = {"talk": row.token, "participant": str(row.participant_id)}
    mail.queue(
        template="consent-copy" if door.copies else "consent-signed",
        to=door.address,
        language=door.language,
        context={"link": mail.link(f"/{where}/me/")},
        key=f"consent-signed/{row.token}",
        enclosed=enclosed if door.copies else None,
    )


def decline(token: str, *, by: User, at: datetime) -> None:
    """End a conversation in which the person did not sign, or changed their mind before both had.

    Raises:
        OutOfOrder: both have signed, or it was ended.
        NotPermitted, UnknownRecord.

    """
    with transaction.atomic(), connection.cursor() as cursor:
        row = ConsentTalk.objects.select_for_update().filter(pk=token).first()
        if row is None:
            raise UnknownRecord("conversation about consent")
        code = str(row.participant_id)
        permissions.require(cursor, "consent", by=by, at=at, site=life.site_of(code))
        if row.ended_at is not None:
            raise OutOfOrder("Ending this conversation", "it is over")
        row.ended_at, row.outcome = at, "declined"
        row.save(update_fields=["ended_at", "outcome"])
        ledger.hold(cursor, code)
        said = {"talk": token, "version": row.version}
        ledger.append(
            cursor, chain=code, what=consenting.DECLINED, by=by.username, at=at, payload=said
        )


def copy_of(token: str, participant: str) -> tuple[bytes, str]:
    """The signed copy as PDF and its language. Who may have it the caller makes sure.

    Raises:
        UnknownRecord: there is none of this participant, or they were erased.

    """
    row = ConsentCopy.objects.using(DATABASE).filter(pk=token, participant=participant).first()
    if row is None:
        raise UnknownRecord("signed copy")
    found = unseal(key_of("participant", participant), row.sealed, participant, "copy")
    return bytes.fromhex(found["pdf"]), row.language
