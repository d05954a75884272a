"""The diary: written by the participant, late from a phone, never over what the site wrote."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from equipoise.errors import (
    AlreadyWithdrawn,
    InvalidRecord,
    OutOfOrder,
    SavedFirst,
    UnknownRecord,
)
from equipoise_server.services.own_pages.diary import days_of, keep_diary
from equipoise_server.services.own_pages.participant_door import set_reminders
from equipoise_server.services.own_pages.remind_participants import remind
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.participants.withdraw import withdraw
from equipoise_server.services.verify import verify
from equipoise_server.store import life
from equipoise_server.store.models import LedgerEntry
from equipoise_server.store.queries import records
from equipoise_server.store.study import forget_studies
from server.cast import Cast, key, open_the_trial
from server.consenting import consented
from server.diary_study import add_diary
from server.pages import text_of
from server.test_consent_pages import enter_as

T0 = timezone.now()
DAY0 = T0.astimezone(ZoneInfo("Asia/Shanghai")).date()


@pytest.fixture
def diarist(instance: Any) -> tuple[Cast, str]:
    """Somebody randomised today in a trial with a diary."""
    folder = instance.folder / "study"
    add_diary(folder)
    forget_studies()
    trial = open_the_trial(instance)
    code = trial.make_eligible(consented(trial))
    randomise(participant=code, by=trial.investigator, at=T0, key=key())
    return trial, code


def write(code: str, **more: Any) -> Any:
    given: dict[str, Any] = {
        "number": 0,
        "values": {"ache": "40"},
        "written_at": T0,
        "expected": 0,
        "at": T0,
        "key": key(),
        **more,
    }
    return keep_diary(participant=code, **given)


def test_an_entry_is_kept_once_with_the_moment_at_which_it_was_written(
    diarist: tuple[Cast, str],
) -> None:
    _trial, code = diarist
    once = key()
    assert write(code, key=once).version == 1
    assert write(code, key=once).version == 1
    saved = records.versions(code, "daily", "daily", 0)[0]
    assert saved.answers is not None
    assert saved.answers["ache"] == 40
    assert str(saved.answers["told_at"]).startswith(T0.date().isoformat())
    assert LedgerEntry.objects.filter(chain=code, by="participant", what="recorded").count() == 1
    found = days_of(code, T0)
    assert [one.state for one in found][:2] == ["done", "not-yet"]
    assert verify().sound


def test_what_the_site_wrote_meanwhile_is_not_overwritten(diarist: tuple[Cast, str]) -> None:
    trial, code = diarist
    trial.fill_in(code, "daily", {"ache": 10}, visit="daily", on=DAY0, at=T0)
    with pytest.raises(SavedFirst):
        write(code)
    client = enter_as(code)
    late = {"v.ache": "40", "expected": "0", "key": key()}
    page = "/en/me/diary/0/"
    assert client.get(page).status_code == 200
    said = client.post(page, late, headers={"Accept": "application/json"})
    assert said.status_code == 409
    assert said.json()["conflict"] is True
    assert said.json()["theirs"] == {"ache": "10"}
    shown = client.post(page, late)
    assert "Nothing was overwritten" in text_of(shown)
    again = {**late, "expected": "1", "key": key()}
    assert client.post(page, again, headers={"Accept": "application/json"}).json()["saved"]


def test_an_entry_of_tomorrow_or_long_ago_or_nonsense_is_refused(
    diarist: tuple[Cast, str],
) -> None:
    trial, code = diarist
    with pytest.raises(OutOfOrder):
        write(code, number=2)
    with pytest.raises(OutOfOrder):
        write(code, at=T0 + timedelta(days=9))
    with pytest.raises(InvalidRecord):
        write(code, values={"ache": "a lot"})
    with pytest.raises(UnknownRecord):
        write("S01-NOBOD-YYYYY")
    withdraw(participant=code, level="data", on=DAY0, by=trial.investigator, at=T0, key=key())
    with pytest.raises(AlreadyWithdrawn):
        write(code)


def test_reminders_come_once_in_the_evening_and_only_where_wished(
    diarist: tuple[Cast, str],
) -> None:
    _trial, code = diarist
    evening = datetime.combine(DAY0, time(18), ZoneInfo("Asia/Shanghai"))
    assert remind(at=evening - timedelta(hours=8)) == 0
    set_reminders(code, False)
    assert remind(at=evening) == 0
    set_reminders(code, True)
    assert remind(at=evening) == 1
    write(code, at=evening)
    assert remind(at=evening + timedelta(hours=1)) == 0


def test_nobody_writes_in_somebody_elses_diary(diarist: tuple[Cast, str]) -> None:
    _trial, code = diarist
    assert Client().post("/en/me/diary/0/", {"v.ache": "1"}).status_code == 302
    assert enter_as(code).get("/en/me/diary/99/").status_code == 404


def test_the_first_page_leads_to_the_entry_and_tells_nothing_of_the_kit(
    diarist: tuple[Cast, str],
) -> None:
    _trial, code = diarist
    client, kit = enter_as(code), life.state_of(code).kit
    for language in ("en", "zh-hans"):
        page = client.get(f"/{language}/me/")
        assert page.status_code == 200
        text = page.content.decode()
        assert "/me/diary/0/" in text
        assert kit is not None
        assert kit not in text
    assert client.get("/en/me/diary/").status_code == 200
