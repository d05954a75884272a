"""Amendments: published whole, in force site by site, older data read through lenses."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from equipoise.errors import (
    AmendmentRefused,
    LensMissing,
    ListOfAnotherVersion,
    NotPermitted,
    WaitsForBoard,
)
from equipoise.protocol.load import load
from equipoise.protocol.model import Study
from equipoise.protocol.overlay import laid
from equipoise_server.allocator import client
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.consenting.consent import consent
from equipoise_server.services.participants.move_participant import move_participant
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.trial.activate_amendment import Approval
from equipoise_server.services.trial.decide_board import decide_board
from equipoise_server.services.trial.export import export
from equipoise_server.services.verify import verify
from equipoise_server.store import study as studies
from equipoise_server.store.dataset import dataset
from equipoise_server.store.models import Amendment, ParticipantVersion, RecordVersion, User
from equipoise_server.store.queries import records
from equipoise_server.store.queries.finalising import amendments
from equipoise_server.vault.models import Allocation
from server.cast import ADULT, INFECTED, NOW, TODAY, Cast, key
from server.finalising import by_hand, publish, put_in_force

CODE = "S01-AAAAA-AAAAA"
OTHER = "S01-BBBBB-BBBBB"
LATER = NOW + timedelta(hours=1)
LENS = {
    "id": "from-1",
    "reads": "1.0",
    "forms": [
        {
            "form": "screening",
            "steps": [
                {"rename": "egfr", "to": "filtration"},
                {"add": "smoker"},
            ],
        }
    ],
}


@pytest.fixture
def sponsor(trial: Cast) -> User:
    return appoint(
        username="sp", full_name="Sp", role="sponsor", site=None, by=trial.administrator, at=NOW,
        key=key(),
    )  # fmt: skip


def _edit(path: Path, change: Callable[[Any], None]) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), "utf-8")


def _rename(path: Path) -> None:
    text = path.read_text("utf-8").replace("egfr", "filtration")
    path.write_text(text, "utf-8")


@pytest.fixture
def amended(trial: Cast, tmp_path: Path) -> Path:
    """Version 2.0: an item renamed, one more, and a wider window."""
    folder = tmp_path / "two"
    shutil.copytree(trial.instance.folder / "study", folder)

    def protocol(document: Any) -> None:
        document["version"] = "2.0"
        document["visits"][-1]["late"] = document["visits"][-1].get("late", 0) + 3

    def screening(document: Any) -> None:
        document["groups"][0]["items"].append(
            {"id": "smoker", "text": {"en": "Smokes", "zh-Hans": "吸烟"}, "type": "boolean"}
        )

    _edit(folder / "protocol.yaml", protocol)
    _edit(folder / "forms" / "screening.yaml", screening)
    for path in (*(folder / "forms").iterdir(), folder / "protocol.yaml"):
        _rename(path)
    for path in (folder / "scenarios").iterdir():
        _rename(path)
    for path in (folder / "consent").iterdir():  # the same document, under the same version
        if not path.read_text("utf-8").startswith("---"):
            path.write_text('---\nversion: "1.0"\n---\n' + path.read_text("utf-8"), "utf-8")
    (folder / "lenses").mkdir()
    (folder / "lenses" / "from-1.yaml").write_text(yaml.safe_dump(LENS), "utf-8")
    if (folder / "cleaning.yaml").is_file():
        _rename(folder / "cleaning.yaml")
    return folder


def test_a_participant_moves_at_the_next_visit_and_old_data_stay(
    trial: Cast, amended: Path, sponsor: User, tmp_path: Path
) -> None:
    trial.make_eligible(trial.enrol(CODE))
    digest = publish(amended, sponsor)
    assert studies.active().digest == trial.study.digest  # published, not in force
    put_in_force(digest, sponsor)
    assert studies.of_participant(CODE).digest == trial.study.digest
    trial.fill_in(CODE, "screening", {**ADULT, "age": 45}, reason="why", at=LATER)  # old visit
    assert studies.of_participant(CODE).digest == trial.study.digest
    randomise(participant=CODE, by=trial.investigator, at=LATER, key=key())
    trial.fill_in(CODE, "start", {"vomiting": False}, visit="start", at=LATER)
    assert studies.of_participant(CODE).digest == digest
    (answered,) = records.answers(studies.active(), [CODE], ["screening"])[CODE]
    assert (answered.values["filtration"], "egfr" in answered.values) == (88.5, False)
    newest = records.versions(CODE, "screening", "screen", 0)[0]
    assert newest.answers is not None
    assert newest.answers["egfr"] == 88.5  # under its own definition it is as it was
    found = {
        one.code: one for one in dataset(studies.active(), allocated={}, received={}).participants
    }
    assert CODE in found
    assert verify().sound
    out = tmp_path / "out"
    export("csv", out=out, by=trial.statistician, at=LATER)
    row = next(csv.DictReader((out / "forms" / "screening.csv").open(encoding="utf-8")))
    assert (row["filtration"], row["smoker"], row["age"]) == ("88.5", "", "45")
    export("odm", out=tmp_path / "odm", by=trial.statistician, at=LATER)
    assert "filtration" in (tmp_path / "odm" / "odm.xml").read_text("utf-8")


def test_a_change_after_the_move_is_saved_under_the_new_definition(
    trial: Cast, amended: Path, sponsor: User
) -> None:
    trial.fill_in(trial.enrol(CODE), "screening", ADULT)
    put_in_force(publish(amended, sponsor), sponsor)
    move_participant(participant=CODE, by=trial.investigator, at=LATER, key=key())
    new = {name: value for name, value in ADULT.items() if name != "egfr"}
    unchanged = trial.fill_in(CODE, "screening", {**new, "filtration": 88.5}, at=LATER)
    assert unchanged.version == 1
    saved = trial.fill_in(CODE, "screening", {**new, "filtration": 90.0}, reason="why", at=LATER)
    assert saved.version == 2
    assert [one.study for one in RecordVersion.objects.order_by("version")] == [
        trial.study.digest,
        studies.of_participant(CODE).digest,
    ]
    assert verify().sound


def test_new_participants_start_under_the_version_of_their_site(
    trial: Cast, amended: Path, sponsor: User
) -> None:
    digest = publish(amended, sponsor)
    put_in_force(digest, sponsor, on=TODAY + timedelta(days=1), site="s01")
    put_in_force(digest, sponsor, site="s02")
    trial.enrol(CODE)
    trial.enrol("S02-BBBBB-BBBBB", "s02")
    assert studies.of_participant(CODE).digest == trial.study.digest
    assert studies.of_participant("S02-BBBBB-BBBBB").digest == digest
    with pytest.raises(AmendmentRefused):
        move_participant(participant=CODE, by=trial.investigator, at=NOW, key=key())
    assert verify().sound


def test_after_an_amendment_the_same_list_is_followed(
    trial: Cast, amended: Path, sponsor: User
) -> None:
    sealed = client.commitment()
    trial.make_eligible(trial.enrol(CODE))
    randomise(participant=CODE, by=trial.investigator, at=NOW, key=key())
    waiting = trial.make_eligible(trial.enrol("S01-CCCCC-CCCCC"))
    digest = publish(amended, sponsor)
    put_in_force(digest, sponsor)
    trial.enrol(OTHER)
    answers = {name: value for name, value in ADULT.items() if name != "egfr"}
    trial.fill_in(OTHER, "screening", {**answers, "filtration": 88.5, "smoker": False})
    trial.fill_in(OTHER, "screening_breath", INFECTED)
    assert studies.of_participant(OTHER).digest == digest
    assert studies.of_participant(waiting).digest == trial.study.digest
    for code in (OTHER, waiting):
        randomise(participant=code, by=trial.investigator, at=LATER, key=key())
    given = Allocation.objects.order_by("pk").values_list("participant", "slot__place")
    assert list(given) == [(CODE, 1), (OTHER, 2), (waiting, 3)]
    for other in (digest, "0" * 64):
        with pytest.raises(ListOfAnotherVersion):
            client.allocate(
                participant="P", site="s01", stratum={"ulcer_history": "false"}, key="k",
                at=LATER, digest=other,
            )  # fmt: skip
    assert client.commitment() == sealed
    assert verify().sound
    client.release(first=("a", "x"), second=("b", "y"), at=LATER)
    assert client.matches() is True


def test_a_lens_that_does_not_explain_a_change_is_refused(
    amended: Path, sponsor: User, trial: Cast
) -> None:
    lens = {**LENS, "forms": [{"form": "screening", "steps": [{"add": "smoker"}]}]}
    (amended / "lenses" / "from-1.yaml").write_text(yaml.safe_dump(lens), "utf-8")
    with pytest.raises(LensMissing, match="egfr, filtration"):
        publish(amended, sponsor)
    wrong = laid(LENS, {"forms": [{"form": "nowhere", "steps": [{"add": "x"}]}]})
    (amended / "lenses" / "from-1.yaml").write_text(yaml.safe_dump(wrong), "utf-8")
    with pytest.raises(LensMissing):
        publish(amended, sponsor)
    assert RecordVersion.objects.count() == 0
    assert trial.study.digest == studies.active().digest


def test_a_rehearsal_of_another_version_is_refused(amended: Path, sponsor: User) -> None:
    with pytest.raises(AmendmentRefused, match="not one of this version"):
        publish(amended, sponsor, digest="0" * 64)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"results": []}, "no estimand"),
        ({"results": "good"}, "no rehearsal"),
        ({"trials": 0}, "no trial"),
        ({"trials": 3}, "says something else"),
        ({"seed": 2}, "says something else"),
        ({"effect": 9.0}, "says something else"),
        ({"complete": False}, "not carried to its end"),
        ({"duration_days": {"median": 1.0}}, "duration_days"),
    ],
)
def test_a_rehearsal_that_does_not_come_out_again_is_refused(
    amended: Path, sponsor: User, told: dict[str, Any], why: str
) -> None:
    with pytest.raises(AmendmentRefused, match=why):
        publish(amended, sponsor, **told)
    assert not Amendment.objects.exists()


def test_a_site_works_under_no_version_that_its_ethics_committee_has_not_approved(
    amended: Path, sponsor: User
) -> None:
    digest = publish(amended, sponsor)
    for reference, given, why in (
        ("  ", TODAY, "no document"),
        ("x" * 201, TODAY, "more than 200"),
        ("EC 17", TODAY + timedelta(days=1), "lies ahead"),
    ):
        with pytest.raises(AmendmentRefused, match=why):
            put_in_force(digest, sponsor, approval=Approval(reference=reference, on=given))
    put_in_force(digest, sponsor)
    there = amendments()[0].sites["s01"]
    assert (there.on, there.approval, there.approved_on) == (TODAY, "EC 2026-17", TODAY)
    assert verify().sound
    by_hand("UPDATE store_siteapproval SET reference = %s", "EC 18")
    assert not verify().sound


def test_arms_may_not_change_under_a_sealed_list(amended: Path, sponsor: User) -> None:
    _edit(amended / "protocol.yaml", lambda one: one["arms"][0].update(ratio=6))
    with pytest.raises(AmendmentRefused, match="arms"):
        publish(amended, sponsor)


def test_versions_go_forward_only(amended: Path, sponsor: User, trial: Cast) -> None:
    digest = publish(amended, sponsor)
    with pytest.raises(AmendmentRefused):
        publish(amended, sponsor)
    with pytest.raises(AmendmentRefused, match="is over"):
        put_in_force(digest, sponsor, on=TODAY - timedelta(days=1))
    put_in_force(digest, sponsor)
    with pytest.raises(AmendmentRefused, match="already"):
        put_in_force(digest, sponsor)
    with pytest.raises(NotPermitted):
        put_in_force(digest, trial.investigator, site="s02")


def _consented_anew(folder: Path, version: str) -> None:
    for path in (folder / "consent").iterdir():
        text = path.read_text("utf-8").replace('version: "1.0"', f'version: "{version}"')
        path.write_text(text + "\nOne more risk.\n", "utf-8")


def test_where_people_agree_anew_they_move_when_they_have(
    trial: Cast, amended: Path, sponsor: User
) -> None:
    _consented_anew(amended, "2.0")
    for code in (CODE, OTHER):
        trial.make_eligible(trial.enrol(code))
    digest = publish(amended, sponsor)
    for code in (CODE, OTHER):
        randomise(participant=code, by=trial.investigator, at=LATER, key=key())
    put_in_force(digest, sponsor)
    trial.fill_in(CODE, "start", {"vomiting": False}, visit="start", at=LATER)
    assert studies.of_participant(CODE).digest == trial.study.digest  # did not agree yet
    with pytest.raises(AmendmentRefused, match="sign the consent"):
        move_participant(participant=CODE, by=trial.investigator, at=LATER, key=key())
    consent(participant=CODE, version="2.0", by=trial.investigator, at=LATER, key=key())
    assert studies.of_participant(CODE).digest == digest
    assert ParticipantVersion.objects.get().why == "reconsent"
    assert verify().sound


def test_a_changed_risk_without_a_new_document_is_refused(amended: Path, sponsor: User) -> None:
    _consented_anew(amended, "1.0")
    with pytest.raises(AmendmentRefused, match="agree to it anew"):
        publish(amended, sponsor)


def _with_board(study: Path, more: dict[str, Any]) -> None:
    def protocol(document: Any) -> None:
        document["safety_board"] = {
            "composition": {"en": "Three", "zh-Hans": "三人"},
            "reviews_after": [2],
            "review_day": 7,
            "holds_randomisation": True,
            **more,
        }

    _edit(study / "protocol.yaml", protocol)


def test_randomisation_waits_for_the_review_of_the_first(instance: Any) -> None:
    from server.cast import open_the_trial

    _with_board(instance.folder / "study", {"sentinel_count": 1, "sentinel_gap_hours": 24})
    trial = open_the_trial(instance)
    board = appoint(
        username="bm", full_name="Bm", role="safety-board member", site=None,
        by=trial.administrator, at=NOW, key=key(),
    )  # fmt: skip
    for code in (CODE, OTHER):
        trial.make_eligible(trial.enrol(code))
    randomise(participant=CODE, by=trial.investigator, at=NOW, key=key())
    with pytest.raises(WaitsForBoard, match="first 1 have not been reviewed"):
        randomise(participant=OTHER, by=trial.investigator, at=LATER, key=key())
    with pytest.raises(NotPermitted):
        decide_board("sentinel", opens=True, words="x", by=trial.investigator, at=LATER, key=key())
    decide_board("sentinel", opens=True, words="Reviewed", by=board, at=LATER, key=key())
    randomise(participant=OTHER, by=trial.investigator, at=LATER, key=key())
    assert verify().sound


def test_a_closed_level_opens_by_decision_and_can_close_again(instance: Any) -> None:
    from server.cast import open_the_trial

    _with_board(instance.folder / "study", {"opens": {"false": 2}})
    trial = open_the_trial(instance)
    board = appoint(
        username="bm", full_name="Bm", role="safety-board member", site=None,
        by=trial.administrator, at=NOW, key=key(),
    )  # fmt: skip
    for code in (CODE, OTHER):
        trial.make_eligible(trial.enrol(code))
    with pytest.raises(WaitsForBoard, match="2 treated"):
        randomise(participant=CODE, by=trial.investigator, at=NOW, key=key())
    decide_board("false", opens=True, words="Open", by=board, at=NOW, key=key())
    randomise(participant=CODE, by=trial.investigator, at=NOW, key=key())
    decide_board("false", opens=False, words="Close", by=board, at=NOW, key=key())
    with pytest.raises(WaitsForBoard):
        randomise(participant=OTHER, by=trial.investigator, at=LATER, key=key())


def test_the_amendment_of_the_reference_study_ships_whole(tmp_path: Path) -> None:
    from equipoise.forms import operations, unreadable
    from equipoise.protocol.check import check_folder
    from equipoise.protocol.overlay import amend, amendments

    assert amendments("nct05787288") == ("1",)
    new: Study = load(amend("nct05787288", "1", tmp_path / "two"))
    old = load("nct05787288")
    assert [one for one in check_folder(tmp_path / "two") if one.severity == "error"] == []
    (lens,) = new.lenses
    lists = (old.protocol.code_lists, new.protocol.code_lists)
    steps = {one.form: operations(one.steps) for one in lens.forms}
    for name, form in old.forms.items():
        assert unreadable(form, new.forms[name], steps.get(name, ()), lists) == ()
