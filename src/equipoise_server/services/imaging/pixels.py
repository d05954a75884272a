"""Pixels of a DICOM file: judged before they are unpacked, and written anew uncompressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

from equipoise.errors import FileRefused, say
from equipoise_server.services.imaging.unpacking import unpacked

GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420")
HIGHEST = 16_384
MOST_FRAMES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """Decoded pixels: frames x rows x columns, and x 3 in colour."""

    array: np.ndarray[Any, Any]
    photometric: str
    stored: int

    @property
    def frames(self) -> int:
        """How many pictures there are."""
        return int(self.array.shape[0])

    def put_into(self, header: Dataset) -> None:
        """Write them into a header, with everything that says how they are kept."""
        frames, rows, columns = self.array.shape[:3]
        colour = self.array.ndim == 4
        header.Rows, header.Columns = rows, columns
        header.SamplesPerPixel = 3 if colour else 1
        header.PhotometricInterpretation = self.photometric
        bits = self.array.dtype.itemsize * 8
        header.BitsAllocated, header.BitsStored, header.HighBit = bits, self.stored, self.stored - 1
        header.PixelRepresentation = int(self.array.dtype.kind == "i")
        for name in ("NumberOfFrames", "PlanarConfiguration"):
            if name in header:
                del header[name]
        if frames > 1:
            header.NumberOfFrames = frames
        if colour:
            header.PlanarConfiguration = 0
        little = self.array.astype(self.array.dtype.newbyteorder("<"), copy=False)
        raw = np.ascontiguousarray(little).tobytes()
        header.add_new("PixelData", "OW" if bits > 8 else "OB", raw + b"\x00" * (len(raw) % 2))


def pixels_of(header: Dataset, largest: int) -> Pixels:
    """The pixels of a header that has been read whole.

    Raises:
        FileRefused: there are none, too many, or of a kind that is not taken.

    """
    rows, columns, frames, samples, bits = _numbers(header)
    if "PixelData" not in header or rows == 0 or columns == 0:
        raise FileRefused("it holds no picture")
    if rows > HIGHEST or columns > HIGHEST or not 1 <= frames <= MOST_FRAMES:
        raise FileRefused(
            say(
                "it has pictures beyond {highest} pixels or {most_frames} frames",
                highest=HIGHEST,
                most_frames=MOST_FRAMES,
            )
        )
    photometric = str(header.get("PhotometricInterpretation", ""))
    fits = photometric in GREY and samples == 1 and bits in (8, 16, 32)
    fits = fits or (photometric in COLOUR and samples == 3 and bits == 8)
    if not fits:
        raise FileRefused("its colours are of a kind that is not taken. Export grey or RGB")
    if rows * columns * frames * samples * bits // 8 > largest:
        raise FileRefused("its pictures are too large when they are unpacked")
    colour = photometric in COLOUR
    array = _decoded(header)
    if array.size != rows * columns * frames * samples or array.dtype.itemsize * 8 != bits:
        raise FileRefused("it is a damaged DICOM file")
    array = array.reshape((frames, rows, columns, *((3,) if colour else ())))
    stored = int(header.get("BitsStored", bits) or bits)
    return Pixels(
        array=_without_hidden_bits(array, stored),
        photometric="RGB" if colour else photometric,
        stored=min(stored, array.dtype.itemsize * 8),
    )


def _numbers(header: Dataset) -> tuple[int, int, int, int, int]:
    try:
        return (
            int(header.get("Rows", 0) or 0),
            int(header.get("Columns", 0) or 0),
            int(header.get("NumberOfFrames", 1) or 1),
            int(header.get("SamplesPerPixel", 1) or 1),
            int(header.get("BitsAllocated", 0) or 0),
        )
    except (TypeError, ValueError) as problem:
        raise FileRefused("it is a damaged DICOM file") from problem


def _decoded(header: Dataset) -> np.ndarray[Any, Any]:
    syntax = header.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated and syntax != RLELossless:
        return unpacked(header)
    try:
        array: np.ndarray[Any, Any] = header.pixel_array
    except Exception as problem:  # a damaged stream
        raise FileRefused("its pictures cannot be decoded. Export it uncompressed") from problem
    return array


def _without_hidden_bits(array: np.ndarray[Any, Any], stored: int) -> np.ndarray[Any, Any]:
    """Bits above those in use can carry a drawing, so they are cleared."""
    spare = array.dtype.itemsize * 8 - stored
    if spare <= 0 or array.dtype.kind not in "iu":
        return array
    cleared: np.ndarray[Any, Any] = (array << spare) >> spare
    return cleared
