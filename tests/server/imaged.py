"""The three-arm study with pictures that two masked readers score, and files to send."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import yaml
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.imaging.attach_image import attach_image
from equipoise_server.services.imaging.offer_image import Spot, offer_image
from equipoise_server.services.imaging.read_image import read_image
from equipoise_server.store import imaging
from equipoise_server.store.models import Scan, User
from equipoise_server.store.save import Place
from server.cast import NOW, TODAY, Cast, key

FORM, RULE, VISIT = "picture", "stomach", "screen"
PARTS = ("upper", "lower")


def _item(name: str, **more: Any) -> dict[str, Any]:
    words = {"en": name.replace("_", " "), "zh-Hans": "项目"}
    return {"id": name, "text": words, "type": "integer", **more}


def _sheet(number: int) -> dict[str, Any]:
    items = [_item(f"r{number}_{one}", low=0, high=5, required=True) for one in PARTS]
    total = _item(f"r{number}_total", derive=" + ".join(f"r{number}_{one}" for one in PARTS))
    reader = _item(f"r{number}_reader") | {"type": "text"}
    title = {"en": f"Reader {number}", "zh-Hans": "阅片者"}
    return {"id": f"read{number}", "title": title, "items": [reader, *items, total]}


PICTURE = {
    "id": FORM,
    "title": {"en": "Picture of the stomach", "zh-Hans": "胃部图像"},
    "audience": "blinded",
    "assesses": True,
    "groups": [
        {
            "id": "taken",
            "title": {"en": "Taken", "zh-Hans": "采集"},
            "items": [
                _item("size", low=0, high=90),
                _item("blind") | {"type": "boolean"},
            ],
        },
        _sheet(1),
        _sheet(2),
        {
            "id": "result",
            "title": {"en": "Result", "zh-Hans": "结果"},
            "items": [
                _item(
                    "third",
                    low=0,
                    high=10,
                    required=True,
                    shown_if="r1_total - r2_total > 3 || r2_total - r1_total > 3",
                )
            ],
        },
    ],
}
PLAN: dict[str, Any] = {
    "files": [
        {
            "id": RULE,
            "form": FORM,
            "title": {"en": "Pictures", "zh-Hans": "图像"},
            "kinds": ["dicom", "png"],
            "modalities": ["CT"],
            "largest_mib": 1,
            "most": 3,
            "windows": [
                {"id": "soft", "title": {"en": "Soft", "zh-Hans": "软"}, "centre": 40, "width": 400}
            ],
        }
    ],
    "readings": [
        {
            "id": "severity",
            "files": RULE,
            "title": {"en": "Severity", "zh-Hans": "严重度"},
            "sheets": [
                {
                    "items": [f"r{number}_{one}" for one in PARTS],
                    "total": f"r{number}_total",
                    "reader": f"r{number}_reader",
                }
                for number in (1, 2)
            ],
            "adjudicate_above": 3,
            "adjudicated": "third",
            "masked": "blind",
        }
    ],
}


def add_pictures(folder: Path, **changes: Any) -> None:
    """Give the study in `folder` a form with pictures, and the plan for them."""
    written = yaml.safe_load((folder / "protocol.yaml").read_text())
    title = {"en": "Picture", "zh-Hans": "图像"}
    written["schedule"].append(
        {"id": FORM, "title": title, "forms": [FORM], "at": [VISIT, "week2"]}
    )
    (folder / "protocol.yaml").write_text(yaml.safe_dump(written, allow_unicode=True))
    (folder / "forms" / f"{FORM}.yaml").write_text(yaml.safe_dump(PICTURE, allow_unicode=True))
    plan = {**PLAN, "readings": [{**PLAN["readings"][0], **changes}]}
    (folder / "imaging.yaml").write_text(yaml.safe_dump(plan, allow_unicode=True))


def scan_file(seed: int = 1, **changes: Any) -> bytes:
    """A small CT picture of nobody, with whatever else is asked for."""
    made = Dataset()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, f"1.2.{seed}"
    made.file_meta = meta
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, f"1.2.{seed}"
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.840.1", "1.2.840.1.1"
    made.Modality, made.PatientName, made.PatientID = "CT", "Nobody^At^All", "NOBODY-1"
    made.StudyDate, made.RescaleSlope, made.RescaleIntercept = "20260301", "1", "-1024"
    made.Rows = made.Columns = 16
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    made.PixelRepresentation = 0
    made.PixelData = np.random.default_rng(seed).integers(0, 4096, 256).astype("<u2").tobytes()
    for name, value in changes.items():
        setattr(made, name, value)
    out = BytesIO()
    pydicom.dcmwrite(out, made, enforce_file_format=True)
    return out.getvalue()


def png_file(seed: int = 1, **texts: str) -> bytes:
    """A small grey PNG."""
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    for name, text in texts.items():
        notes.add_text(name, text, zip=True)
    shades = np.random.default_rng(seed).integers(0, 255, (8, 8)).astype(np.uint8)
    out = BytesIO()
    Image.fromarray(shades).save(out, "PNG", pnginfo=notes)
    return out.getvalue()


def spot_of(code: str, visit: str = VISIT) -> Spot:
    """Where the pictures of a participant belong."""
    return Spot(place=Place(participant=code, form=FORM, visit=visit, number=0), rule=RULE)


def attach(trial: Cast, code: str, data: bytes, **more: Any) -> str:
    """Send a file and confirm it, as the investigator."""
    by = more.pop("by", trial.investigator)
    visit = more.pop("visit", VISIT)
    token = offer_image(spot=spot_of(code, visit), data=data, on=TODAY, by=by, at=NOW)
    given = {"looked": True, "closely": True, "key": key(), **more}
    return attach_image(token=token, by=by, at=NOW, **given)


def readers(trial: Cast, count: int = 3) -> tuple[User, ...]:
    """People who read pictures and do nothing else."""
    return tuple(
        appoint(
            username=f"reader-{number}",
            full_name=f"Reader {number}",
            role="image reader",
            site=None,
            by=trial.administrator,
            at=NOW,
            key=key(),
        )
        for number in range(1, count + 1)
    )


def read(scan: Scan, by: User, upper: int, lower: int, **more: Any) -> int:
    """Score a scan as it is now."""
    content = imaging.content_of(imaging.in_use(scan))
    given = {"content": content, "at": NOW, "key": key(), **more}
    scores = {"r1_upper": upper, "r1_lower": lower}
    return read_image(scan=scan.code, scores=scores, by=by, **given)
