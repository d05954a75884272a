"""Making, finding and forgetting the key of a person.

Keys lie in a database of their own, which ordinary backups leave out. It has one backup, the
newest: once that has been replaced, a key that was forgotten here exists nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connections

from equipoise.errors import UnknownRecord
from equipoise_server.identity.cipher import decrypt, encrypt, master_key, new_data_key
from equipoise_server.keys.models import PersonKey

DATABASE = "keys"
NOTE = "keys-backup.json"
"""In the instance folder: when and where the keys were last backed up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBackup:
    """The one backup of the keys that exists."""

    at: datetime
    path: str


def make(token: str, *, at: datetime) -> bytes:
    """The data key of a person: a fresh one, or the one they have."""
    key = new_data_key()
    kept, made = PersonKey.objects.using(DATABASE).get_or_create(
        token=token, defaults={"wrapped": encrypt(master_key(), key, token, "key"), "made_at": at}
    )
    return key if made else _open(token, bytes(kept.wrapped))


def make_many(tokens: Iterable[str], *, at: datetime) -> dict[str, bytes]:
    """Fresh data keys for persons who have none yet, in one statement."""
    master = master_key()
    keys = {token: new_data_key() for token in tokens}
    rows = [
        PersonKey(token=token, wrapped=encrypt(master, key, token, "key"), made_at=at)
        for token, key in keys.items()
    ]
    PersonKey.objects.using(DATABASE).bulk_create(rows, batch_size=5000)
    return keys


def find(token: str) -> bytes:
    """The data key of a person.

    Raises:
        UnknownRecord: there is none, or the person has been erased.
        SealBroken: the stored key was changed or belongs to somebody else.

    """
    kept = PersonKey.objects.using(DATABASE).filter(pk=token).values_list("wrapped", flat=True)
    wrapped = kept.first()
    if wrapped is None:
        raise UnknownRecord("identity (erased, or never entered)")
    return _open(token, bytes(wrapped))


def find_many(tokens: Iterable[str]) -> dict[str, bytes]:
    """The data keys of those who have one."""
    found = PersonKey.objects.using(DATABASE).filter(pk__in=list(tokens))
    return {token: _open(token, bytes(box)) for token, box in found.values_list("pk", "wrapped")}


def forget(*tokens: str) -> int:
    """Delete the keys of these persons; returns how many there were.

    On SQLite they are overwritten in the file and in its log at once; on PostgreSQL the rows
    are left behind for the vacuum, which a backup of the keys runs first.
    """
    count = PersonKey.objects.using(DATABASE).filter(pk__in=tokens).delete()[0]
    connection = connections[DATABASE]
    if count and connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def sweep() -> None:
    """On PostgreSQL, remove what forgotten keys left behind in the table."""
    connection = connections[DATABASE]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM keys_personkey")


def backed_up() -> KeyBackup | None:
    """The backup of the keys from which an erased person could still be restored, if any."""
    path = Path(settings.EQUIPOISE_DIR) / NOTE
    if not path.is_file():
        return None
    said = json.loads(path.read_text(encoding="utf-8"))
    return KeyBackup(at=datetime.fromisoformat(said["at"]), path=str(said["path"]))


def _open(token: str, wrapped: bytes) -> bytes:
    return decrypt(master_key(), wrapped, token, "key")
