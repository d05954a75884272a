"""Links that are mailed: signed, dated, for one purpose; some open once."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from django.core import signing
from django.db import IntegrityError, transaction

from equipoise.errors import LinkInvalid
from equipoise_server.identity.models import Spent

DATABASE = "identity"
LASTING = {
    "confirm": timedelta(hours=48),
    "enter": timedelta(minutes=30),
    "status": timedelta(days=365),
    "me": timedelta(minutes=30),
    "consent": timedelta(days=7),
    "results": timedelta(days=365),
    "stop": timedelta(days=3650),
}
ONCE = ("enter", "me")


def make(purpose: str, token: str) -> str:
    """A signed text for a link."""
    return signing.TimestampSigner(salt=f"equipoise/{purpose}", sep="~").sign(token)


def read(purpose: str, signed: str) -> str:
    """The token in a link, without using it up.

    Raises:
        LinkInvalid: forged, for another purpose, or too old.

    """
    signer = signing.TimestampSigner(salt=f"equipoise/{purpose}", sep="~")
    try:
        return signer.unsign(signed[:400], max_age=LASTING[purpose])
    except signing.SignatureExpired as problem:
        raise LinkInvalid("it is too old") from problem
    except signing.BadSignature as problem:
        raise LinkInvalid from problem


def use(purpose: str, signed: str, *, at: datetime) -> str:
    """The token in a link; one that opens once does not open again.

    Raises:
        LinkInvalid: forged, too old, or used before.

    """
    token = read(purpose, signed)
    if purpose in ONCE and not spend(f"{purpose}/{signed}", until=at + LASTING[purpose]):
        raise LinkInvalid("it has been used")
    return token


def spend(what: str, *, until: datetime) -> bool:
    """Use something up; False where it had been used before."""
    digest = sha256(what.encode()).hexdigest()
    try:
        with transaction.atomic(using=DATABASE):
            Spent.objects.using(DATABASE).create(digest=digest, until=until)
    except IntegrityError:
        return False
    return True
