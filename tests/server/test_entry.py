"""The page of a form: what it shows, what it saves, what it keeps when saving is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Record, RecordPayload, RecordVersion
from server.cast import ADULT, NOW, Cast, key, lock_unfinished
from server.entry import URL, answers, fields_of, send
from server.pages import signed_in, text_of


@pytest.fixture
def here(trial: Cast) -> tuple[Cast, Client, str]:
    """The trial, the investigator's browser, and the address of an empty screening form."""
    code = trial.enrol()
    return trial, signed_in(trial.investigator), f"{URL}/{code}/screening/screen/0/"


def test_a_form_is_filled_in_and_saved(here: tuple[Cast, Client, str]) -> None:
    _trial, client, page = here
    got = send(client, page, answers())
    assert got.status_code == 302
    saved = client.get(got["Location"])
    assert "Saved as version 1" in text_of(saved)
    version = RecordVersion.objects.get()
    assert (version.by, version.version) == ("chen", 1)
    assert '"egfr":88.5' in RecordPayload.objects.get().data
    assert verify().sound


WRONG = {
    "age": ["fourty", "44,5", "44.5", "-1", "121", "9" * 60, "1e3", "NaN", "四四", "<b>44</b>"],
    "egfr": ["88,5", "abc", "1000", "--3", "∞", "0x10"],
    "sex": ["x", "F<script>"],
    "consent_signed": ["maybe", "1"],
}


@pytest.mark.parametrize(
    ("item", "wrong"), [(item, one) for item, several in WRONG.items() for one in several]
)
def test_a_wrong_value_is_named_beside_its_field_and_nothing_typed_is_lost(
    here: tuple[Cast, Client, str], item: str, wrong: str
) -> None:
    _trial, client, page = here
    got = send(client, page, answers(**{item: wrong}))
    assert got.status_code == 409
    body = got.content.decode()
    beside = body.partition(f'id="s-{item}">')[2].partition("</div>")[0]
    assert 'role="alert"' in beside
    assert "<script>" not in beside
    kept = fields_of(got)
    assert kept["v.ulcer_history"] == "false"
    if item in ("age", "egfr"):  # a choice that does not exist cannot be shown as chosen
        assert kept[f"v.{item}"] == wrong
    assert not Record.objects.exists()


TYPES = [
    ("event", "log", 1, "onset", ["2026-02-30", "30.02.2026", "2026", "today"]),
    ("event", "log", 1, "term", ["x" * 2001, "a\u202eb", "bell\x07"]),
    ("event", "log", 1, "grade", ["0", "6", "three"]),
    ("start", "start", 0, "started_at", ["2026-03-01", "25:00", "2026-03-01 24:61", "now"]),
]


@pytest.mark.parametrize(
    ("form", "visit", "number", "item", "wrong"),
    [(form, visit, n, item, one) for form, visit, n, item, several in TYPES for one in several],
)
def test_every_type_refuses_what_it_cannot_read(
    here: tuple[Cast, Client, str], form: str, visit: str, number: int, item: str, wrong: str
) -> None:
    _trial, client, _page = here
    page = f"{URL}/S01-AAAAA-AAAAA/{form}/{visit}/{number}/"
    got = send(client, page, {item: wrong})
    assert got.status_code == 409
    assert f'id="s-{item}"' in got.content.decode()
    assert fields_of(got)[f"v.{item}"] == wrong
    assert not Record.objects.exists()


@pytest.mark.parametrize("day", ["", "2026-13-01", "tomorrow", "2026-W01-1", "2999-01-01", "\x00"])
def test_a_record_needs_a_date_that_is_not_ahead(here: tuple[Cast, Client, str], day: str) -> None:
    _trial, client, page = here
    got = send(client, page, answers(), on=day)
    assert got.status_code == 409
    assert fields_of(got)["v.age"] == "44"
    assert not Record.objects.exists()


def test_sending_the_same_page_twice_saves_once(here: tuple[Cast, Client, str]) -> None:
    _trial, client, page = here
    form = fields_of(client.get(page)) | {f"v.{name}": text for name, text in answers().items()}
    assert [client.post(page, form).status_code for _ in range(2)] == [302, 302]
    assert RecordVersion.objects.count() == 1


def test_a_change_asks_for_a_reason_and_keeps_what_was_typed(
    here: tuple[Cast, Client, str],
) -> None:
    trial, client, page = here
    trial.fill_in("S01-AAAAA-AAAAA", "screening", ADULT)
    got = send(client, page, answers(age="45"))
    assert got.status_code == 409
    assert "refused.reason-required" in got.content.decode()
    assert fields_of(got)["v.age"] == "45"
    again = client.post(page, fields_of(got) | {"reason": "misread the passport"})
    assert again.status_code == 302
    assert RecordPayload.objects.get(version__version=2).reason == "misread the passport"


def test_opening_and_saving_unchanged_makes_no_version(here: tuple[Cast, Client, str]) -> None:
    trial, client, page = here
    trial.fill_in("S01-AAAAA-AAAAA", "screening", {**ADULT, "egfr": 88.123456789012})
    trial.fill_in("S01-AAAAA-AAAAA", "start", {"started_at": NOW.replace(second=31)}, visit="start")
    for url in (page, f"{URL}/S01-AAAAA-AAAAA/start/start/0/"):
        assert client.post(url, fields_of(client.get(url))).status_code == 302
    assert RecordVersion.objects.count() == 2


def test_an_unusual_answer_is_asked_about_once(here: tuple[Cast, Client, str]) -> None:
    _trial, client, page = here
    asked = send(client, page, answers(egfr="12"))
    assert asked.status_code == 409
    assert 'data-code="confirm"' in asked.content.decode()
    assert not Record.objects.exists()
    assert client.post(page, fields_of(asked)).status_code == 302
    form = fields_of(client.get(page)) | {"v.age": "45", "reason": "typing error"}
    assert client.post(page, form).status_code == 302
    assert RecordVersion.objects.count() == 2


def test_a_moment_is_typed_on_the_clock_of_the_site(here: tuple[Cast, Client, str]) -> None:
    _trial, client, _page = here
    page = f"{URL}/S01-AAAAA-AAAAA/start/start/0/"
    assert "Asia/Shanghai" in text_of(client.get(page))
    assert send(client, page, {"started_at": "2026-03-02 08:15"}).status_code == 302
    assert "2026-03-02T08:15:00+08:00" in RecordPayload.objects.get().data


def test_a_locked_study_shows_the_form_read_only_and_says_why(
    here: tuple[Cast, Client, str],
) -> None:
    trial, client, page = here
    open_form = fields_of(client.get(page)) | {f"v.{n}": text for n, text in answers().items()}
    one = Agreed(by=trial.data_manager, reason="all clean")
    two = Agreed(by=trial.statistician, reason="plan signed")
    lock_unfinished(first=one, second=two, at=NOW, key=key())
    shown = client.get(page)
    assert shown.status_code == 200
    assert "The study is locked" in text_of(shown)
    assert 'class="all" disabled' in shown.content.decode()
    refused = client.post(page, open_form)
    assert refused.status_code == 409
    assert fields_of(refused)["v.age"] == "44"
    assert not Record.objects.exists()


def test_before_consent_the_form_is_read_only_and_says_what_to_do(trial: Cast) -> None:
    from equipoise_server.services.participants.screen import screen
    from server.cast import TODAY

    code = screen(site="s01", on=TODAY, by=trial.investigator, at=NOW, key=key())
    shown = signed_in(trial.investigator).get(f"{URL}/{code}/screening/screen/0/")
    assert shown.status_code == 200
    assert "Record the consent first" in text_of(shown)


def test_a_form_needs_its_token(here: tuple[Cast, Client, str]) -> None:
    trial, _client, page = here
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in(trial.investigator).cookies
    assert strict.post(page, answers()).status_code == 403
    assert not Record.objects.exists()


def test_an_event_is_reported_through_its_page_and_takes_the_next_number(
    here: tuple[Cast, Client, str],
) -> None:
    _trial, client, _page = here
    to_next = client.get(f"{URL}/S01-AAAAA-AAAAA/event/next/")
    assert to_next["Location"].endswith("/event/log/1/")
    told = {"term": "Nausea", "onset": "2026-03-02", "grade": "1", "serious": "false"}
    assert send(client, to_next["Location"], told).status_code == 302
    assert client.get(f"{URL}/S01-AAAAA-AAAAA/event/next/")["Location"].endswith("/2/")


def test_two_events_reported_at_once_get_two_numbers(here: tuple[Cast, Client, str]) -> None:
    _trial, client, _page = here
    page = f"{URL}/S01-AAAAA-AAAAA/event/log/1/"
    first, second = (fields_of(client.get(page)) for _ in range(2))
    client.post(page, first | {"v.term": "Nausea"})
    got = client.post(page, second | {"v.term": "Headache"})
    assert got["Location"].endswith("/event/log/2/?saved=1")
    assert Record.objects.filter(form="event").count() == 2


def _both(trial: Cast, client: Client, page: str, mine: dict[str, Any]) -> Any:
    """Somebody else saves between opening and saving."""
    trial.fill_in("S01-AAAAA-AAAAA", "screening", ADULT)
    form = fields_of(client.get(page))
    changed = {**ADULT, "age": 50, "ulcer_history": True}
    trial.fill_in("S01-AAAAA-AAAAA", "screening", changed, reason="passport", by=trial.nurse)
    return client.post(page, form | {f"v.{name}": text for name, text in mine.items()})


def test_who_saves_second_chooses_answer_by_answer(here: tuple[Cast, Client, str]) -> None:
    trial, client, page = here
    got = _both(trial, client, page, {"age": "46", "egfr": "90"})
    assert got.status_code == 409
    said = text_of(got)
    assert "Bo saved version 2" in said
    form = fields_of(got)
    assert "pick.age" not in form  # both changed it: nobody decides for the person
    assert (form["pick.egfr"], form["pick.ulcer_history"]) == ("mine", "theirs")
    undecided = client.post(page, form | {"reason": "both right"})
    assert undecided.status_code == 409
    assert "Choose one side" in text_of(undecided)
    assert "pick.age" not in fields_of(undecided)
    done = client.post(page, form | {"pick.age": "theirs", "reason": "both right"})
    assert done.status_code == 302
    data = RecordPayload.objects.get(version__version=3).data
    assert '"age":50' in data
    assert '"egfr":90.0' in data
    assert '"ulcer_history":true' in data
    assert verify().sound


def test_a_third_save_during_the_choice_leads_to_a_new_choice(
    here: tuple[Cast, Client, str],
) -> None:
    trial, client, page = here
    form = fields_of(_both(trial, client, page, {"age": "46"}))
    changed = {**ADULT, "age": 51}
    trial.fill_in("S01-AAAAA-AAAAA", "screening", changed, reason="again", by=trial.nurse)
    got = client.post(page, form | {"pick.age": "mine", "reason": "sure"})
    assert got.status_code == 409
    assert "saved version 3" in text_of(got)
    assert RecordVersion.objects.count() == 3


def test_the_value_of_the_record_before_stands_beside_the_field(
    here: tuple[Cast, Client, str],
) -> None:
    trial, client, _page = here
    for number, term in ((1, "Nausea"),):
        trial.fill_in("S01-AAAAA-AAAAA", "event", {"term": term}, visit="log", number=number)
    assert "last time: Nausea" in text_of(client.get(f"{URL}/S01-AAAAA-AAAAA/event/log/2/"))
