"""Compressed DICOM, as scanners and archives write it: decoded apart, exactly, or refused plainly."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import HTJ2KLossless

from equipoise.errors import FileRefused
from equipoise_server.services.imaging import unpacking
from equipoise_server.services.imaging.clean import clean
from sent_files import WANTED, dicom, picture

SYNTAXES = {
    "rle": gdcm.TransferSyntax.RLELossless,
    "jpeg-lossless": gdcm.TransferSyntax.JPEGLosslessProcess14,
    "jpeg-lossless-sv1": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    "jpeg-ls": gdcm.TransferSyntax.JPEGLSLossless,
    "jpeg-2000": gdcm.TransferSyntax.JPEG2000Lossless,
}


def packed(made: Dataset, folder: Path, name: str) -> bytes:
    """The picture as an archive would hand it out."""
    source, target = folder / "plain", folder / "packed"
    source.write_bytes(dicom(made))
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(SYNTAXES[name]))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return target.read_bytes()


@pytest.mark.parametrize("name", SYNTAXES)
def test_what_scanners_compress_is_kept_to_the_last_bit_and_uncompressed(
    name: str, tmp_path: Path
) -> None:
    made = picture()
    sent = packed(made, tmp_path, name)
    assert pydicom.dcmread(BytesIO(sent)).file_meta.TransferSyntaxUID.is_compressed
    done = clean(sent, WANTED)
    kept = pydicom.dcmread(BytesIO(done.data))
    assert not kept.file_meta.TransferSyntaxUID.is_compressed
    assert (kept.pixel_array.ravel() == np.frombuffer(made.PixelData, "<u2")).all()
    assert str(kept.PatientName) == WANTED.code


def test_a_decoder_is_told_nothing_but_how_the_pixels_are_packed(tmp_path: Path) -> None:
    header = pydicom.dcmread(BytesIO(packed(picture(), tmp_path, "jpeg-ls")))
    header.PatientName = "CANARY"
    parcel = pydicom.dcmread(BytesIO(unpacking._parcel(header)), force=True)
    assert b"CANARY" not in unpacking._parcel(header)
    assert {one.keyword for one in parcel} <= set(unpacking.WANTED)


def test_a_stream_that_is_not_what_its_header_says_is_refused(tmp_path: Path) -> None:
    small, large = picture(), picture()
    large.Rows = large.Columns = 32
    large.PixelData = bytes(2 * 32 * 32)
    header = pydicom.dcmread(BytesIO(packed(small, tmp_path, "jpeg-2000")))
    other = pydicom.dcmread(BytesIO(packed(large, tmp_path, "jpeg-2000")))
    header.PixelData = other.PixelData
    with pytest.raises(FileRefused):
        clean(dicom(header), WANTED)


def test_a_cut_stream_and_a_packing_nobody_reads_are_refused_by_name(tmp_path: Path) -> None:
    header = pydicom.dcmread(BytesIO(packed(picture(), tmp_path, "jpeg-lossless-sv1")))
    whole = header.PixelData
    header.PixelData = whole[: len(whole) // 2 // 2 * 2]
    with pytest.raises(FileRefused):
        clean(dicom(header), WANTED)
    header.PixelData = whole
    header.file_meta.TransferSyntaxUID = HTJ2KLossless
    with pytest.raises(FileRefused, match=r"High-Throughput JPEG 2000.*Export it uncompressed"):
        clean(dicom(header), WANTED)


def test_a_decoder_that_takes_too_much_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = packed(picture(), tmp_path, "jpeg-ls")
    monkeypatch.setattr(unpacking, "SECONDS", 0)
    with pytest.raises(FileRefused, match="cannot be decoded"):
        clean(header, WANTED)
