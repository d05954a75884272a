"""Files as somebody might send them: sound ones, and the words that must not survive."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from equipoise_server.services.imaging.cleaned import Wanted

WANTED = Wanted(kinds=("dicom", "png", "pdf"), largest=1 << 20, code="IMG-7K3M-Q9TX", key=b"k" * 32)
CANARY = "CANARY"
NUMBER = "123456"  # becomes a text once it is written


def changed(**more: object) -> Wanted:
    given = {name: getattr(WANTED, name) for name in WANTED.__dataclass_fields__}
    return Wanted(**{**given, **more})


def picture(shape: tuple[int, ...] = (16, 16), bits: int = 12) -> Dataset:
    """A sound CT picture of nobody."""
    made, meta = Dataset(), FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, "1.2.3"
    made.file_meta = meta
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, "1.2.3"
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    made.Modality, made.PatientName, made.PatientID = "CT", "CANARY^X", "CANARY"
    made.PatientBirthDate, made.StudyDate = "19771107", "20230301"
    made.Rows, made.Columns = shape[-2:]
    if len(shape) == 3:
        made.NumberOfFrames = shape[0]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, bits, bits - 1
    made.PixelRepresentation = 0
    stored = np.random.default_rng(3).integers(0, 1 << bits, shape)
    made.PixelData = stored.astype("<u2").tobytes()
    return made


def dicom(made: Dataset, preamble: bytes = b"") -> bytes:
    out = BytesIO()
    pydicom.dcmwrite(out, made, enforce_file_format=True)
    return preamble.ljust(128, b"\x00") + out.getvalue()[128:]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(extra: bytes = b"", size: tuple[int, int] | None = None) -> bytes:
    out = BytesIO()
    shades = np.random.default_rng(5).integers(0, 255, (9, 7)).astype(np.uint8)
    Image.fromarray(shades).save(out, "PNG")
    data = out.getvalue()
    if size is not None:
        head = struct.pack(">II", *size) + data[24:29]
        data = data[:8] + chunk(b"IHDR", head) + data[33:]
    return data[:33] + extra + data[33:]


def pdf(catalog: bytes = b"", extra: bytes = b"", trailer: bytes = b"") -> bytes:
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R " + catalog + b">>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
        b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>\nendobj\n"
        b"4 0 obj\n<< /Length 8 >>\nstream\n0 0 9 re\nendstream\nendobj\n" + extra + b"trailer\n"
        b"<< /Root 1 0 R " + trailer + b">>\nstartxref\n0\n%%EOF\n"
    )
