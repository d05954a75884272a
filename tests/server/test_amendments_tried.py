"""Amendments of each kind, tried one by one: what becomes of people, records and what hangs on them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from equipoise.errors import AmendmentRefused, LensMissing, NotEligible
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.cleaning.answer_query import answer_query
from equipoise_server.services.cleaning.open_query import open_query
from equipoise_server.services.cleaning.verify_source import verify_source
from equipoise_server.services.consenting.consent import consent
from equipoise_server.services.participants.move_participant import move_participant
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.records.keep_draft import Typed, keep_draft
from equipoise_server.services.verify import verify
from equipoise_server.store import study as studies
from equipoise_server.store.models import Finding, RecordVersion, User, Verification
from equipoise_server.store.queries import records
from equipoise_server.store.queries.finalising import signatures
from equipoise_server.store.save import Place
from server.cast import ADULT, NOW, Cast, key
from server.finalising import publish, put_in_force, seen, sign_as
from server.pages import signed_in

pytestmark = pytest.mark.once  # what an amendment means asks nothing of the engine
CODE = "S01-AAAAA-AAAAA"
Change = Callable[[Path], None]


def _edit(path: Path, change: Callable[[Any], object]) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), "utf-8")


def _lens(folder: Path, form: str, *steps: dict[str, Any]) -> None:
    (folder / "lenses").mkdir(exist_ok=True)
    lens = {"id": "from-1", "reads": "1.0", "forms": [{"form": form, "steps": list(steps)}]}
    (folder / "lenses" / "from-1.yaml").write_text(yaml.safe_dump(lens), "utf-8")


def _elsewhere(folder: Path, name: str) -> None:
    """Put another name for `egfr` everywhere outside its form."""
    for path in (
        folder / "protocol.yaml",
        folder / "cleaning.yaml",
        folder / "scenarios/plain.yaml",
    ):
        path.write_text(path.read_text("utf-8").replace("egfr", name), "utf-8")


def without_egfr(folder: Path) -> None:
    """An item is dropped, and the criterion that asked for it."""

    def protocol(document: Any) -> None:
        document["eligibility"] = [one for one in document["eligibility"] if one["id"] != "X2"]

    _edit(folder / "protocol.yaml", protocol)
    _edit(folder / "scenarios/plain.yaml", lambda one: one["items"].pop("egfr"))
    _edit(folder / "cleaning.yaml", lambda one: one["transfers"].clear())
    _edit(folder / "forms/screening.yaml", lambda one: one["groups"].pop())


def split(folder: Path) -> None:
    """One item becomes two: the lowest and the highest value of the day."""

    def change(document: Any) -> None:
        items = document["groups"][-1]["items"]
        old = items.pop()
        items += [{**old, "id": "egfr_lowest"}, {**old, "id": "egfr_highest"}]

    _edit(folder / "forms/screening.yaml", change)
    _elsewhere(folder, "egfr_lowest")


def other_codes(folder: Path) -> None:
    """The sexes are told as 1 and 2."""
    changes = {
        'sex == "f"': 'sex == "1"',
        "{code: f,": '{code: "1",',
        "{code: m,": '{code: "2",',
        "{f: 0.5, m: 0.5}": '{"1": 0.5, "2": 0.5}',
    }
    for name in ("protocol.yaml", "forms/screening.yaml", "scenarios/plain.yaml"):
        text = (folder / name).read_text("utf-8")
        for old, new in changes.items():
            text = text.replace(old, new)
        (folder / name).write_text(text, "utf-8")


RETIRED = ({"retire": "egfr"},)
SPLIT = ({"retire": "egfr"}, {"add": "egfr_lowest"}, {"add": "egfr_highest"})
RECODED = ({"recode": "sex", "codes": {"f": "1", "m": "2"}},)
KINDS: dict[str, tuple[Change, tuple[dict[str, Any], ...], str, dict[str, Any]]] = {
    "an item dropped": (without_egfr, RETIRED, "egfr", {"egfr": None, "sex": "f"}),
    "an item split": (split, SPLIT, "egfr", {"egfr_lowest": None, "sex": "f"}),
    "other codes": (other_codes, RECODED, "sex", {"egfr": 88.5, "sex": "1"}),
}
"""What changes, its lens, the item whose change a missing lens leaves open, and what is read after."""


@pytest.fixture
def sponsor(trial: Cast) -> User:
    given = {"username": "sp", "full_name": "Sp", "role": "sponsor", "site": None}
    return appoint(**given, by=trial.administrator, at=NOW, key=key())


def _amended(trial: Cast, tmp_path: Path, change: Change) -> Path:
    folder = tmp_path / "two"
    shutil.copytree(trial.instance.folder / "study", folder)
    path = folder / "protocol.yaml"
    path.write_text(path.read_text("utf-8").replace('version: "1.0"', 'version: "2.0"', 1))
    change(folder)
    return folder


def _at_work(trial: Cast) -> int:
    """A record that is asked about, verified and signed; the number of the query."""
    monitor = {"username": "mo", "full_name": "Mo", "role": "monitor", "site": None}
    compared = appoint(**monitor, by=trial.administrator, at=NOW, key=key())
    trial.make_eligible(trial.enrol(CODE))
    place = {"participant": CODE, "form": "screening", "visit": "screen"}
    asked = {"item": "egfr", "text": "Really?", "by": trial.data_manager, "at": NOW}
    number = open_query(**place, **asked, key=key())
    verify_source(**place, items=["age"], expected=1, by=compared, at=NOW, key=key())
    sign_as(trial.investigator, CODE, "screening", seen(CODE, "screening"))
    return number


@pytest.mark.parametrize("kind", KINDS)
def test_without_its_lens_a_change_is_refused_by_name(
    trial: Cast, sponsor: User, tmp_path: Path, kind: str
) -> None:
    change, _, item, _ = KINDS[kind]
    folder = _amended(trial, tmp_path, change)
    with pytest.raises(LensMissing, match=item):
        publish(folder, sponsor)


@pytest.mark.parametrize("kind", KINDS)
def test_what_hangs_on_a_record_outlives_the_move_and_ends_with_a_new_version(
    trial: Cast, sponsor: User, tmp_path: Path, kind: str
) -> None:
    change, steps, _, after = KINDS[kind]
    query = _at_work(trial)
    folder = _amended(trial, tmp_path, change)
    _lens(folder, "screening", *steps)
    put_in_force(publish(folder, sponsor), sponsor)
    move_participant(participant=CODE, by=trial.investigator, at=NOW, key=key())

    old = records.versions(CODE, "screening", "screen", 0)[0].answers
    assert old is not None
    assert (old["egfr"], old["sex"]) == (88.5, "f")  # as it was asked
    (now,) = records.answers(studies.of_participant(CODE), [CODE], ["screening"])[CODE]
    assert {name: now.values.get(name) for name in after} == after
    (signed,) = signatures(CODE, "screening", "screen", 0)
    assert signed.void_at is None  # nobody changed the record
    assert Verification.objects.filter(undone_at__isnull=True).count() == 1
    answer_query(query=query, text="Yes", by=trial.investigator, at=NOW, key=key())
    assert Finding.objects.get(pk=query).state == "open"
    assert verify().sound

    values = {"consent_signed": True, "age": 45, "ulcer_history": False, "sex": after["sex"]}
    trial.fill_in(CODE, "screening", values, reason="Age")
    assert RecordVersion.objects.filter(record__form="screening").count() == 2
    (signed,) = signatures(CODE, "screening", "screen", 0)
    assert signed.void_at is not None
    assert not Verification.objects.filter(undone_at__isnull=True).exists()
    assert verify().sound


def stricter(folder: Path) -> None:
    """Nobody above 40 years any more."""
    path = folder / "protocol.yaml"
    path.write_text(path.read_text("utf-8").replace("age <= 70", "age <= 40"), "utf-8")


def test_who_is_randomised_stays_and_who_waits_is_judged_by_the_version_they_are_under(
    trial: Cast, sponsor: User, tmp_path: Path
) -> None:
    """ADULT is 44 years old."""
    waits, moved = "S01-BBBBB-BBBBB", "S01-CCCCC-CCCCC"
    for code in (CODE, waits, moved):
        trial.make_eligible(trial.enrol(code))
    randomise(participant=CODE, by=trial.investigator, at=NOW, key=key())
    folder = _amended(trial, tmp_path, stricter)
    put_in_force(publish(folder, sponsor), sponsor)
    for code in (CODE, moved):
        move_participant(participant=code, by=trial.investigator, at=NOW, key=key())
    trial.fill_in(CODE, "start", {"vomiting": False}, visit="start")  # goes on in the trial
    randomise(participant=waits, by=trial.investigator, at=NOW, key=key())
    with pytest.raises(NotEligible):
        randomise(participant=moved, by=trial.investigator, at=NOW, key=key())
    assert verify().sound


def test_a_draft_begun_before_the_move_is_still_there(
    trial: Cast, sponsor: User, tmp_path: Path
) -> None:
    trial.fill_in(trial.enrol(CODE), "screening", ADULT)
    place = Place(participant=CODE, form="screening", visit="screen")
    typed = Typed(said={"v.age": ["46"], "v.egfr": ["90"]}, version=1, key="a")
    keep_draft(place=place, typed=typed, by=trial.investigator, at=NOW)
    folder = _amended(trial, tmp_path, without_egfr)
    _lens(folder, "screening", *RETIRED)
    put_in_force(publish(folder, sponsor), sponsor)
    move_participant(participant=CODE, by=trial.investigator, at=NOW, key=key())
    client = signed_in(trial.investigator)
    page = client.get(f"/en/entry/{CODE}/screening/screen/0/").content.decode()
    assert 'value="46"' in page
    assert "v.egfr" not in page


def one_visit_more(folder: Path) -> None:
    """The pain is asked at week 4, too."""

    def protocol(document: Any) -> None:
        document["visits"].insert(3, {**document["visits"][2], "id": "week4", "day": 28})
        pain = next(one for one in document["schedule"] if one["id"] == "pain")
        pain["at"] = [*pain["at"], "week4"]

    _edit(folder / "protocol.yaml", protocol)


def test_to_one_visit_more_people_agree_and_then_it_is_asked_of_them(
    trial: Cast, sponsor: User, tmp_path: Path
) -> None:
    trial.enrol(CODE)
    folder = _amended(trial, tmp_path, one_visit_more)
    with pytest.raises(AmendmentRefused, match="agree to it anew"):
        publish(folder, sponsor)
    for path in (folder / "consent").iterdir():
        text = path.read_text("utf-8").replace('version: "1.0"', 'version: "2.0"', 1)
        path.write_text(text + "\n", "utf-8")
    put_in_force(publish(folder, sponsor), sponsor)
    before = {one.id for one in studies.of_participant(CODE).protocol.visits}
    consent(participant=CODE, version="2.0", by=trial.investigator, at=NOW, key=key())
    after = {one.id for one in studies.of_participant(CODE).protocol.visits}
    assert after - before == {"week4"}


def test_another_study_and_a_folder_with_errors_are_refused(
    trial: Cast, sponsor: User, tmp_path: Path
) -> None:
    def other(folder: Path) -> None:
        _edit(folder / "protocol.yaml", lambda one: one.update(id="another"))

    with pytest.raises(AmendmentRefused, match="another"):
        publish(_amended(trial, tmp_path, other), sponsor)
