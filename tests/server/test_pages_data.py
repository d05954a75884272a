"""Pages of cleaning: who opens them, what they send, that they speak both languages."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.access.permissions import ALLOWED
from equipoise_server.services.cleaning.open_query import open_query
from equipoise_server.services.cleaning.raise_deviation import raise_deviation
from equipoise_server.store.models import Deviation, Finding, RecordVersion
from equipoise_server.web.shared.access import READERS
from server.cast import ADULT, NOW, TODAY, Cast, key
from server.entry import fields_of
from server.pages import Texts, everybody, signed_in, text_of

pytestmark = pytest.mark.once  # the same on both engines

CODE = "S01-AAAAA-AAAAA"
PLACE = f"{CODE}/screening/screen/0/"
D = "/en/data"
PAGES = {
    f"{D}/queries/": "cleaning",
    f"{D}/verification/": "verification",
    f"{D}/coding/": "coding",
    f"{D}/deviations/": "deviations",
    f"{D}/laboratory/": "transfers",
}
CSV = "CODE,VISIT,DATE,TEST,VALUE,UNIT\n"
LINE = f"{CODE},SCR,{TODAY},EGFR,91,ml/min\n"


@pytest.fixture
def clean(trial: Cast) -> Cast:
    """One participant with a record, an event, a query, a deviation."""
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", {**ADULT, "egfr": 200.0})
    trial.fill_in(CODE, "event", {"term": "Headaches"}, visit="log", number=1)
    open_query(
        participant=CODE,
        form="screening",
        visit="screen",
        item="age",
        text="42?",
        by=trial.data_manager,
        at=NOW,
        key=key(),
    )
    raise_deviation(
        participant=CODE,
        kind="consent",
        on=TODAY,
        text="20",
        by=trial.investigator,
        at=NOW,
        key=key(),
    )
    return trial


def post(client: Client, url: str, **sent: Any) -> Any:
    """Open a page and send its form with something in it."""
    return client.post(url, fields_of(client.get(url)) | sent)


def test_each_role_opens_its_own_part_and_every_step_has_its_row(trial: Cast) -> None:
    for role, person in everybody(trial).items():
        client = signed_in(person)
        got = {url: client.get(url).status_code for url in PAGES}
        assert got == {url: 200 if role in READERS[kind] else 403 for url, kind in PAGES.items()}
    steps = ("open", "answer", "close", "reopen")
    rows = {step: ALLOWED[f"{step} a query"] for step in steps}
    assert set(rows["close"]) == {"monitor", "data manager"} == set(rows["open"])
    assert "pharmacist" not in {role for allowed in rows.values() for role in allowed}


def test_nobody_works_on_another_sites_data(clean: Cast) -> None:
    there = signed_in(clean.elsewhere)
    query, deviation = Finding.objects.get(origin="person").pk, Deviation.objects.get().pk
    urls = (f"queries/{query}/", f"deviations/{deviation}/", f"queries/new/{PLACE}")
    for url in urls:
        assert there.get(f"{D}/{url}").status_code == 403
        assert there.post(f"{D}/{url}", {"act": "answer", "text": "x"}).status_code == 403
    assert CODE not in text_of(there.get(f"{D}/queries/?state=all"))
    assert CODE not in text_of(there.get(f"{D}/deviations/"))


def test_a_query_is_answered_on_its_page_and_a_text_that_may_unblind_is_asked_about(
    clean: Cast,
) -> None:
    query = Finding.objects.get(origin="person").pk
    client, url = signed_in(clean.investigator), f"{D}/queries/{query}/"
    warned = post(client, url, act="answer", text="She had the placebo")
    assert warned.status_code == 409
    assert b'data-code="refused.may-unblind"' in warned.content
    assert "She had the placebo" in fields_of(warned)["text"]
    done = post(client, url, act="answer", text="It is 44")
    assert done.status_code == 302
    assert "It is 44" in text_of(client.get(url))
    assert post(client, url, act="close", text="").status_code == 403
    assert post(client, url, act="dance", text="").status_code == 404
    boss = signed_in(clean.data_manager)
    assert post(boss, url, act="close", text="").status_code == 302
    record = f"/en/site/participants/{PLACE}"
    assert "1 open" in text_of(boss.get(record)), "that of the edit check"
    assert "Queries on this record" in text_of(client.get(f"/en/entry/{PLACE}"))


def test_a_monitor_asks_verifies_and_goes_on(clean: Cast) -> None:
    monitor = appoint(
        username="mo",
        full_name="Mo",
        role="monitor",
        site=None,
        by=clean.administrator,
        at=NOW,
        key=key(),
    )
    client = signed_in(monitor)
    asked = post(client, f"{D}/queries/new/{PLACE}", item="sex", text="Sure?")
    assert asked.status_code == 302
    url = f"{D}/verification/{PLACE}"
    done = post(client, url, item=["age", "sex"])
    assert done.status_code == 302
    assert text_of(client.get(url)).count(" verified ") == 2
    stale = fields_of(client.get(url))
    clean.fill_in(CODE, "screening", ADULT, reason="Misread")
    assert client.post(url, {**stale, "item": ["egfr"]}).status_code == 409
    assert client.get(f"{D}/coding/").status_code == 403


def test_a_data_manager_codes_classifies_and_takes_a_file(clean: Cast) -> None:
    client = signed_in(clean.data_manager)
    url = f"{D}/coding/{CODE}/event/log/1/term/"
    assert "Headache" in text_of(client.get(url))
    assert post(client, url, code=fields_of(client.get(url))["code"]).status_code == 302
    assert "0 of 1 texts wait" in text_of(client.get(f"{D}/coding/"))
    deviation = f"{D}/deviations/{Deviation.objects.get().pk}/"
    assert post(client, deviation, **{"class": "minor", "text": ""}).status_code == 409
    assert post(client, deviation, **{"class": "minor", "text": "Ok"}).status_code == 302
    for data, status in ((b"PK\x03\x04", 409), ((CSV + LINE).encode(), 302)):
        sent = {"transfer": "kidney", "file": SimpleUploadedFile("lab.csv", data)}
        answer = client.post(f"{D}/laboratory/", sent)
        assert answer.status_code == status
    shown = client.get(answer["Location"])
    assert "91 mL/min" in text_of(shown)
    before = RecordVersion.objects.count()
    assert post(client, answer["Location"]).status_code == 302
    assert RecordVersion.objects.count() == before + 1
    assert client.get(answer["Location"]).status_code == 409


def test_what_is_typed_into_queries_is_shown_as_text(clean: Cast) -> None:
    client = signed_in(clean.data_manager)
    url = f"{D}/queries/{Finding.objects.get(origin='person').pk}/"
    post(client, url, act="answer", text="<script>alert(1)</script>")
    assert b"<script>alert(1)" not in client.get(url).content
    for strange in ("?older=999999999999", "?from=-1", "?state='", "?older=%00", "?site=%F0%9F"):
        assert client.get(f"{D}/queries/{strange}").status_code in (200, 400)


def test_every_page_of_cleaning_speaks_chinese(clean: Cast) -> None:
    client = signed_in(clean.data_manager)
    query = Finding.objects.filter(origin="check").get().pk
    pages = [*PAGES, f"{D}/queries/{query}/", f"{D}/queries/new/{PLACE}", f"{D}/deviations/new/"]
    pages += [f"{D}/verification/{PLACE}", f"{D}/coding/{CODE}/event/log/1/term/"]
    pages += [f"{D}/deviations/{Deviation.objects.get().pk}/"]
    for url in pages:
        found = Texts()
        found.feed(client.get(url.replace("/en/", "/zh-hans/")).content.decode())
        english = [
            one
            for one in found.texts
            if any("a" <= letter <= "z" for letter in one.replace("Chen", ""))
            and one not in ("equipoise", "English", "Guo", "SHA-256")
            and not one.startswith(("hp-three", "s01", "s02", "Chen"))
            and not any(word in one for word in ("mL/min", "MiB"))
        ]
        assert english == [], url
