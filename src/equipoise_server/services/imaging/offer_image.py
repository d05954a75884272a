"""Send a file: it is de-identified at once, and waits for a person to look at the result.

What was sent is held in memory while this runs and nowhere after it. The result lies aside for
an hour; only `attach_image` makes it part of the study.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from equipoise.digest import canonical_json
from equipoise.errors import FileRefused, UnknownRecord, say
from equipoise.ids import kit_code
from equipoise.protocol.imaging import FileRule
from equipoise.protocol.model import Study
from equipoise_server.services.access import permissions
from equipoise_server.services.imaging.cleaned import Cleaned, Wanted, days_of, keyed
from equipoise_server.services.request import whole
from equipoise_server.store import image_files
from equipoise_server.store.models import Image, ImageOffer, ImageWithdrawal, User
from equipoise_server.store.save import Place, standing

VERB = "attach an image"
KEPT_FOR = timedelta(hours=1)
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A record and the rule under which files belong to it."""

    place: Place
    rule: str


def offer_image(*, spot: Spot, data: bytes, on: date, by: User, at: datetime) -> str:
    """De-identify a file for a record; returns the token under which the result can be seen.

    `on`: the calendar date at the site on which the pictures were taken.

    Raises:
        FileRefused: it is not what is taken here, or it is attached already.
        UnknownRecord: no such record or rule.
        NotPermitted, Locked, PartLocked, NotConsented, AlreadyWithdrawn, StorageFull.

    """
    from equipoise_server.services.imaging.clean import clean  # loads what reads pictures

    forget_old_offers(at=at)
    with connection.cursor() as cursor:
        found = standing(cursor, spot.place, step=VERB, at=at)
        permissions.require(cursor, VERB, by=by, at=at, site=found.site)
    rule = rule_of(found.study, spot)
    secret = image_files.key()
    source = keyed(secret, "source", hashlib.sha256(data).hexdigest()).hex()
    _refuse_twice(source)
    code = f"IMG-{kit_code(secrets.token_bytes(16))}"
    done = clean(data, wanted(found.study, rule, spot.place.participant, code, secret))
    return _aside(spot, done, code=code, on=on, source=source, by=by, at=at)


def rule_of(study: Study, spot: Spot) -> FileRule:
    """The rule for files of a record.

    Raises:
        UnknownRecord: there is none, or it is of another form.

    """
    rule = study.imaging.rule(spot.rule)
    if rule is None or rule.form != spot.place.form:
        raise UnknownRecord(
            say("rule {rule} for files of {form}", rule=spot.rule[:40], form=spot.place.form)
        )
    return rule


def wanted(study: Study, rule: FileRule, participant: str, code: str, key: bytes) -> Wanted:
    """How files of a rule are de-identified."""
    shift = days_of(key, participant) if rule.dates == "shift" else None
    return Wanted(
        kinds=rule.kinds,
        largest=int(rule.largest_mib * MIB),
        code=code,
        key=key + study.protocol.id.encode(),
        modalities=rule.modalities,
        recipe=study.recipes.get(rule.recipe, ""),
        shift=shift,
    )


def _refuse_twice(source: str) -> None:
    if Image.objects.filter(source=source, withdrawal__isnull=True).exists():
        raise FileRefused("this very file is attached already, here or to another record")


def _aside(
    spot: Spot, done: Cleaned, *, code: str, on: date, source: str, by: User, at: datetime
) -> str:
    token = secrets.token_hex(16)
    image_files.put_aside(token, done.data)
    steps = [[one.tag, one.name, one.did, one.value] for one in done.steps]
    with whole():
        ImageOffer.objects.create(
            token=token,
            user=by,
            participant_id=spot.place.participant,
            form=spot.place.form,
            visit=spot.place.visit,
            number=spot.place.number,
            rule=spot.rule,
            code=code,
            kind=done.kind,
            sha256=done.sha256,
            bytes=len(done.data),
            frames=done.frames,
            on=on,
            source=source,
            steps=canonical_json(steps).decode(),
            warnings=list(done.warnings),
            at=at,
        )
    return token


def discard_image(*, token: str, by: User) -> None:
    """Throw an offered file away."""
    if ImageOffer.objects.filter(pk=token, user=by).delete()[0]:
        image_files.drop(token)


def offer_of(token: str, by: User) -> ImageOffer:
    """A file that this person sent and has not decided about.

    Raises:
        UnknownRecord: there is none, or somebody else sent it.

    """
    found = ImageOffer.objects.filter(pk=token, user=by).first()
    if found is None:
        raise UnknownRecord("file that waits to be looked at (any more)")
    return found


def forget_old_offers(*, at: datetime) -> None:
    """Destroy what nobody decided about within the hour, and files that no row names."""
    ImageOffer.objects.filter(at__lt=at - KEPT_FOR).delete()
    known = set(ImageOffer.objects.values_list("token", flat=True))
    for token in image_files.waiting():
        if token not in known and not token.startswith("."):
            image_files.drop(token)


def erasable(sha256: str) -> bool:
    """Whether no other file in use has the same content."""
    kept = Image.objects.filter(sha256=sha256)
    gone = ImageWithdrawal.objects.filter(image__sha256=sha256, erased=True)
    return kept.count() == gone.count()
