"""A dose that ended early is partial in its course; looks before a dose belong to it."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from equipoise_server.services.participants.administer import Dose, administer
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.supply.dispense import dispense, prepare_unit
from equipoise_server.services.verify import verify
from equipoise_server.store import life
from equipoise_server.store.models import LedgerEntry
from equipoise_server.store.queries import records
from equipoise_server.store.study import forget_studies
from server.cast import NOW, TODAY, Cast, key, open_the_trial
from server.pages import signed_in, text_of

CODE = "S01-AAAAA-AAAAA"
LATER = NOW + timedelta(hours=1)
LOOK = """
id: look
title: {en: Look, zh-Hans: 观察}
audience: blinded
repeats: true
groups:
  - id: look
    title: {en: Look, zh-Hans: 观察}
    items:
      - {id: of_dose, text: {en: Dose, zh-Hans: 剂次}, type: integer}
      - {id: began, text: {en: Began, zh-Hans: 开始}, type: datetime}
      - {id: before, text: {en: Anything before, zh-Hans: 给药前异常}, type: boolean}
      - {id: rash, text: {en: Rash, zh-Hans: 皮疹}, type: boolean}
"""


@pytest.fixture
def ward(instance: SimpleNamespace) -> tuple[Cast, str]:
    """A study that says where a dose keeps its amount, and looks before and after it."""
    folder = instance.folder / "study"
    document: Any = yaml.safe_load((folder / "protocol.yaml").read_text("utf-8"))
    document["dosing"] |= {
        "reaction_form": "look",
        "reaction_items": ["rash"],
        "reaction_hours": 2,
        "first_dose_minutes": [-15],
        "later_dose_minutes": [-15],
        "items": {
            "amount": "dose_taken", "codes": {"full": "all", "partial": "part", "not": "none"},
            "start": "dose_at",
        },
        "reaction_sheet": {
            "number": "of_dose", "start": "began", "points": [{"minutes": -15, "mark": "before"}],
        },
    }  # fmt: skip
    taken = next(one for one in document["code_lists"] if one["id"] == "taken")
    taken["codes"].append({"code": "part", "text": {"en": "Part of it", "zh-Hans": "部分"}})
    title = {"en": "Looks", "zh-Hans": "观察"}
    document["schedule"].append({"id": "look", "title": title, "forms": ["look"], "per_dose": True})
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    (folder / "protocol.yaml").write_text(text, "utf-8")
    (folder / "forms" / "look.yaml").write_text(LOOK, "utf-8")
    forget_studies()
    trial = open_the_trial(instance)
    trial.make_eligible(trial.enrol(CODE))
    kit = randomise(participant=CODE, by=trial.investigator, at=NOW, key=key())
    trial.fill_in(CODE, "start", {"vomiting": False}, visit="start")
    dispense(participant=CODE, by=trial.nurse, at=NOW, key=key())
    prepare_unit(unit=f"{kit}-01", by=trial.pharmacist, at=NOW, key=key())
    return trial, f"{kit}-01"


def give(trial: Cast, unit: str) -> None:
    administer(
        participant=CODE,
        dose=Dose(started_at=LATER, unit=unit),
        values={"dose_at": LATER, "dose_taken": "all"},
        by=trial.nurse,
        at=LATER,
        key=key(),
    )


def change(trial: Cast, taken: str, hours: int, **more: Any) -> None:
    trial.fill_in(
        CODE, "dose", {"dose_at": LATER, "dose_taken": taken}, visit="dosing", number=1,
        by=trial.nurse, at=NOW + timedelta(hours=hours), reason="It ended early", **more,
    )  # fmt: skip


def test_the_course_follows_how_much_the_record_says(ward: tuple[Cast, str]) -> None:
    trial, unit = ward
    give(trial, unit)
    said = []
    for hours, taken in ((2, "part"), (3, "all"), (4, "part")):
        change(trial, taken, hours)
        said.append(life.state_of(CODE).doses[0].amount)
    assert said == ["partial", "full", "partial"]
    again = key()
    for _ in range(2):
        change(trial, "all", 5, key=again)
    assert life.state_of(CODE).doses[0].amount == "full"
    assert LedgerEntry.objects.filter(what="dose-corrected").count() == 4
    change(trial, "none", 6)  # the unit is gone: whether it was given is not undone by a record
    assert life.state_of(CODE).doses[0].amount == "full"
    story = text_of(signed_in(trial.investigator).get(f"/en/site/participants/{CODE}/"))
    assert "after all." in story
    hidden = text_of(signed_in(trial.assessor).get(f"/en/site/participants/{CODE}/"))
    assert "after all." not in hidden
    assert verify().sound


def test_a_look_before_the_dose_is_linked_to_it_when_it_starts(ward: tuple[Cast, str]) -> None:
    trial, unit = ward
    looked = {"visit": "dosing", "number": 1, "by": trial.nurse, "at": NOW}
    trial.fill_in(CODE, "look", {"before": False}, **looked)
    give(trial, unit)
    newest, first = records.versions(CODE, "look", "dosing", 1)
    assert newest.answers == {"before": False, "of_dose": 1, "began": LATER.isoformat()}
    assert first.answers == {"before": False}
    assert newest.on == TODAY
    assert verify().sound


def test_without_a_look_a_dose_makes_no_record_of_one(ward: tuple[Cast, str]) -> None:
    give(*ward)
    assert records.versions(CODE, "look", "dosing", 1) == ()
