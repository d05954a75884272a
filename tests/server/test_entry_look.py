"""Words and rules of the pages of data entry."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from equipoise.forms import prepare
from equipoise.protocol.load import load
from equipoise.protocol.model import Study
from equipoise_server.store.models import User
from equipoise_server.web.entry.actions import ACTIONS
from equipoise_server.web.entry.browser import rules_text
from equipoise_server.web.entry.plan import plan
from equipoise_server.web.entry.sheet import held
from equipoise_server.web.entry.typed import neat, raw, read, shown, with_offset
from server.cast import ADULT, Cast
from server.entry import answers, fields_of
from server.pages import Texts, signed_in
from server.test_entry_actions import on_trial

pytestmark = pytest.mark.once  # the same on both engines


@pytest.fixture(scope="module")
def reference() -> Study:
    """The shipped reference study."""
    return load("nct05787288")


def _english(trial: Cast, client: Any, url: str, **posted: str) -> list[str]:
    got = client.post(url, fields_of(client.get(url)) | posted) if posted else client.get(url)
    assert got.status_code in (200, 409), url
    reader = Texts()
    reader.feed(got.content.decode())
    names = {person.full_name for person in User.objects.all()}
    return [
        text
        for text in reader.texts
        if re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}", text)
        and not any(name in text for name in names)
        and not text.startswith("{")
    ]


def test_chinese_pages_of_entry_hold_no_english_sentence(trial: Cast) -> None:
    code, _kit = on_trial(trial)
    waiting = trial.enrol("S01-DDDDD-DDDDD")
    client = signed_in(trial.investigator)
    base = f"/zh-hans/entry/{code}"
    pages = [f"{base}/", f"/zh-hans/entry/{waiting}/", "/zh-hans/entry/new/", f"{base}/dose/"]
    pages += [f"{base}/do/{one.name}/" for one in ACTIONS]
    pages += [f"{base}/{form}/" for form in ("screening/screen/0", "event/log/1", "start/start/0")]
    for url in pages:
        assert _english(trial, client, url) == [], url
    form = f"{base}/screening/screen/0/"
    for posted in ({"v.age": "abc"}, {"v.age": "50"}, {"v.egfr": "12", "reason": "x"}):
        assert _english(trial, client, form, **posted) == [], posted
    assert _english(trial, client, f"{base}/dose/", identity="x", unit="y", started="z") == []
    assert _english(trial, client, f"{base}/do/withdraw/", level="", on="x") == []
    opened = fields_of(client.get(form))
    changed = {**ADULT, "age": 50}
    trial.fill_in(code, "screening", changed, reason="passport")
    got = client.post(form, opened | {"v.age": "46"})
    assert "您填写时" in got.content.decode()


def test_pages_ask_the_database_no_more_often_than_they_must(trial: Cast) -> None:
    code, _kit = on_trial(trial)
    client = signed_in(trial.investigator)
    most = {f"/en/entry/{code}/screening/screen/0/": 12, "/en/site/matrix/": 15}
    for url, limit in most.items():
        client.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        said = [one["sql"] for one in asked if "django_session" not in one["sql"]]
        assert len(said) <= limit, said


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_blinded_form_of_both_studies_compiles(
    reference: Study, trial: Cast, language: str
) -> None:
    for study in (reference, trial.study):
        for form in study.forms.values():
            compiled = plan(study, form.id, language)
            text = compiled.body.fill({})
            assert "\ue000" not in text
            assert [field.id for field in compiled.fields] == [item.id for item in form.items()]
            rules = json.loads(rules_text(study, form, language))
            assert len(rules["items"]) == len(form.items())


def test_what_a_saved_record_shows_is_read_back_as_it_was_saved(trial: Cast) -> None:
    from django.http import QueryDict

    form = trial.study.forms["screening"]
    compiled = plan(trial.study, "screening", "en")
    saved = prepare(trial.study.protocol, form, answers()).values
    sent = QueryDict(mutable=True)
    sent.update({f"v.{name}": str(text) for name, text in held(compiled, saved, "UTC").items()})
    assert raw(compiled.fields, read(compiled.fields, sent), saved, "UTC") == dict(saved)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-03-01 08:00", "Asia/Shanghai", "2026-03-01T08:00+08:00"),
        ("2026-03-01T08:00:30", "Asia/Shanghai", "2026-03-01T08:00:30+08:00"),
        ("2026-03-01 08:00+01:00", "Asia/Shanghai", "2026-03-01 08:00+01:00"),
        ("2026-03-29 02:30", "Europe/Berlin", "2026-03-29 02:30"),  # the clocks skip it
        ("2026-10-25 02:30", "Europe/Berlin", "2026-10-25 02:30"),  # it strikes twice
        ("2026-10-25 03:30", "Europe/Berlin", "2026-10-25T03:30+01:00"),
        ("2026-03-01", "Asia/Shanghai", "2026-03-01"),
        ("noon", "Asia/Shanghai", "noon"),
    ],
)
def test_an_hour_of_the_site_gets_its_offset_unless_it_is_not_one(
    text: str, zone: str, expected: str
) -> None:
    assert with_offset(text, zone) == expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("number", "３８．５", "38.5"),
        ("number", "38。5", "38.5"),
        ("number", "－５", "-5"),
        ("number", "1,5", "1,5"),  # one and a half, or fifteen
        ("number", "10²", "10²"),
        ("date", "2026/3/1", "2026-03-01"),
        ("date", "20260301", "2026-03-01"),
        ("date", "2026年3月1日", "2026-03-01"),
        ("date", "3/1/2026", "3/1/2026"),  # March or January
        ("partial", "2026年3月", "2026-03"),
        ("partial", "UN", "UN"),
        ("datetime", "2026.3.1 8:05", "2026-03-01 08:05"),
        ("datetime", "２０２６－０３－０１　０８：３０", "2026-03-01 08:30"),
        ("text", "ＡＢ　２０", "ＡＢ　２０"),
    ],
)
def test_what_a_keyboard_writes_otherwise_is_read_where_it_can_only_be_meant_so(
    kind: str, text: str, expected: str
) -> None:
    assert neat(kind, text) == expected
    assert neat(kind, expected) == expected


def test_numbers_are_shown_as_they_are_written() -> None:
    assert [shown(one, "UTC") for one in (88.5, 88.0, 0.1, True, None, ("a", "b"))] == [
        "88.5",
        "88",
        "0.1",
        "true",
        "",
        ("a", "b"),
    ]


def test_a_study_text_cannot_leave_its_place_in_the_page(trial: Cast) -> None:
    from equipoise.protocol.frozen import Text

    form = trial.study.forms["call"]
    evil = Text({"en": "</script><script>alert(1)</script>\"'>", "zh-Hans": "x"})
    group = replace(form.groups[0], title=evil)
    items = tuple(replace(item, text=evil, note=evil) for item in group.items)
    worse = replace(form, groups=(replace(group, items=items),))
    forms = type(trial.study.forms)({**trial.study.forms, "call": worse})
    study = replace(trial.study, forms=forms, digest="another")
    assert "<script" not in plan(study, "call", "en").body.fill({})
    assert "<" not in rules_text(study, worse, "en")
