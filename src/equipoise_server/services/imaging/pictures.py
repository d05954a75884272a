"""A kept file as a picture for the screen."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset

from equipoise.errors import UnknownRecord, say
from equipoise.protocol.imaging import FileKind

WIDEST = 1024
"""A picture is shown up to so many pixels wide and high; larger ones are made smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grey:
    """Which stored values become black and white, in the unit of the modality."""

    centre: float
    width: float


def drawn(data: bytes, kind: FileKind, *, frame: int = 0, grey: Grey | None = None) -> bytes:
    """One frame as PNG. Without `grey`: what the file says, else from lowest to highest.

    Raises:
        UnknownRecord: there is no such frame, or a file of this kind is not shown.

    """
    if kind == "png" and frame == 0:
        with Image.open(BytesIO(data), formats=["PNG"]) as picture:
            return _png(_eight(picture))
    if kind != "dicom":
        raise UnknownRecord("a picture of this file")
    header = pydicom.dcmread(BytesIO(data))
    array = header.pixel_array
    colour = int(header.SamplesPerPixel) == 3
    every = (
        array.reshape((-1, *array.shape[-3:])) if colour else array.reshape((-1, *array.shape[-2:]))
    )
    if not 0 <= frame < len(every):
        raise UnknownRecord(say("frame {frame} of the picture", frame=frame + 1))
    if colour:
        return _png(Image.fromarray(every[frame].astype(np.uint8)))
    return _png(Image.fromarray(_shades(header, every[frame], grey)))


def _shades(
    header: Dataset, stored: np.ndarray[Any, Any], grey: Grey | None
) -> np.ndarray[Any, Any]:
    values = stored.astype(np.float64) * _number(header, "RescaleSlope", 1.0)
    values += _number(header, "RescaleIntercept", 0.0)
    chosen = grey or _said(header) or _whole(values)
    low = chosen.centre - chosen.width / 2
    shades = np.clip((values - low) / max(chosen.width, 1e-9), 0, 1) * 255
    if str(header.get("PhotometricInterpretation")) == "MONOCHROME1":
        shades = 255 - shades
    eight: np.ndarray[Any, Any] = shades.astype(np.uint8)
    return eight


def _said(header: Dataset) -> Grey | None:
    centre, width = _number(header, "WindowCenter", None), _number(header, "WindowWidth", None)
    if centre is None or width is None or width <= 0:
        return None
    return Grey(centre=centre, width=width)


def _whole(values: np.ndarray[Any, Any]) -> Grey:
    low, high = float(values.min()), float(values.max())
    return Grey(centre=(low + high) / 2, width=max(high - low, 1.0))


def _number(header: Dataset, name: str, other: Any) -> Any:
    value = header.get(name)
    if value is None or value == "":
        return other
    first = value if isinstance(value, int | float) or not hasattr(value, "__len__") else value[0]
    return float(first)


def _eight(picture: Image.Image) -> Image.Image:
    """Sixteen bits of grey as eight."""
    if not picture.mode.startswith("I"):
        return picture
    return Image.fromarray((np.asarray(picture).astype(np.uint32) >> 8).astype(np.uint8))


def _png(picture: Image.Image) -> bytes:
    picture.thumbnail((WIDEST, WIDEST))
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
