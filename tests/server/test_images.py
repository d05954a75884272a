"""Files of pictures: attached after a look, held outside the database, read masked by two or three."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

import pytest

from equipoise.errors import (
    AlreadyRead,
    AlreadyRecorded,
    EquipoiseError,
    FileMissing,
    FileRefused,
    InvalidRecord,
    NotLookedAt,
    NotMasked,
    NotPermitted,
    PicturesChanged,
    ReasonRequired,
    ScoresAreRead,
    UnknownRecord,
)
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.imaging import offer_image as offering
from equipoise_server.services.imaging.attach_image import attach_image, withdraw_image
from equipoise_server.services.imaging.read_image import decline_image
from equipoise_server.services.verify import verify
from equipoise_server.store import documents, image_files, imaging
from equipoise_server.store.models import (
    Image,
    ImageOffer,
    ImageReading,
    LedgerEntry,
    RecordVersion,
    Scan,
    User,
)
from server import imaged
from server.cast import NOW, TODAY, Cast, key, open_the_trial


@dataclass
class Seen:
    """A trial with pictures: a participant with one scan, and three readers."""

    trial: Cast
    code: str
    scan: Scan
    image: str
    readers: tuple[User, ...]

    def saved(self) -> dict[str, object]:
        study = self.trial.study
        found = documents.records_of(study, self.code, forms=[imaged.FORM])
        return dict(found[0].values) if found else {}


@pytest.fixture
def seen(instance: SimpleNamespace) -> Seen:
    imaged.add_pictures(instance.folder / "study")
    trial = open_the_trial(instance)
    code = trial.enrol()
    image = imaged.attach(trial, code, imaged.scan_file(1))
    return Seen(
        trial=trial,
        code=code,
        scan=Scan.objects.get(),
        image=image,
        readers=imaged.readers(trial),
    )


def _offer(seen: Seen, data: bytes, **more: object) -> str:
    given = {"spot": imaged.spot_of(seen.code), "on": TODAY, "by": seen.trial.investigator}
    return offering.offer_image(**{**given, "data": data, "at": NOW, **more})  # type: ignore[arg-type]


def _kept(seen: Seen) -> list[bytes]:
    folder = seen.trial.instance.folder
    return [one.read_bytes() for one in folder.rglob("*") if one.is_file() and one.stat().st_size]


def test_what_is_kept_names_nobody_and_every_file_is_under_the_ledger(seen: Seen) -> None:
    row = Image.objects.get()
    path = seen.trial.instance.folder / "files/images" / row.sha256[:2] / row.sha256
    assert path.stat().st_mode & 0o777 == 0o600
    assert image_files.read(row.sha256) == path.read_bytes()
    assert not [one for one in _kept(seen) if b"NOBODY-1" in one or b"Nobody^At" in one]
    assert image_files.waiting() == []
    assert not ImageOffer.objects.exists()
    entry = LedgerEntry.objects.get(what=imaging.ATTACHED)
    said = json.loads(entry.payload.data)
    assert (said["sha256"], said["scan"]) == (row.sha256, seen.scan.code)
    assert verify().sound
    names = (seen.scan.code, row.code)
    assert not [one for one in names for word in ("S01", seen.code, imaged.VISIT) if word in one]


def test_a_missing_or_altered_file_is_found_and_never_given_out(seen: Seen) -> None:
    row = Image.objects.get()
    path = seen.trial.instance.folder / "files/images" / row.sha256[:2] / row.sha256
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"!")
    assert [one.why for one in verify().broken] == ["the file was changed"]
    with pytest.raises(FileMissing):
        image_files.read(row.sha256)
    path.unlink()
    assert [one.why for one in verify().broken] == ["the file is missing"]
    path.write_bytes(whole)
    assert verify().sound


def test_nothing_is_attached_that_nobody_looked_at(seen: Seen) -> None:
    by = seen.trial.investigator
    burned = _offer(seen, imaged.scan_file(2, BurnedInAnnotation="YES"))
    for given in ({"looked": False, "closely": True}, {"looked": True, "closely": False}):
        with pytest.raises(NotLookedAt):
            attach_image(token=burned, by=by, at=NOW, key=key(), **given)
    assert Image.objects.count() == 1
    code = attach_image(token=burned, looked=True, closely=True, by=by, at=NOW, key="twice")
    again = attach_image(token=burned, looked=True, closely=True, by=by, at=NOW, key="twice")
    assert code == again
    assert Image.objects.count() == 2


def test_an_offer_is_for_who_sent_it_and_for_an_hour(seen: Seen) -> None:
    token = _offer(seen, imaged.scan_file(2))
    given = {"looked": True, "at": NOW, "key": key()}
    with pytest.raises(UnknownRecord):
        attach_image(token=token, by=seen.trial.data_manager, **given)
    offering.forget_old_offers(at=NOW + timedelta(minutes=61))
    assert image_files.waiting() == []
    with pytest.raises(UnknownRecord):
        attach_image(token=token, by=seen.trial.investigator, **given)
    token = _offer(seen, imaged.scan_file(2))
    offering.discard_image(token=token, by=seen.trial.elsewhere)
    assert image_files.waiting() == [token]
    offering.discard_image(token=token, by=seen.trial.investigator)
    assert image_files.waiting() == []


def test_refused_files_leave_nothing_behind(seen: Seen) -> None:
    before = sorted(map(str, seen.trial.instance.folder.rglob("*")))
    wrong = {
        b"": {},
        b"%PDF-1.7 nothing": {},
        b"PK\x03\x04": {},
        imaged.scan_file(3, Modality="MR"): {},
        imaged.scan_file(1): {},
        b"\x00" * (1024 * 1024 + 1): {},
    }
    for data in wrong:
        with pytest.raises(FileRefused):
            _offer(seen, data)
    for by in (seen.trial.nurse, seen.trial.elsewhere, seen.trial.data_manager, seen.readers[0]):
        with pytest.raises(NotPermitted):
            _offer(seen, imaged.scan_file(4), by=by)
    for number in (2, 3):
        imaged.attach(seen.trial, seen.code, imaged.scan_file(number))
    with pytest.raises(FileRefused):
        imaged.attach(seen.trial, seen.code, imaged.scan_file(4))
    offering.forget_old_offers(at=NOW + timedelta(hours=2))
    kept = [one for one in map(str, seen.trial.instance.folder.rglob("*")) if one not in before]
    assert (
        len([one for one in kept if "files/images" in one and len(one.split("/")[-1]) == 64]) == 2
    )
    assert not [one for one in kept if "pending" in one]


def test_two_masked_readings_that_agree_fill_the_record(seen: Seen) -> None:
    one, two, three = seen.readers
    assert imaged.read(seen.scan, one, 4, 5) == 1
    assert seen.saved() == {}
    with pytest.raises(AlreadyRead):
        imaged.read(seen.scan, one, 4, 5)
    assert imaged.read(seen.scan, two, 3, 3) == 2
    saved = seen.saved()
    assert (saved["r1_upper"], saved["r2_lower"]) == (4, 3)
    assert (saved["r1_total"], saved["r2_total"], saved["blind"]) == (9, 6, True)
    assert "third" not in saved
    codes = {saved["r1_reader"], saved["r2_reader"]}
    assert len(codes) == 2
    assert not [text for text in codes if "reader" in str(text)]
    with pytest.raises(AlreadyRead):
        imaged.read(seen.scan, three, 4, 5)
    assert verify().sound


def test_readings_too_far_apart_wait_for_a_third_who_decides(seen: Seen) -> None:
    one, two, three = seen.readers
    imaged.read(seen.scan, one, 5, 5)
    assert imaged.read(seen.scan, two, 3, 3, key="same") == 2
    assert imaged.read(seen.scan, two, 3, 3, key="same") == 2
    assert seen.saved() == {}
    for by in (one, two):
        with pytest.raises(AlreadyRead):
            imaged.read(seen.scan, by, 4, 4)
    assert imaged.read(seen.scan, three, 4, 3) == 3
    assert seen.saved()["third"] == 7
    assert ImageReading.objects.count() == 3
    assert verify().sound


def test_only_people_who_do_nothing_else_read_and_only_possible_scores_count(seen: Seen) -> None:
    trial, reader = seen.trial, seen.readers[0]
    for by in (trial.investigator, trial.assessor, trial.nurse, trial.data_manager):
        with pytest.raises(NotPermitted):
            imaged.read(seen.scan, by, 1, 1)
    mixed = appoint(
        username=trial.nurse.username,
        full_name="",
        role="image reader",
        site=None,
        by=trial.administrator,
        at=NOW,
        key=key(),
    )
    with pytest.raises(NotMasked):
        imaged.read(seen.scan, mixed, 1, 1)
    for upper, lower in ((6, 0), (-1, 0), (True, 1), ("3", 1), (2.5, 1)):
        with pytest.raises((InvalidRecord, EquipoiseError)):
            imaged.read(seen.scan, reader, upper, lower)  # type: ignore[arg-type]
    assert not ImageReading.objects.exists()


def test_a_change_of_the_pictures_voids_readings_and_scores(seen: Seen) -> None:
    one, two, three = seen.readers
    stale = imaging.content_of(imaging.in_use(seen.scan))
    for by in (one, two):
        imaged.read(seen.scan, by, 2, 2)
    assert seen.saved()["r1_total"] == 4
    added = imaged.attach(seen.trial, seen.code, imaged.scan_file(2))
    assert not {"r1_total", "r1_upper", "blind", "r2_reader"} & set(seen.saved())
    with pytest.raises(PicturesChanged):
        imaged.read(seen.scan, three, 1, 1, content=stale)
    given = {"by": seen.trial.data_manager, "at": NOW}
    with pytest.raises(ReasonRequired):
        withdraw_image(image=added, reason=" ", key=key(), **given)
    withdraw_image(image=added, reason="of somebody else", erase=True, key=key(), **given)
    assert seen.saved()["r1_total"] == 4  # the pictures that were read are there again
    with pytest.raises(AlreadyRecorded):
        withdraw_image(image=added, reason="again", key=key(), **given)
    with pytest.raises(FileMissing):
        image_files.read(Image.objects.get(pk=added).sha256)
    assert verify().sound
    withdraw_image(image=seen.image, reason="wrong day", key=key(), **given)
    assert seen.saved() == {}
    with pytest.raises(PicturesChanged):
        imaged.read(seen.scan, three, 1, 1, content="")
    assert verify().sound
    assert RecordVersion.objects.count() == 4  # filled, emptied, filled again, emptied


def test_who_cannot_read_masked_says_so_and_somebody_else_reads(seen: Seen) -> None:
    one, two, three = seen.readers
    given = {"scan": seen.scan.code, "by": one, "at": NOW}
    with pytest.raises(ReasonRequired):
        decline_image(reason="", key=key(), **given)  # type: ignore[arg-type]
    decline_image(reason="I know this person", key=key(), **given)  # type: ignore[arg-type]
    with pytest.raises(AlreadyRead):
        imaged.read(seen.scan, one, 1, 1)
    assert imaged.read(seen.scan, two, 1, 1) == 1
    assert imaged.read(seen.scan, three, 1, 1) == 2
    assert seen.saved()["r2_total"] == 2
    assert verify().sound


def test_scores_are_never_typed_and_the_rest_of_the_form_is(seen: Seen) -> None:
    place = {"visit": imaged.VISIT, "by": seen.trial.investigator}
    for item, value in (("r1_upper", 3), ("third", "4"), ("blind", True), ("r2_reader", "me")):
        with pytest.raises(ScoresAreRead):
            seen.trial.fill_in(seen.code, imaged.FORM, {item: value}, **place)
    seen.trial.fill_in(seen.code, imaged.FORM, {"size": 12}, **place)
    for by in seen.readers[:2]:
        imaged.read(seen.scan, by, 1, 2)
    seen.trial.fill_in(seen.code, imaged.FORM, {"size": 13}, reason="typing", **place)
    saved = seen.saved()
    assert (saved["size"], saved["r1_total"]) == (13, 3)
    with pytest.raises(ScoresAreRead):
        seen.trial.fill_in(seen.code, imaged.FORM, {"r1_upper": 2}, reason="mine", **place)
    with pytest.raises(ScoresAreRead):  # nor where there is no picture yet
        seen.trial.fill_in(seen.code, imaged.FORM, {"r1_upper": 2}, **{**place, "visit": "week2"})


def test_what_a_laboratory_transcribes_is_typed_until_a_picture_is_attached(
    instance: SimpleNamespace,
) -> None:
    imaged.add_pictures(instance.folder / "study", transcribed=True)
    trial = open_the_trial(instance)
    code = trial.enrol()
    sheet = {f"r{number}_{part}": 2 for number in (1, 2) for part in imaged.PARTS}
    trial.fill_in(code, imaged.FORM, sheet)
    imaged.attach(trial, code, imaged.png_file())
    found = documents.records_of(trial.study, code, forms=[imaged.FORM])
    assert "r1_upper" not in found[0].values
    with pytest.raises(ScoresAreRead):
        trial.fill_in(code, imaged.FORM, sheet, reason="as before")


def test_rows_of_readings_can_neither_be_changed_nor_made_up(seen: Seen) -> None:
    from django.db import DatabaseError, connection, transaction

    imaged.read(seen.scan, seen.readers[0], 2, 2)
    for statement in (
        "UPDATE store_imagereading SET total = 9",
        "DELETE FROM store_image",
        "UPDATE store_scan SET visit = 'week2'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    row = ImageReading.objects.get()
    row.pk, row.slot, row.by = None, 2, seen.readers[1].username
    row.save()
    assert [one.table for one in verify().broken] == ["store_imagereading"]
