"""Checking proofs in the vault: one nonce once, a pause after wrong attempts, all in the journal."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from equipoise.errors import (
    AssertionExpired,
    AssertionRefused,
    AssertionUsed,
    TooManyWrong,
)
from equipoise_server.allocator import passkeys, proof, register
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.keys import private_key
from equipoise_server.vault.models import Assertion, Credential

MOST_WRONG = 5
PAUSE = timedelta(minutes=15)
_SHOWN = ("pin", "code")
_NOBODY = ""


def challenge(
    *, person: str, verb: str, about: Mapping[str, Any], at: datetime, release: str = ""
) -> dict[str, str]:
    """A nonce for one request of one person, and the salts of their PIN, code, release code.

    Nothing is stored. A name that is not in the register gets an answer of the same shape.
    """
    request = proof.asked(verb, person, about)
    nonce = proof.make_nonce(_secret(), request, at, secrets.token_bytes(proof.RANDOM_BYTES))
    salts = {kind: _salt(person, kind, at) for kind in _SHOWN}
    found = register.release_of(release) if release else None
    salts["release"] = found.salt if found else _no_salt(release, "release")
    return {"nonce": nonce, **salts}


def _salt(person: str, kind: str, at: datetime) -> str:
    found = register.credentials(person, (kind,), at).first()
    return found.salt if found else _no_salt(person, kind)


def _no_salt(person: str, kind: str) -> str:
    named = hashlib.sha256(_secret() + f"{kind}/{person}".encode()).hexdigest()
    return named[: 2 * proof.SALT_BYTES]


def prove(
    *,
    person: str,
    verb: str,
    about: Mapping[str, Any],
    given: Mapping[str, str],
    kinds: Collection[str],
    at: datetime,
) -> Credential:
    """What the person proved themselves with; `given` holds `nonce` and `signature`.

    The assertion of a passkey has the other parts of `passkeys.PARTS` besides.

    Good or not, the nonce is spent and what happened is kept, before anything is answered.

    Raises:
        TooManyWrong: five wrong attempts; nothing was looked at.
        AssertionUsed, AssertionExpired, AssertionRefused: why it does not count.

    """
    nonce = str(given["nonce"])
    request = proof.asked(verb, person, about)
    found = None
    with vault_transaction():
        _require_patience(person, at)
        problem = _of_nonce(request, nonce, at)
        spent = nonce if problem is None else f"refused/{secrets.token_hex(16)}"
        if problem is None:
            signed = proof.words(verb, person, about, nonce)
            found = _fitting(register.credentials(person, kinds, at), given, signed)
            problem = AssertionRefused() if found is None else None
        _remember(Tried(person=person, verb=verb, asked=request, nonce=spent), problem, at)
    if found is None:
        raise problem or AssertionRefused()
    return found


def _of_nonce(request: str, nonce: str, at: datetime) -> AssertionRefused | None:
    seconds = proof.age(_secret(), request, nonce, at)
    if seconds is None:
        return AssertionRefused()
    if Assertion.objects.using(DATABASE).filter(nonce=nonce).exists():
        return AssertionUsed()
    return None if -1 <= seconds <= proof.LASTS else AssertionExpired()


def _fitting(
    known: QuerySet[Credential], given: Mapping[str, str], signed: bytes
) -> Credential | None:
    if "credential" in given:
        mine = known.filter(kind="passkey", name=register.passkey_name(str(given["credential"])))
        return next((one for one in mine if passkeys.fits(one.public_key, given, signed)), None)
    signature, others = str(given["signature"]), known.exclude(kind="passkey")
    return next((one for one in others if proof.fits(one.public_key, signature, signed)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt at a proof."""

    person: str
    verb: str
    asked: str
    nonce: str


def _remember(tried: Tried, problem: AssertionRefused | None, at: datetime) -> None:
    """Keep the attempt; what was refused is in the journal too."""
    who, verb = _whose(tried.person, at), tried.verb[:40]
    if problem is not None:
        payload = {"person": tried.person[:150], "verb": verb, "why": problem.code}
        note("refused", by=who, at=at, payload=payload)
    Assertion.objects.using(DATABASE).create(
        nonce=tried.nonce,
        person=who,
        verb=verb,
        asked=tried.asked,
        at=at,
        good=problem is None,
    )


def _require_patience(person: str, at: datetime) -> None:
    """Names that are in nobody's register share one count, so that guessing names costs too."""
    tried = Assertion.objects.using(DATABASE).filter(person=_whose(person, at), at__lte=at)
    last_good = tried.filter(good=True).order_by("-at").values_list("at", flat=True).first()
    since = max(at - PAUSE, last_good) if last_good else at - PAUSE
    if tried.filter(good=False, at__gt=since).count() >= MOST_WRONG:
        raise TooManyWrong


def _whose(person: str, at: datetime) -> str:
    return person if register.roles_of(person, at) else _NOBODY


def _secret() -> bytes:
    """What nonces are sealed with: it follows from the vault's key and tells nothing of it."""
    return hashlib.blake2b(bytes(private_key()), person=b"eq/nonce", digest_size=32).digest()
