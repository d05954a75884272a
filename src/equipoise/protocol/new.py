"""Write a small study folder to start from, all of it or nothing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from equipoise.errors import FolderNotEmpty, StorageFull
from equipoise.protocol.skeleton import FILES


def write_study(folder: Path) -> tuple[str, ...]:
    """Write the skeleton into `folder`, which must be new or empty; the names of its files.

    The files are written beside it first and moved in one step, so that a failure leaves
    nothing behind.

    Raises:
        FolderNotEmpty: there is something in the folder already.
        StorageFull: the folder cannot be written.
    """
    try:
        if folder.is_symlink() or (folder.exists() and not _empty(folder)):
            raise FolderNotEmpty(str(folder))
        _write(folder)
    except OSError as problem:
        raise StorageFull(str(folder), problem.strerror or "input or output error") from problem
    return tuple(sorted(FILES))


def _empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _write(folder: Path) -> None:
    target = folder.absolute()
    made = [parent for parent in target.parents if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for name, text in FILES.items():
            file = draft / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        draft.chmod(0o755)
        draft.replace(target)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        for parent in made:
            parent.rmdir()
        raise
