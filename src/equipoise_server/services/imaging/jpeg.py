"""JPEG inside other files: the picture without what a camera or a program wrote beside it."""

from __future__ import annotations

import struct

from equipoise.errors import FileRefused

START, SCAN, END = b"\xff\xd8", 0xDA, b"\xff\xd9"
NOTES = {*range(0xE1, 0xEE), 0xEF, 0xFE}
"""Application data and comments; the first (JFIF) and Adobe's are needed to show the picture."""


def without_notes(data: bytes) -> bytes:
    """The same picture without notes, and without anything behind its end.

    Raises:
        FileRefused: it is damaged.

    """
    if not data.startswith(START) or END not in data:
        raise FileRefused("it holds a damaged JPEG picture")
    parts, at = [START], 2
    while at + 4 <= len(data):
        mark, kind, length = struct.unpack_from(">BBH", data, at)
        end = at + 2 + length
        if mark != 0xFF or length < 2 or end > len(data):
            raise FileRefused("it holds a damaged JPEG picture")
        if kind == SCAN:
            return b"".join(parts) + data[at : data.rindex(END) + 2]
        if kind not in NOTES:
            parts.append(data[at:end])
        at = end
    raise FileRefused("it holds a damaged JPEG picture")
