"""De-identification of PNG and PDF: the picture and the pages stay, and nothing beside them."""

from __future__ import annotations

import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from equipoise.errors import FileRefused
from equipoise_server.services.imaging.clean import clean
from sent_files import WANTED, chunk, pdf, png

# --- PNG


def test_everything_beside_the_picture_leaves_a_png() -> None:
    extra = b"".join(
        [
            chunk(b"tEXt", b"Patient\x00CANARY"),
            chunk(b"zTXt", b"Note\x00\x00" + zlib.compress(b"CANARY")),
            chunk(b"iTXt", b"A\x00\x00\x00\x00\x00CANARY"),
            chunk(b"eXIf", b"MM\x00*CANARY"),
            chunk(b"tIME", b"\x07\xbd\x0b\x07\x00\x00\x00"),
            chunk(b"caNy", b"CANARY"),
        ]
    )
    done = clean(png(extra), WANTED)
    assert b"CANARY" not in done.data
    assert {one.tag for one in done.steps} >= {"tEXt", "zTXt", "iTXt", "eXIf", "tIME", "caNy"}
    assert {done.data[8 + 4 : 8 + 8]} == {b"IHDR"}
    before, after = (np.asarray(Image.open(BytesIO(one))) for one in (png(), done.data))
    assert (before == after).all()


@pytest.mark.parametrize(
    "data",
    [
        png() + b"<script>",
        png() + b"PK\x05\x06" + b"\x00" * 18,
        png(chunk(b"acTL", b"\x00" * 8)),
        png(size=(60_000, 60_000)),
        png(size=(16_000, 16_000)),
        png()[:-6],
        png().replace(b"IDAT", b"IDAX"),
        b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""),
    ],
    ids=["behind", "archive", "moving", "huge", "bomb", "cut", "sum", "empty"],
)
def test_a_png_that_is_not_a_still_sound_picture_is_refused(data: bytes) -> None:
    with pytest.raises(FileRefused):
        clean(data, WANTED)


def test_a_packed_text_that_would_unpack_without_end_is_never_unpacked() -> None:
    bomb = chunk(b"zTXt", b"Note\x00\x00" + zlib.compress(b"\x00" * 50_000_000, 9))
    assert len(clean(png(bomb), WANTED).data) < 2000


# --- PDF


def test_who_made_a_pdf_and_what_it_noted_stays_behind() -> None:
    info = b"9 0 obj\n<< /Author (CANARY) /Title <43414E415259> >>\nendobj\n"
    meta = b"8 0 obj\n<< /Type /Metadata /Length 6 >>\nstream\nCANARY\nendstream\nendobj\n"
    notes = b"7 0 obj\n<< /Subtype /Text /T (CANARY) /Contents (CANARY) >>\nendobj\n"
    older = b"3 0 obj\n<< /Type /Page /Hidden (CANARY) >>\nendobj\n"
    page = (
        b"3 0 obj\n<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Annots [7 0 R] "
        b"/PieceInfo << /X (CANARY) >> >>\nendobj\n"
    )
    data = pdf(
        b"/Metadata 8 0 R /Outlines 7 0 R /Names 7 0 R ",
        older + info + meta + notes + page + b"% CANARY in a comment\n",
        b"/Info 9 0 R ",
    )
    done = clean(data, WANTED)
    assert b"CANARY" not in done.data
    assert b"434E4152" not in done.data
    assert b"0 0 9 re" in done.data
    assert {"Author, title, dates", "Metadata", "Notes, links and form fields"} <= {
        one.name for one in done.steps if one.did == "removed"
    }
    assert clean(done.data, WANTED).data == done.data


def _packed(objects: bytes, number: int = 1) -> bytes:
    head = b"11 0 "
    body = zlib.compress(head + objects)
    return (
        b"10 0 obj\n<< /Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d >>\nstream\n"
        % (number, len(head), len(body))
        + body
        + b"\nendstream\nendobj\n"
    )


def _stream(packed: bytes, filters: bytes) -> bytes:
    head = b"12 0 obj\n<< /Filter " + filters + b" /Length %d >>\nstream\n" % len(packed)
    return head + packed + b"\nendstream\nendobj\n"


REFUSED_PDF = {
    "encrypted": pdf(trailer=b"/Encrypt 9 0 R "),
    "script": pdf(b"/OpenAction << /S /JavaScript /JS (x) >> "),
    "script in disguise": pdf(b"/OpenAction << /S /J#61vaScript >> "),
    "script in a packed group": pdf(extra=_packed(b"<< /S /JavaScript >>")),
    "files inside": pdf(b"/Names << /EmbeddedFiles 5 0 R >> "),
    "a file inside": pdf(extra=b"5 0 obj\n<< /Type /EmbeddedFile >>\nendobj\n"),
    "starts programs": pdf(extra=b"5 0 obj\n<< /S /Launch /F (x) >>\nendobj\n"),
    "sends forms": pdf(extra=b"5 0 obj\n<< /S /SubmitForm >>\nendobj\n"),
    "a bomb": pdf(extra=_stream(zlib.compress(b"\x00" * 9_000_000, 9), b"/FlateDecode")),
    "a bomb in a bomb": pdf(extra=_stream(b"x", b"[/FlateDecode /FlateDecode]")),
    "something behind": pdf() + b"<script>",
    "an archive behind": pdf() + b"PK\x05\x06" + b"\x00" * 18,
    "nested without end": pdf(b"/X " + b"[" * 5000),
    "no pages": pdf().replace(b"/Pages 2 0 R", b""),
    "no end": pdf().replace(b"%%EOF", b""),
}


@pytest.mark.parametrize("name", REFUSED_PDF)
def test_a_pdf_that_can_do_more_than_show_pages_is_refused(name: str) -> None:
    with pytest.raises(FileRefused):
        clean(REFUSED_PDF[name], WANTED)


def test_a_photograph_inside_a_pdf_loses_what_its_camera_wrote() -> None:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "CANARY of the camera"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(out, "JPEG", exif=exif, comment=b"CANARY")
    assert b"CANARY" in out.getvalue()
    done = clean(pdf(extra=_photo(out.getvalue()), catalog=b"/Pic 5 0 R "), WANTED)
    assert b"CANARY" not in done.data
    start = done.data.index(b"\xff\xd8")
    photo = Image.open(BytesIO(done.data[start : done.data.index(b"\xff\xd9", start) + 2]))
    assert photo.size == (8, 8)


def _photo(data: bytes) -> bytes:
    head = b"5 0 obj\n<< /Subtype /Image /Filter /DCTDecode /Length %d >>\nstream\n" % len(data)
    return head + data + b"\nendstream\nendobj\n"
