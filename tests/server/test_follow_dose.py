"""What the record of a dose says, its course, its unit and the looks around it say too."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from equipoise.errors import DoseNotAllowed, UnitNotValid, UnitOfAnother, UnitUsed
from equipoise.supply import discrepancies, split_unit
from equipoise_server.services.participants.administer import Dose, administer
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.supply.account_for import account_for
from equipoise_server.services.supply.dispense import dispense, prepare_unit
from equipoise_server.services.verify import verify
from equipoise_server.store import life, supplies
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
            "start": "dose_at", "unit": "dose_unit", "previous_start": "before_at",
        },
        "reaction_sheet": {
            "number": "of_dose", "start": "began", "points": [{"minutes": -15, "mark": "before"}],
        },
    }  # fmt: skip
    taken = next(one for one in document["code_lists"] if one["id"] == "taken")
    given = yaml.safe_load((folder / "forms" / "dose.yaml").read_text("utf-8"))
    for name, kind in (("dose_unit", "text"), ("before_at", "datetime")):
        words = {"en": name, "zh-Hans": name}
        given["groups"][0]["items"].append({"id": name, "text": words, "type": kind})
    (folder / "forms" / "dose.yaml").write_text(yaml.safe_dump(given, sort_keys=False), "utf-8")
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
    for number in (1, 2):
        prepare_unit(unit=f"{kit}-0{number}", by=trial.pharmacist, at=NOW, key=key())
    return trial, f"{kit}-01"


def give(trial: Cast, unit: str, started_at: datetime = LATER, **more: Any) -> None:
    administer(
        participant=CODE,
        dose=Dose(started_at=started_at, unit=unit),
        values={"dose_at": started_at, "dose_taken": "all", "dose_unit": unit, **more},
        by=trial.nurse,
        at=started_at,
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
    story = text_of(signed_in(trial.investigator).get(f"/en/site/participants/{CODE}/"))
    assert "after all." in story
    hidden = text_of(signed_in(trial.assessor).get(f"/en/site/participants/{CODE}/"))
    assert "after all." not in hidden
    assert verify().sound


def correct(trial: Cast, number: int = 1, **answers: Any) -> None:
    trial.fill_in(
        CODE, "dose", {name: one for name, one in answers.items() if one is not None},
        visit="dosing", number=number, by=trial.nurse, at=NOW + timedelta(days=1), reason="Wrong",
    )  # fmt: skip


def unit_status(unit: str) -> str:
    kit, number = split_unit(unit)
    found = supplies.state_of(kit).unit(number)
    return found.status if found else ""


def test_a_dose_that_was_not_given_after_all_gives_its_unit_back(ward: tuple[Cast, str]) -> None:
    trial, unit = ward
    trial.fill_in(CODE, "look", {"rash": False}, visit="dosing", number=1, by=trial.nurse, at=NOW)
    give(trial, unit)
    correct(trial, dose_taken="none")
    dose = life.state_of(CODE).doses[0]
    assert (dose.amount, dose.unit, life.state_of(CODE).first_dose_at) == ("not", None, None)
    assert unit_status(unit) == "prepared"
    assert "began" not in (records.versions(CODE, "look", "dosing", 1)[0].answers or {})
    assert not discrepancies(supplies.states(), supplies.given_units())
    correct(trial, dose_taken="part", dose_at=LATER, dose_unit=unit.lower())
    dose = life.state_of(CODE).doses[0]
    assert (dose.amount, dose.unit, dose.at) == ("partial", unit, LATER)
    assert unit_status(unit) == "administered"
    assert records.versions(CODE, "look", "dosing", 1)[0].answers["began"] == LATER.isoformat()
    assert verify().sound


def test_a_start_that_is_corrected_moves_the_course_and_what_names_it(
    ward: tuple[Cast, str],
) -> None:
    trial, unit = ward
    give(trial, unit)
    second = unit.replace("-01", "-02")
    give(trial, second, LATER + timedelta(hours=12), before_at=LATER)
    earlier = LATER - timedelta(minutes=20)
    correct(trial, dose_taken="all", dose_at=earlier, dose_unit=unit)
    assert life.state_of(CODE).first_dose_at == earlier
    newest, first = records.versions(CODE, "dose", "dosing", 2)
    assert newest.answers["before_at"] == earlier.isoformat()
    assert first.answers["before_at"] == LATER.isoformat()
    correct(trial, dose_taken="none")
    assert "before_at" not in records.versions(CODE, "dose", "dosing", 2)[0].answers
    story = text_of(signed_in(trial.investigator).get(f"/en/site/participants/{CODE}/"))
    assert "not given after all" in story
    assert verify().sound


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [
        ({"dose_taken": "all", "dose_at": LATER + timedelta(hours=12)}, DoseNotAllowed),
        ({"dose_taken": "all", "dose_at": NOW - timedelta(days=9)}, DoseNotAllowed),
        ({"dose_taken": "all", "dose_at": LATER, "dose_unit": "-02"}, UnitUsed),
        ({"dose_taken": "all", "dose_at": LATER, "dose_unit": "-03"}, UnitNotValid),
        ({"dose_taken": "all", "dose_at": LATER, "dose_unit": "XXXXX-01"}, UnitOfAnother),
    ],
)
def test_a_correction_that_cannot_have_been_changes_nothing(
    ward: tuple[Cast, str], answers: dict[str, Any], refusal: type[Exception]
) -> None:
    trial, unit = ward
    give(trial, unit)
    give(trial, unit.replace("-01", "-02"), LATER + timedelta(hours=12))
    if answers.get("dose_unit", "").startswith("-"):
        answers = {**answers, "dose_unit": unit.replace("-01", answers["dose_unit"])}
    before = (life.state_of(CODE), LedgerEntry.objects.count())
    with pytest.raises(refusal):
        correct(trial, **answers)
    assert (life.state_of(CODE), LedgerEntry.objects.count()) == before


def test_a_unit_that_was_destroyed_since_is_not_given_after_all(ward: tuple[Cast, str]) -> None:
    trial, unit = ward
    give(trial, unit)
    correct(trial, dose_taken="none")
    account_for(
        units=[unit], became="destroyed", reason="Opened", by=trial.pharmacist, at=NOW, key=key()
    )
    with pytest.raises(UnitNotValid, match="destroyed"):
        correct(trial, dose_taken="all", dose_at=LATER, dose_unit=unit)
    assert life.state_of(CODE).doses[0].amount == "not"


def test_a_dose_recorded_as_not_given_is_made_up_on_the_same_record(
    ward: tuple[Cast, str],
) -> None:
    trial, unit = ward
    give(trial, unit)
    for number in range(2, 29):
        administer(
            participant=CODE, dose=Dose(started_at=LATER, amount="not", number=number),
            values={"dose_taken": "none"}, by=trial.nurse, at=LATER, key=key(),
        )  # fmt: skip
    give(trial, unit.replace("-01", "-02"), LATER + timedelta(hours=24))
    assert [one.version for one in records.versions(CODE, "dose", "dosing", 2)] == [2, 1]
    assert verify().sound


def test_a_dose_is_first_recorded_at_the_bedside(ward: tuple[Cast, str]) -> None:
    with pytest.raises(DoseNotAllowed, match="bedside"):
        correct(ward[0], dose_taken="all", dose_at=LATER)
    assert records.versions(CODE, "dose", "dosing", 1) == ()


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
