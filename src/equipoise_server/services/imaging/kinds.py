"""What a file is, by its content. Its name and what a browser calls it count for nothing."""

from __future__ import annotations

from equipoise.errors import FileRefused, say
from equipoise.protocol.imaging import FileKind

PNG = b"\x89PNG\r\n\x1a\n"
PDF = b"%PDF-"
DICOM = b"DICM"
DICOM_AT = 128
ZIP_END = b"PK\x05\x06"
ZIP_TAIL = 66_000
"""A zip archive is read from its end: its last record lies within so many bytes."""
OTHERS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf\x27\x1c", "an archive"),
    (b"BZh", "an archive"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"<", "a page or drawing"),
    (b"#!", "a program"),
)


def kind_of(data: bytes, largest: int) -> FileKind:
    """The kind of a file.

    Raises:
        FileRefused: it is empty, too large, of no kind that is taken, or of two at once.

    """
    if not data:
        raise FileRefused("it is empty")
    if len(data) > largest:
        raise FileRefused(say("it is larger than {largest} MiB", largest=largest // 1024 // 1024))
    kind = _kind(data)
    if ZIP_END in data[-ZIP_TAIL:]:
        raise FileRefused("it is an archive at the same time. Export the picture again")
    return kind


def _kind(data: bytes) -> FileKind:
    if data[DICOM_AT : DICOM_AT + 4] == DICOM:
        head = data[:DICOM_AT].lstrip(b"\x00")
        others = (*(magic for magic, _ in OTHERS), PNG, PDF)
        if data[:DICOM_AT].startswith(others) or PDF in head:
            raise FileRefused("it is of two kinds at the same time. Export the picture again")
        return "dicom"
    if data.startswith(PNG):
        return "png"
    if data.startswith(PDF):
        return "pdf"
    for magic, what in OTHERS:
        if data.startswith(magic):
            raise FileRefused(say("it is {what}. DICOM, PNG and PDF are taken", what=what))
    raise FileRefused("it is neither DICOM nor PNG nor PDF")
