"""Drafts: what is typed and not saved is kept for its writer, and for nobody and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from equipoise.errors import Refused
from equipoise.exchange.paper import Filled, form_page
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.records.report_death import report_death
from equipoise_server.services.verify import verify
from equipoise_server.store.life import state_of
from equipoise_server.store.models import Draft, LedgerEntry, Record
from equipoise_server.store.save import Place
from server.cast import NOW, TODAY, Cast, key, lock_unfinished
from server.entry import URL, answers, fields_of, send
from server.pages import signed_in, text_of


@pytest.fixture
def here(trial: Cast) -> tuple[Cast, Client, str]:
    """The trial, the investigator's browser, and the address of an empty screening form."""
    code = trial.enrol()
    return trial, signed_in(trial.investigator), f"{URL}/{code}/screening/screen/0/"


def keep(client: Client, page: str, form: dict[str, Any], **typed: str) -> Any:
    return client.post(f"{page}draft/", form | {f"v.{name}": text for name, text in typed.items()})


def test_what_was_typed_comes_back_and_is_no_record(here: tuple[Cast, Client, str]) -> None:
    trial, client, page = here
    before = LedgerEntry.objects.count()
    form = fields_of(client.get(page))
    assert keep(client, page, form, age="4", egfr="88,5").json() == {"kept": True}
    assert keep(client, page, form, age="44", egfr="88,5").json() == {"kept": True}
    back = client.get(page)
    assert fields_of(back)["v.age"] == "44"
    assert fields_of(back)["v.egfr"] == "88,5"
    assert 'id="draft-back"' in back.content.decode()
    other = signed_in(trial.nurse)
    assert fields_of(other.get(page))["v.age"] == ""
    assert (Draft.objects.count(), Record.objects.count()) == (1, 0)
    assert LedgerEntry.objects.count() == before
    assert verify().sound


def test_saving_or_throwing_away_ends_it(here: tuple[Cast, Client, str]) -> None:
    _trial, client, page = here
    form = fields_of(client.get(page))
    keep(client, page, form, age="44")
    assert client.post(f"{page}draft/", {"discard": "1"}).status_code == 302
    assert not Draft.objects.exists()
    keep(client, page, form, age="44")
    assert send(client, page, answers()).status_code == 302
    assert not Draft.objects.exists()


def test_a_draft_that_arrives_after_its_page_was_saved_is_dropped(
    here: tuple[Cast, Client, str],
) -> None:
    _trial, client, page = here
    form = fields_of(client.get(page))
    client.post(page, form | {f"v.{name}": text for name, text in answers().items()})
    assert keep(client, page, form, age="44").json() == {"kept": False}
    assert not Draft.objects.exists()


def test_a_draft_of_an_older_version_leads_to_the_choice(here: tuple[Cast, Client, str]) -> None:
    trial, client, page = here
    send(client, page, answers())
    keep(client, page, fields_of(client.get(page)), age="45")
    send(signed_in(trial.nurse), page, {"age": "46"}, reason="read the passport")
    back = client.get(page)
    assert "saved by somebody since" in text_of(back)
    sent = client.post(page, fields_of(back) | {"reason": "typed wrong"})
    assert sent.status_code == 409
    assert 'name="pick.age"' in sent.content.decode()
    assert Record.objects.get().version == 2


def test_who_may_not_write_keeps_no_draft(here: tuple[Cast, Client, str]) -> None:
    trial, client, page = here
    form = fields_of(client.get(page))
    assert keep(signed_in(trial.elsewhere), page, form, age="44").status_code == 403
    huge = keep(client, page, form, age="4" * 250_000)
    assert (huge.status_code, huge.json()["code"]) == (409, "refused.invalid-record")
    one = Agreed(by=trial.data_manager, reason="all clean")
    two = Agreed(by=trial.statistician, reason="plan signed")
    lock_unfinished(first=one, second=two, at=NOW, key=key())
    assert keep(client, page, form, age="44").json()["code"] == "refused.locked"
    assert client.get(f"{page}draft/").status_code == 405
    assert not Draft.objects.exists()


def test_two_people_who_open_the_next_event_at_once_both_keep_theirs(
    here: tuple[Cast, Client, str],
) -> None:
    trial, client, page = here
    log = page.replace("screening/screen/0/", "event/log/1/")
    other = signed_in(trial.nurse)
    form = _log_form(trial)
    first, second = fields_of(client.get(log)), fields_of(other.get(log))
    assert client.post(log, first | form).status_code == 302
    got = other.post(log, second | form)
    assert got["Location"].endswith("/event/log/2/?saved=1")
    assert other.post(log, second | form)["Location"] == got["Location"]
    assert Record.objects.filter(form="event").count() == 2


def _log_form(trial: Cast) -> dict[str, str]:
    return {"v.term": "headache"}


def test_a_form_on_paper_comes_blank_annotated_and_filled(
    here: tuple[Cast, Client, str],
) -> None:
    trial, client, page = here
    assert client.get(f"{page}filled.pdf").status_code == 404
    assert client.get(f"{page}other.pdf").status_code == 404
    send(client, page, answers())
    made = client.get(f"{page}filled.pdf")
    assert (made["Content-Type"], made.content[:5]) == ("application/pdf", b"%PDF-")
    assert signed_in(trial.elsewhere).get(f"{page}blank.pdf").status_code == 403


def test_a_filled_form_on_paper_is_escaped_and_shows_what_was_answered(trial: Cast) -> None:
    form = trial.study.forms["screening"]
    filled = Filled(
        participant="S01-<b>", visit="Screening", number=0, on=TODAY, version=2, by="Chen",
        zone="Asia/Shanghai", values={"sex": "f", "age": 44},
    )  # fmt: skip
    drawn = form_page(trial.study, form, "zh-Hans", filled=filled)
    assert "S01-&lt;b&gt;" in drawn
    assert "<b>" not in drawn
    assert drawn.count("✕") == 1
    blank = form_page(trial.study, form, "en", annotated=True)
    assert "✕" not in blank
    assert all(item.id in blank for item in form.items())


def test_a_death_and_its_form_are_saved_together_or_not_at_all(trial: Cast) -> None:
    code = trial.enrol()
    place = Place(participant=code, form="screening", visit="screen")
    asked = {"place": place, "values": {"age": 44}, "on": TODAY, "by": trial.investigator}
    with pytest.raises(Refused):
        report_death(died_on=TODAY + timedelta(days=9), at=NOW, key=key(), **asked)
    assert not Record.objects.exists()
    one = key()
    for _ in range(2):  # a second time is the same request, and the same answer
        assert report_death(died_on=TODAY, at=NOW, key=one, **asked).version == 1
    assert state_of(code).died_on == TODAY
    assert verify().sound
