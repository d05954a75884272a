"""Back up what this process can open: the data to one archive, the keys to another.

The store is copied before the vault: the allocator commits first, so that the vault in a
backup knows everything that the store in it knows, and `tick` finishes the rest. The keys lie
in an archive of their own of which only the newest is kept; see `identity.keyring`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connections

from equipoise.digest import canonical_json
from equipoise_server.databases import FILES
from equipoise_server.identity import keyring
from equipoise_server.services.backup import archive, copies

KEYS = "keys"
FOLDERS = ("study", "studies", "versions", "checkpoints", "files")
SMALL = ("demo",)
KEY_FILES = (
    "secret.key",
    "identity.key",
    "checkpoint.key",
    "vault.key",
    "mfa.key",
    "signing.key",
    "imaging.key",
)
DATA_ALIASES = tuple(alias for alias in FILES if alias != KEYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What was written, and what this process could not open."""

    data: archive.Written
    keys: archive.Written
    participants: int
    entries: int
    left_out: tuple[str, ...]


def make(path: Path, keys: Path, *, at: datetime) -> Backup:
    """Back up the open instance to `path`, and its keys to `keys`, replacing what was there.

    Raises:
        StorageFull: a file cannot be written; earlier backups are untouched.
        ExternalProgramFailed: PostgreSQL's own programs are missing or failed.

    """
    folder = Path(settings.EQUIPOISE_DIR)
    opened = [alias for alias in FILES if copies.openable(alias)]
    participants, entries = _counts() if "default" in opened else (0, 0)
    left_out = tuple(alias for alias in FILES if alias not in opened)
    facts = {
        "at": at,
        "engine": connections[opened[0]].vendor,
        "participants": participants,
        "entries": entries,
        "left_out": left_out,
    }
    with tempfile.TemporaryDirectory(dir=_room(path), prefix=".backup-") as name:
        data, secret = Path(name) / "data", Path(name) / "keys"
        _collect(folder, data, [one for one in DATA_ALIASES if one in opened])
        _collect_keys(folder, secret, with_database=KEYS in opened)
        kept = archive.write(path, data, facts)
        locked = archive.write(keys, secret, {"at": at, "of": kept.sha256})
    _note(folder, keys, at)
    return Backup(
        data=kept, keys=locked, participants=participants, entries=entries, left_out=left_out
    )


def _room(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path.parent


def _counts() -> tuple[int, int]:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT COUNT(*) FROM store_participant), "
            "(SELECT COUNT(*) FROM store_ledgerentry)"
        )
        participants, entries = cursor.fetchone()
        return int(participants), int(entries)


def _collect(folder: Path, out: Path, aliases: Iterable[str]) -> None:
    (out / "databases").mkdir(parents=True)
    for alias in aliases:
        copies.copy(alias, out / "databases")
    for name in FOLDERS:
        if (folder / name).is_dir():
            half_written = shutil.ignore_patterns(".*")
            shutil.copytree(folder / name, out / name, ignore=half_written)
    _copy_small(folder, out, SMALL)


def _collect_keys(folder: Path, out: Path, *, with_database: bool) -> None:
    (out / "databases").mkdir(parents=True)
    if with_database:
        keyring.sweep()
        copies.copy(KEYS, out / "databases")
    _copy_small(folder, out, KEY_FILES)


def _copy_small(folder: Path, out: Path, names: Iterable[str]) -> None:
    for name in names:
        if os.access(folder / name, os.R_OK):
            shutil.copyfile(folder / name, out / name)


def _note(folder: Path, keys: Path, at: datetime) -> None:
    """Say in the instance which key backup exists now: erasing a person refers to it."""
    note = folder / keyring.NOTE
    beside = note.with_suffix(".part")
    beside.write_bytes(canonical_json({"at": at.isoformat(), "path": str(keys.resolve())}))
    beside.rename(note)
