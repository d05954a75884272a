"""Envelope encryption of identities: one data key per person, wrapped by one master key.

AES-256-GCM; the participant code and the column are bound in as associated data, so that a
cipher text moved to another row or column does not decrypt.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from equipoise.errors import SealBroken, say

NONCE = 12


def master_key() -> bytes:
    """The instance's identity key: `identity.key`, 32 bytes, mode 0600, made on first use."""
    path = Path(settings.EQUIPOISE_IDENTITY_KEY)
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(AESGCM.generate_key(bit_length=256))
    return path.read_bytes()


def new_data_key() -> bytes:
    """A fresh data key."""
    return AESGCM.generate_key(bit_length=256)


def new_key(participant: str) -> tuple[bytes, bytes]:
    """A fresh data key for one person: the key itself and its wrapped form to store."""
    key = AESGCM.generate_key(bit_length=256)
    return key, encrypt(master_key(), key, participant, "key")


def encrypt(key: bytes, value: bytes, participant: str, column: str) -> bytes:
    """`value` under `key`, bound to its participant and column."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, value, f"{participant}/{column}".encode())


def decrypt(key: bytes, box: bytes, participant: str, column: str) -> bytes:
    """The value.

    Raises:
        SealBroken: changed, moved to another row or column, or under another key.

    """
    try:
        return AESGCM(key).decrypt(box[:NONCE], box[NONCE:], f"{participant}/{column}".encode())
    except InvalidTag as problem:
        raise SealBroken(say("the identity of {participant}", participant=participant)) from problem
