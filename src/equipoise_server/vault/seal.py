"""Randomised sealing: the same words never look the same twice.

Every box holds its purpose and its name beside the value, padded to one length, so that a
box moved to another row does not open there. Long values are padded to a length of their own.
Source: libsodium sealed boxes (X25519, XSalsa20-Poly1305) through PyNaCl.
"""

from __future__ import annotations

import json
from functools import lru_cache

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.utils import random as random_bytes

from equipoise.errors import SealBroken, SealMoved
from equipoise_server.vault.keys import private_key

LENGTH = 256


def seal(value: str, *, purpose: str, name: str, length: int = LENGTH) -> bytes:
    """Seal `value` for the allocator, bound to `purpose` and `name`. Always the same size."""
    content = json.dumps([purpose, name, value, random_bytes(8).hex()]).encode()
    if len(content) > length:
        raise ValueError(f"a sealed value holds at most {length} bytes with its name")
    return bytes(SealedBox(private_key().public_key).encrypt(content.ljust(length)))


def open_seal(box: bytes | memoryview, *, purpose: str, name: str) -> str:
    """The sealed value.

    Raises:
        SealBroken: the box was changed, or sealed under another key.
        SealMoved: the box belongs to another row.

    """
    return _open(bytes(box), private_key(), purpose, name)


@lru_cache(maxsize=1 << 16)
def _open(box: bytes, key: PrivateKey, purpose: str, name: str) -> str:
    what = f"{purpose} {name}"
    try:
        found_purpose, found_name, value, _ = json.loads(SealedBox(key).decrypt(box))
    except (CryptoError, ValueError, TypeError) as problem:
        raise SealBroken(what) from problem
    if (found_purpose, found_name) != (purpose, name):
        raise SealMoved(what)
    return str(value)
