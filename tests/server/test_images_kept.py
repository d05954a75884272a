"""Files live through a backup, and an export lists them with their readings."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace

import pytest

from equipoise_server.services.backup import archive
from equipoise_server.services.backup.making import make
from equipoise_server.services.imaging.attach_image import withdraw_image
from equipoise_server.services.trial.export import export
from equipoise_server.store.models import Image, Scan
from server import imaged
from server.cast import NOW, open_the_trial

pytestmark = pytest.mark.once


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_a_backup_takes_files_along_and_an_export_lists_them(
    instance: SimpleNamespace, tmp_path: Path
) -> None:
    imaged.add_pictures(instance.folder / "study")
    trial = open_the_trial(instance)
    code = trial.enrol()
    first, second = (imaged.attach(trial, code, imaged.scan_file(one)) for one in (1, 2))
    withdraw_image(
        image=second, reason="=twice", erase=True, by=trial.data_manager, at=NOW, key="x"
    )
    imaged.read(Scan.objects.get(), imaged.readers(trial, 1)[0], 2, 3)
    half_written = instance.folder / "files" / "images" / ".half"
    half_written.write_bytes(b"half")

    make(tmp_path / "data.tar.gz", tmp_path / "keys.tar.gz", at=NOW)
    data, keys = tmp_path / "data", tmp_path / "keys"
    for name in (data, keys):
        name.mkdir()
        archive.read(tmp_path / f"{name.name}.tar.gz", name)
    kept = Image.objects.get(pk=first).sha256
    assert [one.name for one in (data / "files").rglob("*") if one.is_file()] == [kept]
    assert (keys / "imaging.key").read_bytes() == (instance.folder / "imaging.key").read_bytes()
    assert not list(data.rglob("*.key"))

    out = tmp_path / "out"
    export(to="csv", out=out, by=trial.data_manager, at=NOW)
    files, read = _table(out / "files.csv"), _table(out / "readings.csv")
    assert [(one["file"], one["erased"]) for one in files if one["erased"]] == [(second, "true")]
    assert next(one for one in files if one["file"] == second)["withdrawn_reason"] == "'=twice"
    assert [(one["sha256"], one["participant"]) for one in files if not one["erased"]] == [
        (kept, code)
    ]
    assert [(one["slot"], one["total"], one["scores"]) for one in read] == [
        ("1", "5.0", "r1_lower=3 r1_upper=2")
    ]
