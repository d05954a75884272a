"""What no recipe can keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset

from equipoise_server.services.imaging.cleaned import Wanted
from equipoise_server.services.imaging.recipes import moved, new_uid

CODED = frozenset({"PatientName", "PatientID"})
OF_PATIENT = 0x0010
ABOUT_PATIENT = CODED | {"PatientSex", "PatientAge", "PatientSize", "PatientWeight"}
NEVER = frozenset({"PN", "AE", "UR", "UC", "UT", "LT", "ST", "SQ", "UN", "OB", "OW", "OF", "OD"})
"""Value representations of names, addresses, free text, nests, unknown and raw bytes."""
GROUPS = frozenset({0x0032, 0x0038, 0x0040, 0x0400, 0x4000, 0x4008, 0xFFFC, 0xFFFA})
"""Requests, visits, procedures, signatures, comments, padding."""
CODES: dict[str, frozenset[str]] = {
    "ImageType": frozenset(
        [
            "ORIGINAL",
            "DERIVED",
            "PRIMARY",
            "SECONDARY",
            "AXIAL",
            "LOCALIZER",
            "REFORMATTED",
            "MPR",
            "AVERAGE",
        ]
    ),
    "PatientPosition": frozenset(["HFS", "HFP", "HFDR", "HFDL", "FFS", "FFP", "FFDR", "FFDL"]),
    "PhotometricInterpretation": frozenset({"MONOCHROME1", "MONOCHROME2", "RGB"}),
    "BurnedInAnnotation": frozenset({"YES", "NO"}),
    "LossyImageCompression": frozenset({"00", "01"}),
    "PatientSex": frozenset("MFO"),
}
"""Codes of DICOM that may stay; any other text under these names goes."""


def lower(header: Dataset, wanted: Wanted, before: Mapping[str, str]) -> None:
    """Take away, in place, whatever must not stay.

    `before`: what stood in the file by tag, so that an identifier or a date that the recipe
    kept as it was is replaced here.
    """
    header.remove_private_tags()
    for element in list(header):
        if _goes(element, wanted):
            del header[element.tag]
    for element in header:
        if before.get(str(element.tag)) != str(element.value):
            continue
        if element.VR == "UI" and element.keyword != "SOPClassUID":
            element.value = new_uid(str(element.value), wanted)
        elif element.VR in ("DA", "DT", "TM"):
            element.value = moved(element, wanted)
    for name in ("PatientName", "PatientID"):
        setattr(header, name, wanted.code)
    for name in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if name not in header:
            setattr(header, name, new_uid(wanted.code + name, wanted))


def _goes(element: Any, wanted: Wanted) -> bool:
    tag, name = element.tag, element.keyword
    if name in CODED:
        return False
    if element.VR in NEVER or tag.group in GROUPS or not name:
        return True
    if 0x5000 <= tag.group <= 0x50FF or 0x6000 <= tag.group <= 0x60FF:
        return True  # curves, and overlays that may draw a name over the picture
    if tag.group == OF_PATIENT and name not in ABOUT_PATIENT:
        return True
    if name == "Modality":
        return not _is_modality(str(element.value))
    if name in CODES:
        return not _coded(element.value, CODES[name])
    return not _readable(element)


def _is_modality(text: str) -> bool:
    return text.isalpha() and text.isascii() and text.isupper() and 2 <= len(text) <= 4


def _coded(value: Any, known: frozenset[str]) -> bool:
    parts = [value] if isinstance(value, str) else list(value or [])
    return all(str(one) in known for one in parts)


def _readable(element: Any) -> bool:
    """Whether a value is what its type says: a number that is a text is not kept."""
    try:
        value = element.value
        if element.VR in ("DS", "IS"):
            parts = (
                value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
            )
            return all(one in (None, "") or float(one) == float(one) for one in parts)
    except Exception:
        return False
    return True
