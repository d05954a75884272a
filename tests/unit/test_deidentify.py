"""De-identification of files: nothing planted anywhere survives, and nothing odd is let through."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from equipoise.errors import FileRefused
from equipoise_server.services.imaging import pictures
from equipoise_server.services.imaging.clean import clean
from equipoise_server.services.imaging.cleaned import Cleaned, days_of
from sent_files import CANARY, NUMBER, WANTED, changed, dicom, pdf, picture, png

PLANTED_UID = "1.2.826.0.1.3680043.8.498.777777"
TEXTS = {
    "AE": "CANARY",
    "AS": "077Y",
    "CS": "CANARY",
    "DA": "19771107",
    "DS": NUMBER,
    "DT": "19771107111213",
    "IS": NUMBER,
    "LO": "CANARY",
    "LT": "CANARY",
    "PN": "CANARY^X",
    "SH": "CANARY",
    "ST": "CANARY",
    "TM": "071107",
    "UC": "CANARY",
    "UI": PLANTED_UID,
    "UR": "http://CANARY",
    "UT": "CANARY",
}


def fields() -> list[tuple[int, str, str]]:
    """Every element of the DICOM dictionary that holds text: tag, VR, name."""
    found = []
    for tag, (vr, multiple, _name, _retired, keyword) in pydicom.datadict.DicomDictionary.items():
        if vr in TEXTS and tag > 0x00080005 and keyword and multiple:
            found.append((tag, vr, keyword))
    return found


@pytest.fixture(scope="module")
def planted() -> tuple[Dataset, Cleaned]:
    """A picture with something planted in every text of the dictionary, nested, private, behind."""
    made = picture()
    kept = {one.tag for one in made} | {0x00280008}  # the number of frames has to be one
    inner = Dataset()
    for tag, vr, _ in fields():
        inner.add_new(tag, vr, TEXTS[vr])
        if tag not in kept:
            made.add_new(tag, vr, TEXTS[vr])
    deeper = Dataset()
    deeper.RequestAttributesSequence = [inner]
    made.ReferencedStudySequence = [deeper]
    block = made.private_block(0x0009, "CANARY CO", create=True)
    block.add_new(1, "LO", CANARY)
    block.add_new(2, "SQ", [inner])
    made.add_new(0x60003000, "OW", b"CANARY")
    made.add_new(0x60000022, "LO", CANARY)
    made.add_new(0x50003000, "OW", b"CANARY")
    made.add_new(0xFFFCFFFC, "OB", b"CANARY")
    data = dicom(made).replace(NUMBER.encode(), b"CANARY")
    assert data.count(b"CANARY") > 2000
    return made, clean(data, WANTED)


def test_nothing_planted_in_any_text_of_the_dicom_dictionary_survives(
    planted: tuple[Dataset, Cleaned],
) -> None:
    _, done = planted
    for sign in (b"CANARY", b"19771107", b"071107", PLANTED_UID.encode(), b"1.2.3", b"20230301"):
        assert sign not in done.data, sign
    again = pydicom.dcmread(BytesIO(done.data))
    assert (str(again.PatientName), again.PatientID) == (WANTED.code, WANTED.code)
    assert again.PatientIdentityRemoved == "YES"
    assert not [one for one in again if one.tag.is_private or one.VR == "SQ"]
    assert done.data[:128] == b"\x00" * 128


def test_the_review_tells_what_went_without_repeating_it(planted: tuple[Dataset, Cleaned]) -> None:
    _, done = planted
    said = {one.name: one for one in done.steps}
    assert said["PatientBirthDate"].did == "removed"
    assert (said["PatientName"].did, said["PatientName"].value) == ("replaced", WANTED.code)
    assert said["Rows"].value == "16"
    assert not [one for one in done.steps if CANARY in one.value or "1977" in one.value]


def test_pixels_are_kept_exactly_and_nothing_hides_in_spare_bits() -> None:
    made = picture()
    stored = np.frombuffer(made.PixelData, "<u2")
    made.PixelData = (stored | 0xA000).astype("<u2").tobytes() + b"CANARY-behind"
    done = clean(dicom(made), WANTED)
    again = pydicom.dcmread(BytesIO(done.data))
    assert (again.pixel_array.ravel() == stored).all()
    assert b"CANARY" not in done.data


def test_identifiers_hold_pictures_of_a_study_together_and_lead_nowhere_else() -> None:
    one, two = picture(), picture()
    two.SOPInstanceUID = "1.2.9"
    made = [pydicom.dcmread(BytesIO(clean(dicom(part), WANTED).data)) for part in (one, two)]
    assert made[0].StudyInstanceUID == made[1].StudyInstanceUID != "1.2.3.4"
    assert made[0].SOPInstanceUID != made[1].SOPInstanceUID
    assert made[0].file_meta.MediaStorageSOPInstanceUID == made[0].SOPInstanceUID
    other = clean(dicom(one), changed(key=b"x" * 32))
    assert pydicom.dcmread(BytesIO(other.data)).StudyInstanceUID != made[0].StudyInstanceUID


def test_dates_are_shifted_alike_for_a_participant_or_blanked() -> None:
    made = picture()
    made.AcquisitionDate, made.StudyTime = "20230308", "111213"
    shift = days_of(b"k" * 32, "S01-AAAAA-AAAAA")
    assert 0 < abs(shift) <= 182
    moved = pydicom.dcmread(BytesIO(clean(dicom(made), changed(shift=shift)).data))
    apart = int(moved.AcquisitionDate[-2:]) - int(moved.StudyDate[-2:])
    assert apart in (7, 7 - 28, 7 - 29, 7 - 30, 7 - 31)
    assert moved.StudyDate not in ("20230301", "")
    assert moved.StudyTime == ""
    blank = pydicom.dcmread(BytesIO(clean(dicom(made), WANTED).data))
    assert (blank.StudyDate, blank.AcquisitionDate) == ("", "")


def test_no_recipe_can_keep_a_name_a_private_tag_or_a_date() -> None:
    recipe = (
        "FORMAT dicom\n%header\nREMOVE ALL\nKEEP SOPClassUID\nKEEP PatientName\nKEEP PatientID\n"
        "KEEP PatientBirthDate\nKEEP OtherPatientIDs\nKEEP StudyDate\nKEEP StudyInstanceUID\n"
        "KEEP (0009,1001)\nKEEP ReferencedStudySequence\nKEEP StudyDescription\nKEEP KVP\n"
        "KEEP PatientComments\nKEEP Modality\n"
    )
    made = picture()
    made.StudyDescription, made.OtherPatientIDs, made.PatientComments = "CHEST", CANARY, CANARY
    made.KVP = "120"
    inner = Dataset()
    inner.PatientName = "CANARY^X"
    made.ReferencedStudySequence = [inner]
    made.private_block(0x0009, "CANARY CO", create=True).add_new(1, "LO", CANARY)
    done = clean(dicom(made), changed(recipe=recipe))
    for sign in (b"CANARY", b"19771107", b"20230301", b"1.2.3.4"):
        assert sign not in done.data, sign
    again = pydicom.dcmread(BytesIO(done.data))
    assert (again.StudyDescription, again.KVP) == ("CHEST", 120)  # shown to who reviews


def test_a_picture_that_may_show_a_name_is_pointed_out() -> None:
    burned, screen = picture(), picture()
    burned.BurnedInAnnotation = "YES"
    screen.ImageType = ["DERIVED", "SECONDARY", "SCREEN SAVE"]
    assert "burned-in" in clean(dicom(burned), WANTED).warnings
    assert "may-be-burned-in" in clean(dicom(screen), WANTED).warnings
    assert clean(dicom(picture()), WANTED).warnings == ("not-checked",)


def _deflated() -> bytes:
    made = picture()
    made.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    return dicom(made)


def _says(**more: object) -> bytes:
    made = picture()
    for name, value in more.items():
        setattr(made, name, value)
    return dicom(made)


def _without(name: str) -> bytes:
    made = picture()
    del made[name]
    return dicom(made)


REFUSED_DICOM = {
    "a bomb that unpacks": _deflated,
    "a preamble that is a program": lambda: dicom(picture(), b"MZ\x90\x00"),
    "a preamble that is a picture": lambda: dicom(picture(), b"II*\x00"),
    "a preamble that is a page": lambda: dicom(picture(), b"\x00\x00%PDF-1.4"),
    "an archive behind it": lambda: dicom(picture()) + b"PK\x05\x06" + b"\x00" * 18,
    "no pixels": lambda: _without("PixelData"),
    "too few pixels": lambda: _says(PixelData=b"\x00\x00"),
    "more pixels than there can be": lambda: _says(Rows=16_385),
    "frames beyond measure": lambda: _says(NumberOfFrames=100_000),
    "a picture larger than its file": lambda: _says(Rows=16_000, Columns=16_000),
    "a kind that is none": lambda: _says(SOPClassUID="1.2.3.4.5.CANARY"),
    "a palette": lambda: _says(PhotometricInterpretation="PALETTE COLOR"),
    "nested frames": lambda: _says(SharedFunctionalGroupsSequence=[Dataset()]),
    "cut short": lambda: dicom(picture())[:-200],
    "only a word": lambda: b"\x00" * 128 + b"DICM" + b"CANARY" * 50,
}


@pytest.mark.parametrize("name", REFUSED_DICOM)
def test_a_dicom_file_that_is_not_what_it_should_be_is_refused(name: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        clean(REFUSED_DICOM[name](), WANTED)
    assert CANARY not in str(refusal.value)


def test_any_cut_or_flip_of_a_file_is_refused_or_cleaned_but_never_breaks() -> None:
    sound = {"dicom": dicom(picture()), "png": png(), "pdf": pdf()}
    chance = np.random.default_rng(11)
    for data in sound.values():
        for number in range(60):
            broken = bytearray(data)
            if number % 3 == 0:
                del broken[int(chance.integers(len(broken))) :]
            else:
                for place in chance.integers(len(broken), size=1 + number % 5):
                    broken[place] = int(chance.integers(256))
            try:
                done = clean(bytes(broken), WANTED)
            except FileRefused:
                continue
            assert b"PatientName" not in done.data
            assert b"CANARY" not in done.data


def test_only_listed_modalities_and_kinds_are_taken_by_content_alone() -> None:
    with pytest.raises(FileRefused):
        clean(dicom(picture()), changed(modalities=("MR",)))
    with pytest.raises(FileRefused):
        clean(dicom(picture()), changed(kinds=("png",)))
    for data in (b"", b"\xff\xd8\xff\xe0JFIF", b"PK\x03\x04", b"GIF89a", b"<svg", b"plain text"):
        with pytest.raises(FileRefused):
            clean(data, WANTED)


def test_frames_are_drawn_in_the_window_that_is_asked_for() -> None:
    made = picture((3, 8, 8))
    made.RescaleSlope, made.RescaleIntercept = "1", "-1024"
    done = clean(dicom(made), WANTED)
    assert done.frames == 3
    soft = pictures.Grey(centre=40, width=400)
    drawn = [pictures.drawn(done.data, "dicom", frame=one, grey=soft) for one in range(3)]
    assert len(set(drawn)) == 3
    stored = np.frombuffer(made.PixelData, "<u2").reshape(3, 8, 8)[1].astype(float) - 1024
    shades = np.asarray(Image.open(BytesIO(drawn[1]))).astype(float)
    expected = np.clip((stored + 160) / 400, 0, 1) * 255
    assert np.abs(shades - expected).max() < 1


def test_complaints_of_the_libraries_name_nobody() -> None:
    """What they print or log about a file would quote it."""
    made = picture()
    made.add_new(0x00080018, "UI", "1.2.CANARY")
    made.add_new(0x00181150, "IS", NUMBER)
    script = (
        "import sys; from equipoise_server.services.imaging import clean, cleaned\n"
        "w = cleaned.Wanted(kinds=('dicom',), largest=1 << 20, code='X', key=b'k')\n"
        "done = clean.clean(sys.stdin.buffer.read(), w); assert b'CANARY' not in done.data"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        input=dicom(made).replace(NUMBER.encode(), b"CANARY"),
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert b"CANARY" not in run.stderr + run.stdout


def test_every_new_identifier_is_a_valid_one() -> None:
    for _ in range(20):
        made = picture()
        made.StudyInstanceUID = generate_uid()
        again = pydicom.dcmread(BytesIO(clean(dicom(made), WANTED).data))
        assert again.StudyInstanceUID.is_valid
        assert len(again.StudyInstanceUID) <= 64
