"""The allocator's key pair: a file of its own, readable by its owner alone."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from nacl.public import PrivateKey

from equipoise.errors import StorageFull, VaultKeyMissing


def key_file() -> Path:
    """Where the private key lies: `vault.key` in the instance folder, or as configured."""
    return Path(settings.EQUIPOISE_VAULT_KEY)


def make_key() -> None:
    """Write a new private key unless there is one. The file is created with mode 0600."""
    path = key_file()
    if path.exists():
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(bytes(PrivateKey.generate()))
    except OSError as problem:
        raise StorageFull(str(path), problem.strerror or "input/output error") from problem


def private_key() -> PrivateKey:
    """The private key, read once per process."""
    return _read(str(key_file()))


@lru_cache(maxsize=4)
def _read(path: str) -> PrivateKey:
    try:
        return PrivateKey(Path(path).read_bytes())
    except (OSError, ValueError, TypeError) as problem:
        raise VaultKeyMissing(path) from problem
