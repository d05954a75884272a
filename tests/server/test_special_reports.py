"""Special situations: their clock on the first page, their report on a form of the folder."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django.test import Client

from equipoise.errors import NotPermitted, SavedFirst, UnknownRecord
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.records.report_special import report_special
from equipoise_server.services.verify import verify
from equipoise_server.store import life
from equipoise_server.store.models import LedgerEntry
from equipoise_server.store.study import forget_studies
from server.cast import ADULT, NOW, TODAY, Cast, key, open_the_trial
from server.entry import URL, send
from server.pages import signed_in, text_of

CODE = "S01-AAAAA-AAAAA"
LATER = NOW + timedelta(hours=1)
FORM = """
id: exposure
title: {en: Exposure report, zh-Hans: 暴露报告}
audience: blinded
groups:
  - id: exposure
    items:
      - {id: known_at, text: {en: Known at, zh-Hans: 获知时间}, type: datetime, required: true}
      - {id: sent_at, text: {en: Sent at, zh-Hans: 报告时间}, type: datetime}
      - {id: child, text: {en: Outcome, zh-Hans: 结局}, type: text}
"""


@pytest.fixture
def trial(instance: SimpleNamespace) -> Cast:
    """A study that asks for a report of who turns out to be pregnant; one is randomised."""
    folder = instance.folder / "study"
    document: Any = yaml.safe_load((folder / "protocol.yaml").read_text("utf-8"))
    title = {"en": "Pregnancy", "zh-Hans": "妊娠"}
    document["schedule"].append(
        {"id": "exposure", "title": title, "forms": ["exposure"], "log": True}
    )
    document["safety"]["reports"] = [
        {
            "id": "pregnancy", "title": title, "form": "exposure", "rule": "pregnant",
            "hours": 24.0, "aware_item": "known_at", "submitted_item": "sent_at",
            "outcome_item": "child", "ends_dosing": True,
        }
    ]  # fmt: skip
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    (folder / "protocol.yaml").write_text(text, "utf-8")
    form = FORM.replace("  - id: exposure\n", "  - id: exposure\n    title: {en: E, zh-Hans: 暴}\n")
    (folder / "forms" / "exposure.yaml").write_text(form, "utf-8")
    forget_studies()
    cast = open_the_trial(instance)
    cast.make_eligible(cast.enrol(CODE))
    randomise(participant=CODE, by=cast.investigator, at=NOW, key=key())
    return cast


def report(trial: Cast, **more: Any) -> int:
    given: dict[str, Any] = {
        "participant": CODE, "values": {"known_at": NOW}, "on": TODAY, "at": LATER,
        "by": trial.investigator, "key": key(),
    }  # fmt: skip
    return report_special("pregnancy", **{**given, **more})


def test_a_report_is_made_once_by_who_may_and_ends_dosing(trial: Cast) -> None:
    with pytest.raises(NotPermitted):
        report(trial, by=trial.nurse)
    with pytest.raises(UnknownRecord):
        report_special(
            "overdose", participant=CODE, values={}, on=TODAY, by=trial.investigator, at=LATER,
            key=key(),
        )  # fmt: skip
    assert not LedgerEntry.objects.filter(what="dosing-stopped").exists()
    assert report(trial, expected=0) == 1
    state = life.state_of(CODE)
    assert (state.dosing_stopped_at, state.dosing_stopped) == (LATER, "pregnancy")
    with pytest.raises(SavedFirst):
        report(trial, expected=0)
    assert LedgerEntry.objects.filter(what="dosing-stopped").count() == 1
    assert verify().sound


@pytest.mark.once
def test_its_clock_runs_on_the_first_page_until_it_is_sent(trial: Cast) -> None:
    client: Client = signed_in(trial.investigator)
    assert "Pregnancy" not in text_of(client.get("/en/site/"))
    work = client.get(f"{URL}/{CODE}/")
    assert "Report a special situation Pregnancy" in text_of(work)
    trial.fill_in(CODE, "screening", {**ADULT, "pregnant": True}, at=LATER, reason="A test")
    assert "Pregnancy: to be reported" in text_of(client.get("/en/site/"))
    assert "妊娠：待报告" in text_of(client.get("/zh-hans/site/"))
    page = f"{URL}/{CODE}/exposure/log/0/"
    assert page in client.get("/en/site/").content.decode()
    typed = {"known_at": "2026-03-02 09:00"}
    assert send(client, page, typed, on="2026-03-02").status_code == 302
    assert life.state_of(CODE).dosing_stopped == "pregnancy"
    assert "Pregnancy: to be sent to the sponsor" in text_of(client.get("/en/site/"))
    assert "by 2026-03-03 09:00" in text_of(client.get("/en/site/"))
    sent = {**typed, "sent_at": "2026-03-02 10:00"}
    assert send(client, page, sent, on="2026-03-02", reason="Sent").status_code == 302
    assert "Pregnancy" not in text_of(client.get("/en/site/"))
    shown = text_of(client.get(f"/en/site/participants/{CODE}/"))
    assert "followed to its outcome" in shown
    closed = {**sent, "child": "well"}
    assert send(client, page, closed, on="2026-03-02", reason="Born").status_code == 302
    assert "Pregnancy outcome known" in text_of(client.get(f"/en/site/participants/{CODE}/"))
