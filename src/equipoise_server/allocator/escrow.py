"""The custodians' copy of the list: encrypted with age to each of them.

The copy holds exactly the bytes whose SHA-256 is published, so that whoever opens it can
check at once that it is the list of this trial. Source: age, https://age-encryption.org/v1.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyrage

from equipoise.digest import canonical_json
from equipoise.errors import CustodianInvalid, FolderNotEmpty, StorageFull
from equipoise_server.allocator.lists import Made

CUSTODIANS = 2
COPY = "list.age"
COMMITMENT = "commitment.json"
_SECRET = "AGE-SECRET-KEY-"  # noqa: S105 - how a private key begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Escrow:
    """Who keeps a copy, by age public key, and the empty folder it is written to."""

    custodians: tuple[str, ...]
    out: Path

    def check(self) -> None:
        """Refuse before anything secret exists.

        Raises:
            CustodianInvalid: not two different valid public keys.
            FolderNotEmpty: the folder holds something.

        """
        recipients(self.custodians)
        if self.out.exists() and (not self.out.is_dir() or any(self.out.iterdir())):
            raise FolderNotEmpty(str(self.out))

    def write(self, made: Made, *, at: datetime) -> None:
        """Write the encrypted copy and the commitment; nothing of the list in the clear.

        Raises:
            StorageFull: the folder cannot be written.

        """
        self.check()
        copy = pyrage.encrypt(made.document, recipients(self.custodians))
        published = {
            "commitment": made.commitment,
            "custodians": list(self.custodians),
            "digest": made.configuration["digest"],
            "label": made.configuration["label"],
            "made_at": at,
            "study": made.configuration["study"],
        }
        try:
            self.out.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(self.out / COPY, copy)
            _write(self.out / COMMITMENT, canonical_json(published) + b"\n")
        except OSError as problem:
            raise StorageFull(str(self.out), problem.strerror or "input/output error") from problem


def recipients(custodians: Sequence[str]) -> list[pyrage.x25519.Recipient]:
    """The custodians' keys, read.

    Raises:
        CustodianInvalid: not exactly two, one twice, a private key, or no age key at all.

    """
    if any(_SECRET in key.upper() for key in custodians):
        raise CustodianInvalid("a private key was given, which its owner must make anew now")
    if len(custodians) != CUSTODIANS:
        raise CustodianInvalid(f"it needs {CUSTODIANS} custodians, not {len(custodians)}")
    if len(set(custodians)) != CUSTODIANS:
        raise CustodianInvalid("the same key was given twice")
    return [_recipient(number, key) for number, key in enumerate(custodians, start=1)]


def _recipient(number: int, key: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError as problem:
        raise CustodianInvalid(f"the key of custodian {number} is no age public key") from problem


def _write(path: Path, content: bytes) -> None:
    """Write a new file for its owner alone, and make sure it is on the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
