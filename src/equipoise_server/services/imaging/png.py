"""PNG: the picture is decoded and written anew; everything beside the picture stays behind."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

from equipoise.errors import FileRefused, say
from equipoise_server.services.imaging.cleaned import Cleaned, Step, Wanted
from equipoise_server.services.imaging.kinds import PNG

MODES = {"1": "L", "L": "L", "LA": "LA", "RGB": "RGB", "RGBA": "RGBA", "P": "RGBA", "I;16": "I;16"}
KEPT = frozenset({"IHDR", "PLTE", "tRNS", "IDAT", "IEND"})
ANIMATED = frozenset({"acTL", "fcTL", "fdAT"})
HIGHEST = 16_384  # pixels along a side


def cleaned(data: bytes, wanted: Wanted) -> Cleaned:
    """The picture alone.

    Raises:
        FileRefused: it is damaged, moves, is too large unpacked, or hides something behind its end.

    """
    chunks = list(_chunks(data))
    names = [name for name, _ in chunks]
    if names[:1] != ["IHDR"] or "IDAT" not in names:
        raise FileRefused("it is a damaged PNG picture")
    if ANIMATED & set(names):
        raise FileRefused("the PNG picture moves. Export a still picture")
    _require_small(chunks[0][1], wanted.largest)
    mode, size, pixels = _decoded(_picture_alone(chunks))
    out = BytesIO()
    Image.frombytes(mode, size, pixels).save(out, "PNG")
    beside = list(dict.fromkeys(name for name in names if name not in KEPT))
    steps = [Step(tag=name, name=_NAMES.get(name, name), did="removed") for name in beside]
    kept = Step(tag="IDAT", name="Pixels", did="kept", value=f"{size[0]} x {size[1]}")
    return Cleaned(kind="png", data=out.getvalue(), steps=(kept, *steps), warnings=("not-checked",))


_NAMES = {
    "tEXt": "Text",
    "zTXt": "Compressed text",
    "iTXt": "International text",
    "eXIf": "Camera data (EXIF)",
    "tIME": "Time of the last change",
    "iCCP": "Colour profile",
    "pHYs": "Size of a pixel",
    "gAMA": "Gamma",
}


def _chunks(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each chunk, its checksum proved, up to the end of the file."""
    at = len(PNG)
    while at < len(data):
        if at + 12 > len(data):
            raise FileRefused("it is a damaged PNG picture")
        length, name = struct.unpack_from(">I4s", data, at)
        body, end = data[at + 8 : at + 8 + length], at + 12 + length
        if len(body) != length or end > len(data) or not name.isalpha():
            raise FileRefused("it is a damaged PNG picture")
        if struct.unpack_from(">I", data, end - 4)[0] != zlib.crc32(name + body):
            raise FileRefused("it is a damaged PNG picture")
        yield name.decode("ascii"), body
        at = end
        if name == b"IEND":
            break
    if at != len(data):
        raise FileRefused("something follows the end of the PNG picture. Export it again")


def _picture_alone(chunks: list[tuple[str, bytes]]) -> bytes:
    """The chunks of the picture, so that no decoder ever unpacks what stands beside it."""
    parts = [PNG]
    for name, body in chunks:
        if name in KEPT:
            whole = name.encode() + body
            parts.append(
                struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))
            )
    return b"".join(parts)


def _require_small(head: bytes, largest: int) -> None:
    """Judge the size before anything is unpacked."""
    if len(head) != 13:
        raise FileRefused("it is a damaged PNG picture")
    width, height, depth, colour = struct.unpack_from(">IIBB", head)
    samples = {0: 1, 2: 3, 3: 4, 4: 2, 6: 4}.get(colour, 4)
    if not (0 < width <= HIGHEST and 0 < height <= HIGHEST):
        raise FileRefused(
            say("the picture is larger than {highest} x {highest} pixels", highest=HIGHEST)
        )
    if width * height * samples * max(depth, 8) // 8 > largest:
        raise FileRefused("the picture is too large when it is unpacked")


def _decoded(data: bytes) -> tuple[str, tuple[int, int], bytes]:
    try:
        with Image.open(BytesIO(data), formats=["PNG"]) as picture:
            picture.load()
            mode = MODES.get(picture.mode)
            if mode is None:
                raise FileRefused("the PNG picture has colours that are not taken")
            plain = picture if picture.mode == mode else picture.convert(mode)
            return mode, plain.size, plain.tobytes()
    except FileRefused:
        raise
    except Exception as problem:  # whatever the decoder meets in a damaged file
        raise FileRefused("it is a damaged PNG picture") from problem
