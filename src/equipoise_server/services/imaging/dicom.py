"""DICOM: the header by a recipe of deid, then a floor that no recipe can lower.

Whatever the recipe says: private tags, nested sequences, overlays, names of people and free
texts go, and identifiers are replaced by keyed hashes. The pixels are decoded and written anew
uncompressed, so that nothing hides between or behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.uid import UID, ExplicitVRLittleEndian

from equipoise.errors import FileRefused, say
from equipoise_server.services.imaging import floor, recipes
from equipoise_server.services.imaging.cleaned import SHOWN, Cleaned, Did, Step, Wanted
from equipoise_server.services.imaging.pixels import Pixels, pixels_of

METHOD = "equipoise: recipe, floor, pixels written anew"
ENHANCED = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
SUSPECT = ("SECONDARY", "SCREEN SAVE", "DERIVED")
IMPLEMENTATION = "2.25.193850612397460829112304982351706341225"
MOST_STEPS = 400
_HEAD = 132  # preamble and the word DICM

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE


def cleaned(data: bytes, wanted: Wanted) -> Cleaned:
    """The picture under a coded name.

    Raises:
        FileRefused: it is damaged, packed as a whole, of another modality, too large unpacked,
            or holds no picture.

    """
    header = _read(data)
    _require_taken(header, wanted)
    pixels = pixels_of(header, wanted.largest)
    before = {path: _text(element) for path, element in _walk(header)}
    warnings = tuple(_warnings(header))
    for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
        if name in header:
            del header[name]
    recipes.follow(header, wanted)
    floor.lower(header, wanted, before)
    out = _whole(header, pixels, wanted)
    steps = tuple(_steps(before, header))
    return Cleaned(kind="dicom", data=out, steps=steps, frames=pixels.frames, warnings=warnings)


def _read(data: bytes) -> FileDataset:
    try:
        stream = BytesIO(data)
        stream.seek(_HEAD)
        meta = pydicom.filereader._read_file_meta_info(stream)
        syntax = meta.get("TransferSyntaxUID")
        if syntax is None or syntax.is_deflated:
            raise FileRefused("it is packed as a whole. Export it uncompressed")
        found = pydicom.dcmread(BytesIO(data))
        _drop_unreadable(found)
        found.decode()
        return found
    except FileRefused:
        raise
    except Exception as problem:  # whatever the reader meets in a damaged file
        raise FileRefused("it is a damaged DICOM file") from problem


def _drop_unreadable(dataset: Dataset) -> None:
    """Take out what is not of its own type, such as a number that is a text."""
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except Exception:  # whatever the conversion meets
            del dataset[tag]
            continue
        if element.VR == "SQ":
            for inner in element.value or []:
                _drop_unreadable(inner)


def _require_taken(header: Dataset, wanted: Wanted) -> None:
    if any(name in header for name in ENHANCED):
        raise FileRefused("it is an enhanced picture of many frames. Export single frames")
    if UID(str(header.get("SOPClassUID", ""))).type != "SOP Class":
        raise FileRefused("it does not say what kind of DICOM object it is")
    modality = str(header.get("Modality", ""))
    if wanted.modalities and modality not in wanted.modalities:
        known = " or ".join(wanted.modalities)
        raise FileRefused(say("its modality is not {known}", known=known))


def _warnings(header: Dataset) -> Iterator[str]:
    yield "not-checked"
    if str(header.get("BurnedInAnnotation", "")).strip().upper() == "YES":
        yield "burned-in"
        return
    kinds = header.get("ImageType", [])
    said = {str(one).upper() for one in ([kinds] if isinstance(kinds, str) else kinds or [])}
    if said & set(SUSPECT) or str(header.get("Modality", "")) in ("US", "XA", "OT", "SC"):
        yield "may-be-burned-in"


def _walk(dataset: Dataset, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every element with its place, those of nested sequences too."""
    for element in dataset:
        here = f"{path}{element.tag}"
        yield here, element
        if element.VR == "SQ":
            for number, inner in enumerate(element.value or []):
                yield from _walk(inner, f"{here}[{number}]")


def _text(element: Any) -> str:
    try:
        value = element.value
        return "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)
    except Exception:  # a value that cannot even be read as its type
        return ""


def _steps(before: dict[str, str], after: Dataset) -> Iterator[Step]:
    now = {path: element for path, element in _walk(after) if element.keyword != "PixelData"}
    listed = 0
    for path, text in before.items():
        if path.startswith("(7FE0") or path.endswith(",0000)"):
            continue
        element = now.get(path)
        listed += 1
        if listed > MOST_STEPS and element is None:
            continue
        name = _name(path)
        if element is None:
            yield Step(tag=path, name=name, did="removed")
        elif _text(element) in ("", "None"):
            yield Step(tag=path, name=name, did="kept" if text in ("", "None") else "blanked")
        else:
            did: Did = "kept" if _text(element) == text else "replaced"
            yield Step(tag=path, name=name, did=did, value=_text(element)[:SHOWN])


def _name(path: str) -> str:
    """What DICOM calls the last element of a path such as `(0008,1140)[0](0008,1155)`."""
    return str(pydicom.datadict.keyword_for_tag(path[-11:].strip("()").replace(",", "")))


def _whole(header: Dataset, pixels: Pixels, wanted: Wanted) -> bytes:
    """A new file: nothing of the old preamble, file header or order of elements is in it."""
    fresh = Dataset()
    for element in header:
        fresh[element.tag] = element
    pixels.put_into(fresh)
    fresh.PatientIdentityRemoved = "YES"
    fresh.DeidentificationMethod = METHOD
    fresh.LongitudinalTemporalInformationModified = (
        "REMOVED" if wanted.shift is None else "MODIFIED"
    )
    fresh.PatientName, fresh.PatientID = wanted.code, wanted.code
    fresh.SpecificCharacterSet = "ISO_IR 192"
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = fresh.SOPClassUID
    meta.MediaStorageSOPInstanceUID = fresh.SOPInstanceUID
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    fresh.file_meta = meta
    out = BytesIO()
    try:
        pydicom.dcmwrite(
            out, fresh, enforce_file_format=True, little_endian=True, implicit_vr=False
        )
    except Exception as problem:  # what was kept has no valid form
        raise FileRefused("its header cannot be written again. Export it anew") from problem
    return out.getvalue()
