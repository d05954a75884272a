"""The demonstration's pictures: drawn by numbers alone, attached and read like any others.

A few records that a masked reading fills are saved without its scores. Pictures of nobody are
attached to them, and readers give, one after the other, the very scores that were left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any

import numpy as np

from equipoise.errors import Refused
from equipoise.protocol.imaging import FileRule, Reading
from equipoise.protocol.model import Study
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.imaging.attach_image import attach_image
from equipoise_server.services.imaging.offer_image import Spot, offer_image
from equipoise_server.services.imaging.read_image import read_image
from equipoise_server.store import imaging
from equipoise_server.store.accounts import person
from equipoise_server.store.models import Scan, User
from equipoise_server.store.save import Place

ROLE = "image reader"
READERS = 3
PICTURED = 5  # records with pictures
SIDE = 160  # pixels
BODY, DARK, MIDDLE = 40.0, -850.0, -480.0
"""Grey values of a body, of two dark fields in it, and of patches within those."""

Later = Callable[[str, date, int, Callable[[datetime], None]], None]


@dataclass(slots=True, kw_only=True)
class Pictures:
    """Which records of one site get pictures, and who reads them."""

    study: Study
    site: str
    readers: tuple[User, ...]
    left: int = PICTURED
    made: list[str] = field(default_factory=list)  # whose

    def reading_of(self, given: Mapping[str, Any], site: str) -> tuple[FileRule, Reading] | None:
        """The masked reading that a record waits for; None where it gets no pictures."""
        if not self.left or site != self.site or given.get("reason"):
            return None
        for reading in self.study.imaging.readings:
            rule = self.study.imaging.rule(reading.files)
            if rule is None or rule.form != given["form"] or "dicom" not in rule.kinds:
                continue
            scored = [name for sheet in reading.sheets for name in sheet.items]
            if all(isinstance(given["values"].get(name), int) for name in scored):
                return rule, reading
        return None

    def take(
        self,
        given: Mapping[str, Any],
        found: tuple[FileRule, Reading],
        by: User,
        later: Later,
    ) -> None:
        """Attach a picture to the record that was just saved, and plan its readings."""
        rule, reading = found
        self.left -= 1
        code, values = given["participant"], given["values"]
        self.made.append(code)
        names = ("participant", "form", "visit", "number")
        place = Place(**{name: given[name] for name in names})
        sheets = [[values[name] for name in sheet.items] for sheet in reading.sheets]
        data = _file(rule, sheets[0], seed=len(self.made))
        spot = Spot(place=place, rule=rule.id)
        at, key = given["at"], given["key"]
        token = offer_image(spot=spot, data=data, on=given["on"], by=by, at=at)
        attach_image(token=token, looked=True, by=by, at=at, key=f"{key}/picture")
        scan = Scan.objects.get(participant=code, form=place.form, visit=place.visit, rule=rule.id)
        apart = abs(sum(sheets[0]) - sum(sheets[1])) > reading.adjudicate_above
        if apart:
            sheets.append(_third(sheets, values.get(reading.adjudicated)))
        for number, scores in enumerate(sheets):
            who = self.readers[(number + len(self.made)) % len(self.readers)]
            act = self._read(scan, reading, scores, who, f"{key}/read/{number}")
            later(code, given["on"], 1 + number, act)

    def _read(
        self, scan: Scan, reading: Reading, scores: list[int], by: User, key: str
    ) -> Callable[[datetime], None]:
        asked = dict(zip(reading.sheets[0].items, scores, strict=True))

        def act(at: datetime) -> None:
            content = imaging.content_of(imaging.in_use(scan))
            try:
                read_image(scan=scan.code, content=content, scores=asked, by=by, at=at, key=key)
            except Refused:  # the participant withdrew the use of data meanwhile
                return

        return act


def without_scores(reading: Reading, values: Mapping[str, Any]) -> dict[str, Any]:
    """What is typed of a record whose scores come from readers."""
    return {name: value for name, value in values.items() if name not in reading.items}


def pictures_of(
    study: Study, site: str, staff: Mapping[tuple[str, str], User], at: datetime
) -> Pictures | None:
    """The pictures of a demonstration, and their readers: the one with the login, and two more."""
    if not study.imaging.readings:
        return None
    more = [
        appoint(
            username=f"image-reader-{number}",
            full_name=f"Image reader {number}",
            role=ROLE,
            site=None,
            by=person("administrator"),
            at=at,
            key=f"demo/appoint/image-reader-{number}",
        )
        for number in range(2, READERS + 1)
    ]
    return Pictures(study=study, site=site, readers=(staff[ROLE, site], *more))


def _third(sheets: list[list[int]], total: Any) -> list[int]:
    """Scores between the two that add up to the total that was decided on."""
    scores = [min(pair) for pair in zip(*sheets, strict=True)]
    highest = [max(pair) for pair in zip(*sheets, strict=True)]
    wanted = total if isinstance(total, int) else sum(map(sum, sheets)) // 2
    for place in range(len(scores)):
        step = min(highest[place] - scores[place], max(wanted - sum(scores), 0))
        scores[place] += step
    return scores


def _file(rule: FileRule, scores: list[int], *, seed: int) -> bytes:
    """A DICOM file of nobody, with as many patches as the scores say."""
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

    made, meta = Dataset(), FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(f"2.25.{1000 + seed}")
    made.file_meta = meta
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID, made.SeriesInstanceUID = f"2.25.{2000 + seed}", f"2.25.{3000 + seed}"
    made.Modality = rule.modalities[0] if rule.modalities else "OT"
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.PatientName, made.PatientID = "Simulated^Nobody", f"SIM-{seed}"
    made.InstitutionName, made.StudyDate = "Simulated hospital", "20200101"
    made.Rows = made.Columns = SIDE
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.RescaleSlope, made.RescaleIntercept, made.PixelSpacing = "1", "-1024", [2.0, 2.0]
    stored = np.clip(_drawn(scores, seed) + 1024, 0, 4095).astype("<u2")
    made.PixelData = stored.tobytes()
    out = BytesIO()
    pydicom.dcmwrite(out, made, enforce_file_format=True)
    return out.getvalue()


def _drawn(scores: list[int], seed: int) -> np.ndarray[Any, Any]:
    """An oval with two dark fields, and soft patches in them: the higher a score, the more."""
    chance = np.random.Generator(np.random.Philox(seed))
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE - 0.5
    grey = np.full((SIDE, SIDE), -1000.0)
    grey[(x / 0.46) ** 2 + (y / 0.36) ** 2 < 1] = BODY
    fields = [((x - side * 0.2) / 0.15) ** 2 + (y / 0.27) ** 2 < 1 for side in (-1, 1)]
    inside = fields[0] | fields[1]
    grey[inside] = DARK
    for number, score in enumerate(scores):
        side = -1 if number % 2 else 1
        down = -0.18 + 0.36 * number / max(len(scores) - 1, 1)
        for _ in range(3 * score):
            at_x, at_y = side * 0.2 + chance.normal(0, 0.06), down + chance.normal(0, 0.05)
            wide = chance.uniform(0.02, 0.05)
            patch = np.exp(-(((x - at_x) ** 2 + (y - at_y) ** 2) / (2 * wide**2)))
            grey = np.where(inside, np.maximum(grey, DARK + (MIDDLE - DARK) * patch), grey)
    return grey + chance.normal(0, 22, grey.shape)
