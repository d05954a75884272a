"""Proofs of who asks: pure functions, the same for the one who proves and the one who checks.

A PIN or code is the seed of an Ed25519 key through Argon2id (RFC 9106) with a salt of its own;
the vault keeps the public key alone. Who is asked for a proof gets a nonce, and signs the
person, the verb, everything the verb is about, and the nonce. So no PIN goes to the allocator,
nothing that the allocator stores or receives can sign another request, and a PIN and a key that
a process holds are checked by the same lines.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nacl.encoding import HexEncoder
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.signing import SigningKey, VerifyKey

from equipoise.digest import canonical_json, sha256

About = Mapping[str, Any]
"""What a request is about: text, whole numbers, lists and mappings of them."""

LASTS = 120  # seconds from a nonce to its proof
SALT_BYTES = argon2id.SALTBYTES
RANDOM_BYTES = 16
_HEX_TIME = 12
_LONGEST_NONCE = 120


def asked(verb: str, person: str, about: About) -> str:
    """The digest of a request: what a nonce is bound to."""
    return sha256(["equipoise/request", verb, person, dict(about)])


def words(verb: str, person: str, about: About, nonce: str) -> bytes:
    """The bytes that are signed."""
    return canonical_json(["equipoise/proof", verb, person, dict(about), nonce])


def key_from(secret: str, salt: str) -> SigningKey:
    """The key of a PIN or code; takes 64 MiB and some 80 ms on purpose."""
    seed = argon2id.kdf(
        32,
        secret.encode(),
        bytes.fromhex(salt),
        opslimit=argon2id.OPSLIMIT_INTERACTIVE,
        memlimit=argon2id.MEMLIMIT_INTERACTIVE,
    )
    return SigningKey(seed)


def public(key: SigningKey) -> str:
    """The public half, as text."""
    return key.verify_key.encode(HexEncoder).decode()


def sign(key: SigningKey, verb: str, person: str, about: About, nonce: str) -> str:
    """A proof for one request."""
    return key.sign(words(verb, person, about, nonce)).signature.hex()


def fits(public_key: str, signature: str, signed: bytes) -> bool:
    """Whether `signature` over `signed` was made with the private half of `public_key`."""
    try:
        VerifyKey(public_key.encode(), encoder=HexEncoder).verify(signed, bytes.fromhex(signature))
    except (CryptoError, ValueError, TypeError):
        return False
    return True


def require_key(public_key: str, salt: str = "") -> None:
    """Refuse what is no public key, and a salt that is none.

    Raises:
        ValueError: they are not.

    """
    VerifyKey(public_key.encode(), encoder=HexEncoder)
    if salt and len(bytes.fromhex(salt)) != SALT_BYTES:
        raise ValueError("a salt has another length")


def make_nonce(secret: bytes, request: str, at: datetime, random: bytes) -> str:
    """A nonce for the request of that digest. It carries its time and nobody can make one."""
    head = f"{int(at.timestamp() * 1000):0{_HEX_TIME}x}{random.hex()}"
    return head + _seal(secret, request, head)


def age(secret: bytes, request: str, nonce: str, at: datetime) -> float | None:
    """How many seconds old a nonce is; None where it is not of ours or for another request."""
    end = _HEX_TIME + 2 * RANDOM_BYTES
    head, mark = nonce[:end], nonce[end:]
    if len(nonce) > _LONGEST_NONCE or not nonce.isascii():
        return None
    if not hmac.compare_digest(mark, _seal(secret, request, head)):
        return None
    return at.timestamp() - int(head[:_HEX_TIME], 16) / 1000


def _seal(secret: bytes, request: str, head: str) -> str:
    return hmac.digest(secret, f"{request}/{head}".encode(), hashlib.sha256).hex()
