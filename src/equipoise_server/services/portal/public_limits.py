"""Against abuse: proof of work, a trap, a least time, and counts per address and network.

The proof of work is altcha's: the browser finds a number under a hash, which takes a person's
computer a moment and a mass mailer's many. Addresses and networks are counted under keyed
hashes; neither is stored.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from altcha.v1 import ChallengeOptions, create_challenge, verify_solution
from django.conf import settings
from django.core import signing
from django.db import connections

from equipoise.errors import ProofRefused, TooManyRequests
from equipoise_server.identity.models import Counted, Spent
from equipoise_server.identity.sealing import blind
from equipoise_server.services.letters.links import DATABASE, spend

WORK = 40_000  # hashes at most
VALID = timedelta(minutes=30)
LEAST = timedelta(seconds=3)
PER_NETWORK = 40
PER_ADDRESS = 5
TRAP = "website"
_COUNT = (
    "INSERT INTO identity_counted (bucket, hour, count) VALUES (%s, %s, 1) "
    "ON CONFLICT (bucket, hour) DO UPDATE SET count = identity_counted.count + 1 RETURNING count"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What came with a public form besides its answers. `network` is the caller's address."""

    proof: str
    stamp: str
    trap: str
    network: str


def challenge(at: datetime) -> dict[str, str | int]:
    """What the browser has to solve, as altcha's JSON; `least`: milliseconds that a form is shown."""
    options = ChallengeOptions(
        algorithm="SHA-256", max_number=WORK, hmac_key=_key(), expires=at + VALID
    )
    made = create_challenge(options)
    return {
        "algorithm": made.algorithm,
        "challenge": made.challenge,
        "salt": made.salt,
        "signature": made.signature,
        "maxnumber": WORK,
        "least": int(LEAST.total_seconds() * 1000),
    }


def _key() -> str:
    return f"altcha/{settings.SECRET_KEY}"


def stamp(at: datetime) -> str:
    """When a form was shown, signed."""
    return signing.Signer(salt="equipoise/form").sign(str(int(at.timestamp())))


def require_human(sender: Sender, *, at: datetime) -> None:
    """Refuse what a machine would send.

    Raises:
        ProofRefused: the trap was filled in, it was too quick or too old, or the proof of work
            is missing, forged or used before.
        TooManyRequests: too much from this network in an hour.

    """
    count("network", network_of(sender.network), PER_NETWORK, at=at)
    if sender.trap:
        raise ProofRefused("a field that people do not see was filled in")
    _require_time(sender.stamp, at)
    _require_work(sender.proof, at)


def _require_time(stamp: str, at: datetime) -> None:
    try:
        shown = int(signing.Signer(salt="equipoise/form").unsign(stamp))
    except (signing.BadSignature, ValueError) as problem:
        raise ProofRefused("it is not a form of this server") from problem
    age = at.timestamp() - shown
    if age < LEAST.total_seconds():
        raise ProofRefused("it came faster than a person can write")
    if age > 4 * 3600:
        raise ProofRefused("it is older than four hours")


def _require_work(proof: str, at: datetime) -> None:
    try:
        payload = json.loads(base64.b64decode(proof[:4000], validate=True))
        good, _ = verify_solution(payload, _key(), check_expires=True)
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error) as problem:
        raise ProofRefused("the check against machines is missing") from problem
    if not good:
        raise ProofRefused("the check against machines failed or is too old")
    if not spend(f"proof/{payload['challenge']}", until=at + VALID):
        raise ProofRefused("the check against machines was used before")


def count(what: str, value: str, most: int, *, at: datetime) -> None:
    """Count one request of this value in this hour.

    Raises:
        TooManyRequests: more than `most`.

    """
    bucket = blind(f"limit/{what}", value)
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(_COUNT, [bucket, int(at.timestamp() // 3600)])
        if cursor.fetchone()[0] > most:
            raise TooManyRequests


def network_of(address: str) -> str:
    """The network that an address is counted with: /24 in version 4, /48 in version 6."""
    try:
        one = ip_address(address)
    except ValueError:
        return "unknown"
    return str(ip_network(f"{one}/{24 if one.version == 4 else 48}", strict=False))


def forget_counts(*, at: datetime) -> None:
    """Drop counts of past hours and proofs that have expired anyway."""
    old = int((at - timedelta(hours=48)).timestamp() // 3600)
    Counted.objects.using(DATABASE).filter(hour__lt=old).delete()
    Spent.objects.using(DATABASE).filter(until__lt=at).delete()


def caller(meta: Mapping[str, str]) -> str:
    """The address of who asks. Behind `EQUIPOISE_PROXIES` proxies: the one the first of them saw."""
    proxies = settings.EQUIPOISE_PROXIES
    forwarded = [one.strip() for one in meta.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if proxies and len(forwarded) >= proxies and forwarded[-proxies]:
        return forwarded[-proxies]
    return meta.get("REMOTE_ADDR", "")
