"""The pages of files and readings: what a reader may know, and what a file is given out as."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from equipoise_server.services.imaging.attach_image import withdraw_image
from equipoise_server.store import image_files
from equipoise_server.store.models import Image, ImageOffer, ImageReading, Scan
from server import imaged
from server.cast import NOW, TODAY, open_the_trial
from server.pages import signed_in, text_of

pytestmark = pytest.mark.once


def _sent(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("Zhang San.dcm", data, "text/html")


def test_from_the_upload_to_the_scores_on_the_pages(instance: SimpleNamespace) -> None:
    imaged.add_pictures(instance.folder / "study")
    trial = open_the_trial(instance)
    code = trial.enrol()
    site = signed_in(trial.investigator)
    here = reverse("imaging:files", args=[code, imaged.FORM, imaged.VISIT, 0])
    assert "No file is attached." in text_of(site.get(here))

    _a_refused_file_takes_its_companions_with_it(site, here)
    sent = {"file": _sent(imaged.scan_file(1)), "rule": imaged.RULE, "on": TODAY, "act": "send"}
    review = site.post(here, sent)["Location"]
    page = site.get(review)
    assert "PatientID" in text_of(page)
    assert "NOBODY-1" not in page.content.decode()
    assert site.post(review, {"act": "attach", "key": "one"}).status_code == 409
    assert signed_in(trial.elsewhere).get(review).status_code == 409
    token = ImageOffer.objects.get().token
    drawn = site.get(reverse("imaging:offered", args=[token, 1]))
    _given_out_safely(drawn, "image/png")
    done = site.post(review, {"act": "attach", "looked": "yes", "key": "one"})
    assert done["Location"].endswith("?done=attached")
    image = Image.objects.get()
    kept = site.get(reverse("imaging:kept", args=[image.code, 0]))
    _given_out_safely(kept, "application/dicom")
    assert kept.content == image_files.read(image.sha256)
    for other in (trial.elsewhere, trial.pharmacist, trial.statistician):
        answer = signed_in(other).get(reverse("imaging:kept", args=[image.code, 0]))
        assert answer.status_code in (403, 404)
    entry = site.get(reverse("entry:form", args=[code, imaged.FORM, imaged.VISIT, 0]))
    assert re.search(r'name="v\.r1_upper"[^>]* readonly', entry.content.decode())

    _two_readers_read(trial, code)
    assert "Reading complete" in text_of(site.get(here))
    withdraw_image(
        image=image.code, reason="a name", erase=True, by=trial.investigator, at=NOW, key="gone"
    )
    assert site.get(reverse("imaging:kept", args=[image.code, 0])).status_code == 404
    assert "Destroyed" in text_of(site.get(here))


def _a_refused_file_takes_its_companions_with_it(site: Any, here: str) -> None:
    both = [_sent(imaged.scan_file(7)), _sent(b"<html>not a picture")]
    answer = site.post(here, {"file": both, "rule": imaged.RULE, "on": TODAY, "act": "send"})
    assert answer.status_code == 409
    assert (ImageOffer.objects.count(), image_files.waiting()) == (0, [])
    for more in ({"on": "2199-01-01"}, {"on": "yesterday"}, {"rule": "none"}, {"file": []}):
        sent = {"file": _sent(imaged.scan_file(7)), "rule": imaged.RULE, "on": TODAY, "act": "send"}
        assert site.post(here, {**sent, **more}).status_code == 409, more
    assert not ImageOffer.objects.exists()


def _given_out_safely(answer: Any, kind: str) -> None:
    assert answer.status_code == 200
    assert answer["Content-Type"] == kind
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "no-store" in answer["Cache-Control"]
    assert "Zhang" not in answer["Content-Disposition"]


def _two_readers_read(trial: Any, code: str) -> None:
    scan = Scan.objects.get()
    people = imaged.readers(trial, 2)
    hidden = (code, "S01", imaged.VISIT, "screen", "2026-03", "IMG-", trial.investigator.username)
    for number, person in enumerate(people):
        browser = signed_in(person)
        listed, opened = browser.get("/en/reading/"), browser.get(f"/en/reading/{scan.code}/")
        shown = browser.get(f"/en/reading/{scan.code}/1/1/?window=soft")
        _given_out_safely(shown, "image/png")
        for answer in (listed, opened):
            assert answer.status_code == 200
            words = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
            assert not [one for one in hidden if one in words], number
        assert shown.headers["Content-Disposition"].count(scan.code) == 1
        content = re.search(r'name="content" value="(\w+)"', opened.content.decode())
        assert content is not None
        form = {"key": f"read-{number}", "content": content[1], "v.r1_upper": "2"}
        short = browser.post(f"/en/reading/{scan.code}/", form)
        assert short.status_code == 409
        form |= {"v.r1_lower": str(3 + number)}
        assert browser.post(f"/en/reading/{scan.code}/", form)["Location"].endswith("?kept=1")
        assert browser.post(f"/en/reading/{scan.code}/", form).status_code == 302
        for page in ("/en/site/participants/", f"/en/site/participants/{code}/"):
            assert browser.get(page).status_code in (403, 404)
    assert ImageReading.objects.count() == 2
    assert signed_in(people[1]).get(f"/en/reading/{scan.code}/1/2/").status_code == 409


def test_what_is_sent_stays_in_memory_and_strangers_send_little(
    trial: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    from equipoise_server.web.shared import uploads

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("an upload was written to the disk")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    code = trial.enrol()
    site = signed_in(trial.investigator)
    whole = SimpleUploadedFile("large.dcm", b"x" * (3 * uploads.MIB))
    page = reverse("entry:form", args=[code, "screening", "screen", 0])
    assert site.post(page, {"file": whole}).status_code in (409, 422)
    monkeypatch.setattr(uploads, "LARGEST", 2 * uploads.MIB)
    whole.seek(0)
    request = site.post(page, {"file": whole}).wsgi_request
    assert not request.FILES
    stranger = Client().post("/en/sign-in/", {"file": SimpleUploadedFile("x", b"x" * (2 << 20))})
    assert not stranger.wsgi_request.FILES
