"""Hostile input to the pages that write: refused in a sentence, nothing breaks, nothing is written."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from equipoise_server.services.cleaning.open_query import open_query
from equipoise_server.store.models import LedgerEntry, Record, RecordPayload
from server.cast import ADULT, NOW, TODAY, Cast, key
from server.entry import URL, answers, fields_of, send
from server.finalising import seen, sign_as
from server.pages import everybody, signed_in, text_of

pytestmark = pytest.mark.once
CODE = "S01-AAAAA-AAAAA"
HOSTILE = (
    "\x00", "x" * 70_000, "=1+1", "<script>alert(1)</script>", "\u202e\u0007", "-1", "9" * 400,
    "2026-02-30", "'; DROP TABLE store_record; --", "NaN", "",
)  # fmt: skip
ASKED = ("site", "status", "stratum", "search", "after", "from", "older", "state", "scope",
         "participant", "number", "stood", "on", "form")  # fmt: skip
WRONG = ("\x00", "x" * 3000, "9" * 40, "-1", "'", "=", "a=b=c", "２０２６")
BYTES = b"v.age=\xff\xfe&key=\xc3\x28&expected=\xff&on=\x80"


def browser(client: Client) -> Client:
    """A page that breaks answers 500 and raises nothing."""
    client.raise_request_exception = False
    return client


@pytest.fixture
def screened(trial: Cast) -> Cast:
    trial.fill_in(trial.enrol(CODE), "screening", ADULT)
    return trial


def pages(trial: Cast) -> Iterator[tuple[str, str]]:
    """Role and address of the pages of this area that send something."""
    query = open_query(
        participant=CODE, form="screening", visit="screen", item="age", text="Sure?",
        by=trial.data_manager, at=NOW, key=key(),
    )  # fmt: skip
    record = f"{CODE}/screening/screen/0/"
    yield "investigator", f"{URL}/new/"
    yield "investigator", f"{URL}/{record}"
    yield "investigator", f"{URL}/{CODE}/event/log/1/"
    yield "investigator", f"{URL}/{CODE}/do/withdraw/"
    yield "investigator", f"{URL}/{CODE}/do/consent/"
    yield "investigator", f"/en/finalise/sign/{CODE}/screening/"
    yield "investigator", "/en/people/delegations/s01/"
    yield "data manager", f"/en/data/queries/{query}/"
    yield "data manager", f"/en/finalise/redact/{record}"
    yield "data manager", f"/en/finalise/locks/checklist/?scope=participant&participant={CODE}"
    yield "data manager", "/en/data/laboratory/"
    yield "monitor", f"/en/data/verification/{record}"
    yield "administrator", "/en/people/members/"
    yield "administrator", "/en/people/trainings/"


def test_no_field_of_any_form_breaks_a_page(screened: Cast) -> None:
    people = everybody(screened)
    clients = {role: browser(signed_in(person)) for role, person in people.items()}
    broken = []
    for role, url in pages(screened):
        client = clients[role]
        fields = fields_of(client.get(url))
        for number, name in enumerate(sorted(fields)):
            for value in (HOSTILE[number % len(HOSTILE)], HOSTILE[(3 * number + 1) % len(HOSTILE)]):
                sent = {**fields, name: value, "key": key()}
                if client.post(url, sent).status_code >= 500:
                    broken.append((url, name, value[:20]))
        raw = client.post(url, BYTES, content_type="application/x-www-form-urlencoded")
        if raw.status_code >= 500:
            broken.append((url, "bytes", ""))
        for wrong in ("multipart/form-data", "application/json", "text/plain; charset=utf-99"):
            if client.generic("POST", url, b"{", wrong).status_code >= 500:
                broken.append((url, wrong, ""))
    assert broken == []
    kept = "".join(RecordPayload.objects.values_list("data", flat=True))  # a text may be any text
    assert "\\u0000" not in kept
    assert "x" * 3000 not in kept


def test_no_address_breaks_for_what_it_is_asked(screened: Cast) -> None:
    client = browser(signed_in(screened.data_manager))
    for url in ("/en/site/participants/", "/en/site/matrix/", "/en/data/queries/",
                "/en/data/verification/", "/en/finalise/locks/checklist/",
                f"/en/site/participants/{CODE}/screening/screen/0/"):  # fmt: skip
        for number, name in enumerate(ASKED):
            value = WRONG[number % len(WRONG)]
            answer = client.get(url, {name: value})
            assert answer.status_code < 500, (url, name, value[:10])


def test_a_locked_record_is_read_only_and_refuses_what_was_sent(screened: Cast) -> None:
    from equipoise_server.services.cleaning.verify_source import verify_source
    from equipoise_server.services.trial.lock_part import lock_part
    from equipoise_server.store.locks import Part

    client, page = signed_in(screened.investigator), f"{URL}/{CODE}/screening/screen/0/"
    opened = fields_of(client.get(page)) | {"v.age": "46", "reason": "why"}
    monitor = everybody(screened)["monitor"]
    place = {"participant": CODE, "form": "screening", "visit": "screen"}
    verify_source(**place, items=tuple(ADULT), expected=1, by=monitor, at=timezone.now(), key=key())
    sign_as(screened.investigator, CODE, "screening", seen(CODE, "screening"))
    lock_part(
        Part(scope="record", site="s01", **place), by=screened.data_manager, at=NOW, key=key()
    )
    refused = client.post(page, opened)
    assert refused.status_code == 409
    assert fields_of(refused)["v.age"] == "46"  # nothing typed is lost
    assert "locked" in text_of(client.get(page))
    assert Record.objects.get().version == 1


def test_a_formula_is_kept_as_text_and_leaves_as_text(screened: Cast) -> None:
    client = signed_in(screened.investigator)
    formula = '=HYPERLINK("http://x","y")'
    page = f"{URL}/{CODE}/event/log/1/"
    assert send(client, page, {"term": formula, "grade": "2"}).status_code == 302
    assert "HYPERLINK" in RecordPayload.objects.get(version__record__form="event").data
    from equipoise_server.services.trial.export import export

    out = screened.instance.folder / "out"
    export("csv", out=out, by=screened.statistician, at=timezone.now())
    text = (out / "forms" / "event.csv").read_text("utf-8")
    assert "HYPERLINK" in text
    assert not any(
        cell.startswith(("=", '"=')) for line in text.splitlines() for cell in line.split(",")
    )


def _bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("results.csv", b"0" * 30_000_000)
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [_bomb(), gzip.compress(b"0" * 30_000_000), b"", b"\xff\xfe\x00", b"\x00" * 5000,
     b"%PDF-1.7", b"a,b\n" * 10, "CODE,VISIT\n=1+1,\n".encode("utf-16")],
    ids=["zip", "gzip", "empty", "bytes", "nul", "pdf", "columns", "utf16"],
)  # fmt: skip
def test_a_file_that_is_not_what_it_says_is_refused_unpacked_by_nobody(
    screened: Cast, content: bytes
) -> None:
    client = browser(signed_in(screened.data_manager))
    before = LedgerEntry.objects.count()
    file = SimpleUploadedFile("kidney.csv", content, content_type="text/csv")
    url = "/en/data/laboratory/"
    fields = fields_of(client.get(url))
    answer = client.post(url, {**fields, "file": file, "transfer": "kidney", "key": key()})
    assert answer.status_code == 409
    assert LedgerEntry.objects.count() == before


def test_a_lost_answer_is_given_again_and_a_stale_page_overwrites_nothing(screened: Cast) -> None:
    client, page = signed_in(screened.investigator), f"{URL}/{CODE}/event/log/1/"
    sent = fields_of(client.get(page)) | {"v.term": "Rash", "v.grade": "2", "on": str(TODAY)}
    assert [client.post(page, sent).status_code for _ in range(3)] == [302, 302, 302]
    assert Record.objects.filter(form="event").count() == 1
    stale = fields_of(client.get(f"{URL}/{CODE}/screening/screen/0/"))
    screened.fill_in(CODE, "screening", {**ADULT, "age": 50}, reason="Misread")
    changed = stale | {f"v.{name}": text for name, text in answers(age="61").items()}
    got = client.post(f"{URL}/{CODE}/screening/screen/0/", changed | {"reason": "mine"})
    assert got.status_code == 409
    assert "50" in text_of(got)
    assert "61" in text_of(got)
