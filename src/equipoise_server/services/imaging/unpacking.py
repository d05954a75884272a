"""Unpacking compressed pixels in a process of its own.

Decoders of compressed pictures are C and C++ that read what a stranger sent. They run apart:
without identity (the process is given sizes and the packed pixels alone), without a database,
with a limit of memory and of processor time, and what breaks there breaks nothing here.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset

from equipoise.errors import FileRefused, say

WANTED = (
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames",
    "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
    "PixelData", "ExtendedOffsetTable", "ExtendedOffsetTableLengths",
)  # fmt: skip
MEMORY = 4 * 1024**3
SECONDS = 120
_QUIET = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}


def unpacked(header: Dataset) -> np.ndarray[Any, Any]:
    """The pixels of a header whose transfer syntax is compressed.

    Raises:
        FileRefused: there is no decoder for it, the stream is damaged, or it takes too much.

    """
    syntax = header.file_meta.TransferSyntaxUID
    command = [sys.executable, "-P", "-m", __name__]
    paths = os.pathsep.join(one for one in sys.path if one)
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            command,
            input=_parcel(header),
            capture_output=True,
            timeout=SECONDS,
            env={**_QUIET, "PYTHONPATH": paths},
            check=True,
        )
        array: np.ndarray[Any, Any] = np.load(BytesIO(done.stdout), allow_pickle=False)
    except (subprocess.SubprocessError, OSError, ValueError, EOFError) as problem:
        why = say(
            "its pictures, packed as {how}, cannot be decoded. Export it uncompressed",
            how=syntax.name,
        )
        raise FileRefused(why) from problem
    return array


def _parcel(header: Dataset) -> bytes:
    """What a decoder needs, and nothing that says whose it is."""
    bare = Dataset()
    for name in WANTED:
        if name in header:
            bare[name] = header[name]
    bare.file_meta = FileMetaDataset()
    bare.file_meta.TransferSyntaxUID = header.file_meta.TransferSyntaxUID
    out = BytesIO()
    pydicom.dcmwrite(out, bare, enforce_file_format=False)
    return out.getvalue()


def _unpack() -> None:
    """In the other process: from a parcel on standard input to an array on standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    found = pydicom.dcmread(BytesIO(sys.stdin.buffer.read()), force=True)
    out = BytesIO()
    np.save(out, found.pixel_array, allow_pickle=False)
    sys.stdout.buffer.write(out.getvalue())


if __name__ == "__main__":
    _unpack()
