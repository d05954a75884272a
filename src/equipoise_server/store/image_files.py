"""Kept files outside the database: under the digest of their content, and nothing else.

`files/images/AB/ABCDEF...` in the instance folder. A file is written beside its name, flushed
to the disk and renamed before the row that names it is committed; so a row always has its file.
De-identified files that nobody has looked at yet lie in `pending-images` and are in no backup.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from equipoise.errors import FileMissing, StorageFull

KEPT = Path("files", "images")
PENDING = Path("pending-images")
KEY = "imaging.key"


def keep(content: bytes) -> str:
    """Keep a file; returns its digest. One that is there already is left as it is.

    Raises:
        StorageFull: it cannot be written.

    """
    digest = hashlib.sha256(content).hexdigest()
    path = _path(digest)
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        _write(path, content)
    return digest


def read(digest: str) -> bytes:
    """The content of a kept file.

    Raises:
        FileMissing: it is gone or was changed.

    """
    try:
        content = _path(digest).read_bytes()
    except OSError as problem:
        raise FileMissing(digest) from problem
    if hashlib.sha256(content).hexdigest() != digest:
        raise FileMissing(digest)
    return content


def erase(digest: str) -> None:
    """Destroy a kept file; gone already is done."""
    _path(digest).unlink(missing_ok=True)


def broken(digests: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each digest whose file is not as it was kept, and why."""
    for digest in sorted(set(digests)):
        if not _path(digest).is_file():
            yield digest, "the file is missing"
            continue
        try:
            read(digest)
        except FileMissing:
            yield digest, "the file was changed"


def put_aside(token: str, content: bytes) -> None:
    """Keep a de-identified file until somebody has looked at it.

    Raises:
        StorageFull: it cannot be written.

    """
    _write(_pending(token), content)


def aside(token: str) -> bytes | None:
    """A file that waits to be looked at; None where there is none any more."""
    try:
        return _pending(token).read_bytes()
    except OSError:
        return None


def drop(token: str) -> None:
    """Destroy a file that waited."""
    _pending(token).unlink(missing_ok=True)


def waiting() -> list[str]:
    """The tokens of the files that wait."""
    folder = Path(settings.EQUIPOISE_DIR) / PENDING
    return sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []


def key() -> bytes:
    """The key of the hashes that replace identifiers; made when it is first needed.

    Raises:
        StorageFull: it cannot be written.

    """
    path = Path(settings.EQUIPOISE_DIR) / KEY
    if not path.is_file():
        beside = path.with_name(f".{KEY}.{secrets.token_hex(4)}")
        _write(beside, secrets.token_bytes(32))
        try:
            os.link(beside, path)  # whoever is first: nobody ever reads half a key
        except FileExistsError:
            pass
        finally:
            beside.unlink(missing_ok=True)
    return path.read_bytes()


def _path(digest: str) -> Path:
    if len(digest) != 64 or not digest.isalnum():
        raise FileMissing(digest)
    return Path(settings.EQUIPOISE_DIR) / KEPT / digest[:2] / digest


def _pending(token: str) -> Path:
    if not token.isalnum():
        raise FileMissing(token)
    return Path(settings.EQUIPOISE_DIR) / PENDING / token


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, readable by its owner alone, on the disk before this returns."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as problem:
        beside.unlink(missing_ok=True)
        raise StorageFull(str(path.parent), problem.strerror or "input/output error") from problem
