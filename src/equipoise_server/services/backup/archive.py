"""An archive: a compressed tar of files that are listed, with their digests, in its first file.

It is written beside its name and renamed when it is whole. Nothing of it is used before every
file in it has been compared with the list; a name outside the list, a link or a path that
leaves the folder is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.digest import canonical_json
from equipoise.errors import BackupUnreadable, StorageFull

LIST = "manifest.json"
FORMAT = 1
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An archive on the disk."""

    path: str
    bytes: int
    sha256: str


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hex, read in pieces."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            found.update(piece)
    return found.hexdigest()


def write(path: Path, folder: Path, facts: Mapping[str, Any]) -> Written:
    """Archive every file under `folder` as `path`, with `facts` in the list.

    Raises:
        StorageFull: it cannot be written; an earlier archive of that name is untouched.

    """
    beside = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as tar:
                _fill(tar, folder, facts)
            file.flush()
            os.fsync(file.fileno())
        written = Written(path=str(path), bytes=beside.stat().st_size, sha256=digest_of(beside))
        beside.rename(path)
    except OSError as problem:
        beside.unlink(missing_ok=True)
        raise StorageFull(str(path), problem.strerror or "input/output error") from problem
    return written


def _fill(tar: tarfile.TarFile, folder: Path, facts: Mapping[str, Any]) -> None:
    files = {str(one.relative_to(folder)): one for one in files_in(folder)}
    listed = {
        name: {"bytes": one.stat().st_size, "sha256": digest_of(one)} for name, one in files.items()
    }
    content = canonical_json({**facts, "format": FORMAT, "files": listed})
    first = tarfile.TarInfo(LIST)
    first.size = len(content)
    tar.addfile(first, io.BytesIO(content))
    for name, one in files.items():
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = one.stat().st_size, 0o600
        with one.open("rb") as file:
            tar.addfile(entry, file)


def files_in(folder: Path) -> Iterator[Path]:
    """Every plain file under a folder, in the order of its name."""
    for one in sorted(folder.rglob("*")):
        if one.is_file() and not one.is_symlink():
            yield one


def read(path: Path, into: Path) -> dict[str, Any]:
    """Unpack an archive into an empty folder and compare it with its list; returns the list.

    Raises:
        BackupUnreadable: it is none, is damaged, was changed, or is of another version.
        StorageFull: the folder cannot be written.

    """
    try:
        with tarfile.open(path, mode="r:gz") as tar:
            said = _first(tar, path)
            while (entry := tar.next()) is not None:
                _unpack(tar, entry, said["files"], into, path)
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as problem:
        raise BackupUnreadable(str(path), "it is damaged, or no backup") from problem
    except OSError as problem:
        if problem.errno is None or "gzip" in str(problem) or not path.is_file():
            raise BackupUnreadable(str(path), "it is missing, damaged, or no backup") from problem
        raise StorageFull(str(into), problem.strerror or "input/output error") from problem
    _compare(said["files"], into, path)
    return said


def _first(tar: tarfile.TarFile, path: Path) -> dict[str, Any]:
    entry = tar.next()
    file = tar.extractfile(entry) if entry is not None and entry.name == LIST else None
    if file is None:
        raise BackupUnreadable(str(path), "it does not begin with its list")
    said: dict[str, Any] = json.loads(file.read())
    if said["format"] != FORMAT:
        raise BackupUnreadable(str(path), f"it has format {said['format']}, not {FORMAT}")
    return said


def _unpack(
    tar: tarfile.TarFile, entry: tarfile.TarInfo, listed: Mapping[str, Any], into: Path, path: Path
) -> None:
    if entry.name not in listed or not entry.isreg() or entry.size != listed[entry.name]["bytes"]:
        raise BackupUnreadable(str(path), f"{entry.name!r} is not in its list")
    tar.extract(entry, into, filter="data")


def _compare(listed: Mapping[str, Any], folder: Path, path: Path) -> None:
    for name, one in listed.items():
        file = folder / name
        if not file.is_file() or digest_of(file) != one["sha256"]:
            raise BackupUnreadable(str(path), f"{name!r} is missing or changed")
