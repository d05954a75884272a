"""Sealing what strangers tell us: one key per person, texts bound to the person and the column."""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.utils import timezone

from equipoise_server.identity import keyring
from equipoise_server.identity.cipher import decrypt, encrypt, master_key


def new_token() -> str:
    """A token that tells nothing: 26 characters, 130 bits."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "".join(alphabet[byte & 31] for byte in os.urandom(26))


def fresh_key(kind: str, token: str) -> bytes:
    """The key of a `volunteer`, an `enquirer` or a `letter`, made where there is none yet."""
    return keyring.make(_name(kind, token), at=timezone.now())


def key_of(kind: str, token: str) -> bytes:
    """The key.

    Raises:
        UnknownRecord: there is none, or it has been erased.

    """
    return keyring.find(_name(kind, token))


def forget_keys(kind: str, *tokens: str) -> None:
    """Delete keys: what was sealed under them can never be read again."""
    if tokens:
        keyring.forget(*(_name(kind, token) for token in tokens))


def _name(kind: str, token: str) -> str:
    """Keys of different kinds never share a name; keys of letters are too long for one."""
    return f"{kind}/{sha256(token.encode()).hexdigest()[:40] if kind == 'letter' else token}"


def seal(key: bytes, value: Mapping[str, Any], token: str, column: str) -> bytes:
    """A small document under a person's key."""
    return encrypt(key, json.dumps(dict(value), ensure_ascii=False).encode(), token, column)


def unseal(key: bytes, box: Any, token: str, column: str) -> dict[str, Any]:
    """The document.

    Raises:
        SealBroken: changed, moved to another row or column, or under another key.

    """
    found: dict[str, Any] = json.loads(decrypt(key, bytes(box), token, column))
    return found


def blind(purpose: str, value: str) -> str:
    """A keyed hash by which the same value is found again."""
    key = hmac.new(master_key(), b"equipoise/blind-index", sha256).digest()
    return hmac.new(key, f"{purpose}/{value}".encode(), sha256).hexdigest()


def same_address(address: str) -> str:
    """An e-mail address as it is compared: lower case, without dots or tags in the local part."""
    local, _, domain = address.strip().lower().rpartition("@")
    plain = local.partition("+")[0].replace(".", "")
    return f"{plain}@{domain}"
