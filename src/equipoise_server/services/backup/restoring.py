"""Put a backup back on an empty machine. Nothing is used before all of it has been checked."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from equipoise.errors import BackupUnreadable, FolderNotEmpty, StorageFull
from equipoise_server.databases import FILES
from equipoise_server.services.backup import archive

SECRET = "secret.key"  # noqa: S105 - the name of a file
VAULT_KEY = "vault.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A checked backup in a folder of its own: `data` and `keys`."""

    data: Path
    keys: Path
    sha256: str
    participants: int
    entries: int
    aliases: tuple[str, ...]


def restore(path: Path, keys: Path, folder: Path, *, open_it: Callable[[Path], None]) -> Unpacked:
    """Make an instance in `folder` from a backup and the keys to it.

    `open_it` readies Django for the folder (and on PostgreSQL makes the empty databases).

    Raises:
        FolderNotEmpty: the folder holds something.
        BackupUnreadable: an archive is damaged, was changed, or does not fit the other.
        StorageFull, UnsafeDatabase, ExternalProgramFailed.

    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderNotEmpty(str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".restore-") as name:
        found = _unpack(path, keys, Path(name))
        try:
            _place(found, folder)
            open_it(folder)
            _put_back(found)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return found


def _unpack(path: Path, keys: Path, room: Path) -> Unpacked:
    data, secret = room / "data", room / "keys"
    for one in (data, secret):
        one.mkdir(mode=0o700)
    said = archive.read(path, data)
    archive.read(keys, secret)
    left_out = set(said["left_out"])
    aliases = tuple(alias for alias in FILES if alias not in left_out)
    for name, wanted in ((SECRET, "default" in aliases), (VAULT_KEY, "vault" in aliases)):
        if wanted and not (secret / name).is_file():
            raise BackupUnreadable(str(keys), f"it lacks {name}, without which this is unreadable")
    return Unpacked(
        data=data,
        keys=secret,
        sha256=archive.digest_of(path),
        participants=int(said["participants"]),
        entries=int(said["entries"]),
        aliases=aliases,
    )


def _place(found: Unpacked, folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for source in (found.data, found.keys):
            for one in source.iterdir():
                if one.name == "databases":
                    continue
                if one.is_dir():
                    shutil.copytree(one, folder / one.name)
                else:
                    shutil.copyfile(one, folder / one.name)
                    (folder / one.name).chmod(0o600)
    except OSError as problem:
        raise StorageFull(str(folder), problem.strerror or "input/output error") from problem


def _put_back(found: Unpacked) -> None:
    from equipoise_server.services.backup import copies

    for alias in found.aliases:
        source = found.keys if alias == "keys" else found.data
        copies.put_back(alias, source / "databases")
