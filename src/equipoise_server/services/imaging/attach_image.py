"""Attach a file that somebody looked at, and withdraw one."""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import partial

from django.db import connection, transaction

from equipoise.errors import (
    AlreadyRecorded,
    FileRefused,
    NotLookedAt,
    ReasonRequired,
    UnknownRecord,
    say,
)
from equipoise.ids import kit_code
from equipoise_server.services.access import permissions
from equipoise_server.services.imaging.offer_image import (
    VERB,
    Spot,
    erasable,
    offer_of,
    rule_of,
)
from equipoise_server.services.imaging.readings import settle
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import image_files, imaging, ledger
from equipoise_server.store.models import Image, ImageOffer, ImageWithdrawal, Scan, User
from equipoise_server.store.save import Place, standing

WITHDRAW = "withdraw an image"
CLOSELY = frozenset({"burned-in", "may-be-burned-in"})
LONGEST_REASON = 1_000


def attach_image(
    *, token: str, looked: bool, closely: bool = False, by: User, at: datetime, key: str
) -> str:
    """Make an offered file part of the study; returns its code.

    `looked`: the person saw that nothing on it says whose it is. `closely`: and looked at every
    picture at full size, which is asked where names may be drawn into the pictures.

    Raises:
        NotLookedAt: it was not confirmed.
        UnknownRecord: the file does not wait any more, or somebody else sent it.
        FileRefused: as many files as the rule allows are attached.
        NotPermitted, Locked, PartLocked, NotConsented, AlreadyWithdrawn, StorageFull, KeyReused.

    """
    body = {"token": token, "looked": looked, "closely": closely}
    request = Request(verb=VERB, by=by, at=at, key=key, body=body)
    return str(perform(request, lambda: _attach(request, token, looked, closely))["image"])


def _attach(request: Request, token: str, looked: bool, closely: bool) -> Answer:
    by, at = request.by, request.at
    offer = offer_of(token, by)
    asked = bool(CLOSELY & set(offer.warnings))
    if not looked or (asked and not closely):
        raise NotLookedAt(closely=asked)
    place = _place(offer)
    with connection.cursor() as cursor:
        ledger.hold(cursor, place.participant)
        found = standing(cursor, place, step=VERB, at=at)
        permissions.require(cursor, VERB, by=by, at=at, site=found.site)
        rule = rule_of(found.study, Spot(place=place, rule=offer.rule))
        scan = _scan(offer)
        before = imaging.in_use(scan)
        if len(before) >= rule.most:
            raise FileRefused(
                say("{most} files are attached already, which is the most", most=rule.most)
            )
        if Image.objects.filter(source=offer.source, withdrawal__isnull=True).exists():
            raise FileRefused("this very file is attached already, here or to another record")
        content = image_files.aside(token)
        if content is None or image_files.keep(content) != offer.sha256:
            raise UnknownRecord("file that waits to be looked at (any more)")
        row = _row(offer, scan, imaging.plan_digest(found.study.imaging), by, at)
        ledger.append(
            cursor,
            chain=place.participant,
            what=imaging.ATTACHED,
            by=by.username,
            at=at,
            payload=imaging.attached(row),
            subject=imaging.subject_of(row),
        )
        settle(cursor, found, scan, by=by.username, at=at, key=request.key)
    ImageOffer.objects.filter(pk=token).delete()
    transaction.on_commit(partial(image_files.drop, token))
    return {"image": row.code, "scan": scan.code}


def _place(offer: ImageOffer) -> Place:
    return Place(
        participant=offer.participant_id, form=offer.form, visit=offer.visit, number=offer.number
    )


def _scan(offer: ImageOffer) -> Scan:
    """The scan of the record; a new one under a random name where it has none."""
    known = Scan.objects.filter(
        participant=offer.participant_id,
        form=offer.form,
        visit=offer.visit,
        number=offer.number,
        rule=offer.rule,
    ).first()
    return known or Scan.objects.create(
        code=f"SCAN-{kit_code(secrets.token_bytes(16))}",
        participant_id=offer.participant_id,
        form=offer.form,
        visit=offer.visit,
        number=offer.number,
        rule=offer.rule,
    )


def _row(offer: ImageOffer, scan: Scan, plan: str, by: User, at: datetime) -> Image:
    return Image.objects.create(
        code=offer.code,
        scan=scan,
        kind=offer.kind,
        sha256=offer.sha256,
        bytes=offer.bytes,
        frames=offer.frames,
        on=offer.on,
        source=offer.source,
        plan=plan,
        steps=offer.steps,
        by=by.username,
        at=at,
    )


def withdraw_image(
    *, image: str, reason: str, erase: bool = False, by: User, at: datetime, key: str
) -> None:
    """Use a file no more. With `erase` its bytes are destroyed: it names somebody.

    Readings of the pictures as they were do not count any more, and scores that came from them
    leave the record.

    Raises:
        ReasonRequired: no reason is given.
        UnknownRecord: no such file.
        AlreadyRecorded: it was withdrawn before.
        NotPermitted, Locked, PartLocked, NotConsented, AlreadyWithdrawn, KeyReused.

    """
    body = {"image": image, "reason": reason, "erase": erase}
    request = Request(verb=WITHDRAW, by=by, at=at, key=key, body=body)
    perform(request, lambda: _withdraw(request, image, reason.strip()[:LONGEST_REASON], erase))


def _withdraw(request: Request, code: str, reason: str, erase: bool) -> Answer:
    by, at = request.by, request.at
    row = Image.objects.select_related("scan").filter(pk=code).first()
    if row is None:
        raise UnknownRecord(say("file {code}", code=code[:20]))
    scan = row.scan
    place = Place(
        participant=scan.participant_id, form=scan.form, visit=scan.visit, number=scan.number
    )
    with connection.cursor() as cursor:
        ledger.hold(cursor, place.participant)
        found = standing(cursor, place, step=WITHDRAW)
        permissions.require(cursor, WITHDRAW, by=by, at=at, site=found.site)
        if not reason:
            raise ReasonRequired("Withdrawing a file")
        if ImageWithdrawal.objects.filter(image=row).exists():
            raise AlreadyRecorded(place.participant, say("the withdrawal of {code}", code=row.code))
        gone = ImageWithdrawal.objects.create(image=row, erased=erase, by=by.username, at=at)
        ledger.append(
            cursor,
            chain=place.participant,
            what=imaging.WITHDRAWN,
            by=by.username,
            at=at,
            payload=imaging.withdrawn(gone, reason),
            subject=imaging.subject_of(gone),
        )
        settle(cursor, found, scan, by=by.username, at=at, key=request.key)
    if erase and erasable(row.sha256):
        transaction.on_commit(partial(image_files.erase, row.sha256))
    return {"image": row.code}
