"""Second factors at rest: secrets encrypted under a key that lies outside the database.

`mfa.key` in the instance folder holds one key per line, the newest first. A new key is put
in front by `rotate`, which encrypts every secret anew and then drops the old keys.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from equipoise.errors import SealBroken

KEY = "mfa.key"
SECRETS = ("secret", "seed")
"""Entries of an authenticator's data that are encrypted."""


def encrypt(text: str) -> str:
    """A secret under the newest key."""
    return _keys().encrypt(text.encode()).decode()


def decrypt(box: str) -> str:
    """The secret.

    Raises:
        SealBroken: changed, or under a key that is gone.

    """
    try:
        return _keys().decrypt(box.encode()).decode()
    except InvalidToken as problem:
        raise SealBroken("a second factor") from problem


def rotate() -> int:
    """Encrypt every second factor under a new key and drop the old ones; how many there are.

    Stopped half-way, both keys stay and everything can be read.
    """
    old = _lines()
    _write([Fernet.generate_key(), *old])
    number = _rewrap(_keys().rotate)
    _write(_lines()[:1])
    return number


def _rewrap(again: Callable[[bytes], bytes]) -> int:
    with transaction.atomic():
        every = list(Authenticator.objects.select_for_update())
        for one in every:
            for name in SECRETS:
                if name in one.data:
                    one.data[name] = again(one.data[name].encode()).decode()
            one.save(update_fields=["data"])
    return len(every)


def _keys() -> MultiFernet:
    if not _path().exists():
        _write([Fernet.generate_key()])
    return MultiFernet([Fernet(line) for line in _lines()])


def _path() -> Path:
    return Path(settings.EQUIPOISE_DIR) / KEY


def _lines() -> list[bytes]:
    return _path().read_bytes().split() if _path().exists() else []


def _write(lines: list[bytes]) -> None:
    """Whole or not at all, readable by the owner alone."""
    fresh = _path().with_name(f"{KEY}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(b"\n".join(lines) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if _path().exists() or len(lines) > 1:
        fresh.replace(_path())
        return
    with suppress(FileExistsError):
        os.link(fresh, _path())  # whoever is first makes the key
    fresh.unlink()


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """How the library of second factors keeps secrets and names people."""

    def encrypt(self, text: str) -> str:
        """A secret as it is stored."""
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """A secret as it is used."""
        return decrypt(encrypted_text)

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        """Whom a passkey is for, as the device shows it."""
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return {**entity, "name": user.username, "display_name": user.full_name}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Where a passkey is for, as the device shows it."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return {**entity, "name": "equipoise"}
