"""A folder that a service writes, sent as one file and then gone."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from django.http import FileResponse

Writer = Callable[[Path], object]
_MOMENT = (2000, 1, 1, 0, 0, 0)  # the same bytes for the same data


def zipped(name: str, write: Writer) -> FileResponse:
    """Let `write` fill a new folder and answer with it as `name.zip`.

    Nothing of it stays on this machine: the folder goes before the answer, the archive has no
    name and goes with the answer.
    """
    archive = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer
    try:
        with tempfile.TemporaryDirectory(prefix="export-") as made:
            folder = Path(made) / name
            write(folder)
            _pack(folder, archive)
    except BaseException:
        archive.close()
        raise
    archive.seek(0)
    return FileResponse(archive, as_attachment=True, filename=f"{name}.zip")


def _pack(folder: Path, archive: IO[bytes]) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{file.relative_to(folder)}", _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            with file.open("rb") as source, packed.open(entry, "w") as target:
                while part := source.read(1 << 20):
                    target.write(part)
