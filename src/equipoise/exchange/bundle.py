"""A folder of files that is written whole or not at all, with the checksum of each file."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from equipoise.errors import FolderNotEmpty, StorageFull

CHECKSUMS = "SHA256SUMS"
_CHUNK = 1 << 16  # characters gathered before they are encoded, digested and written


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One file of an export.

    `path` is relative to the folder; `rows` counts the rows of a table without its header,
    or the lines of a file of lines, and is 0 for a document.
    """

    path: str
    bytes: int
    sha256: str
    rows: int


class Sheet:
    """A text file that is being written. Holds at most one chunk of it in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self.rows = 0
        self.bytes = 0
        self._file = file
        self._digest = hashlib.sha256()
        self._pending: list[str] = []
        self._held = 0

    def write(self, text: str) -> None:
        """Add text as it is (the name that `csv.writer` calls)."""
        self._pending.append(text)
        self._held += len(text)
        if self._held >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        raw = "".join(self._pending).encode("utf-8")
        self._pending.clear()
        self._held = 0
        self.bytes += len(raw)
        self._digest.update(raw)
        self._file.write(raw)

    def sha256(self) -> str:
        """The digest of what was flushed, in hexadecimal."""
        return self._digest.hexdigest()


@dataclass(slots=True)
class Bundle:
    """The files written so far into a draft of the folder."""

    folder: Path
    files: list[Written] = field(default_factory=list)

    @contextmanager
    def sheet(self, path: str) -> Iterator[Sheet]:
        """Write one file, `path` relative to the folder, with forward slashes."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            sheet = Sheet(file)
            yield sheet
            sheet.flush()
        self.files.append(
            Written(path=path, bytes=sheet.bytes, sha256=sheet.sha256(), rows=sheet.rows)
        )

    def add(self, path: str, text: str) -> None:
        """Write one document."""
        with self.sheet(path) as sheet:
            sheet.write(text)

    def add_checksums(self) -> None:
        """Write the digests of all files so far, in the form that `sha256sum -c` reads."""
        lines = [f"{one.sha256}  {one.path}\n" for one in sorted(self.files, key=lambda f: f.path)]
        self.add(CHECKSUMS, "".join(lines))


@contextmanager
def bundle(folder: Path) -> Iterator[Bundle]:
    """Write a folder that must be new or empty.

    The files are written beside it and moved in one step at the end. Whatever goes wrong
    before, nothing of them stays.

    Raises:
        FolderNotEmpty: there is something in the folder already.
        StorageFull: the folder cannot be written.

    """
    refuse_occupied(folder)
    try:
        made = [parent for parent in folder.absolute().parents if not parent.exists()]
        with _draft(folder.absolute(), made) as draft:
            yield Bundle(draft)
    except OSError as problem:
        raise StorageFull(str(folder), problem.strerror or "input or output error") from problem


def refuse_occupied(folder: Path) -> None:
    """Refuse a folder that holds something, or a name that is no folder.

    Raises:
        FolderNotEmpty, StorageFull.

    """
    try:
        if folder.is_symlink() or (folder.exists() and not _empty(folder)):
            raise FolderNotEmpty(str(folder))
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or "not a usable name"
        raise StorageFull(str(folder), why) from problem


def _empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


@contextmanager
def _draft(target: Path, made: list[Path]) -> Iterator[Path]:
    draft: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}-", dir=target.parent))
        yield draft
        draft.replace(target)
    except BaseException:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
        for parent in made:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
        raise
