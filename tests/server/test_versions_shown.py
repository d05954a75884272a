"""Pages about several participants: each under the protocol version that they are on."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django.test import Client, RequestFactory

from equipoise.participant.state import Consent
from equipoise.protocol.load import load
from equipoise.protocol.overlay import amend
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.consenting.consent import consent
from equipoise_server.services.participants.move_participant import move_participant
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.participants.screen import screen
from equipoise_server.store import study as studies
from equipoise_server.store.queries import checklist, coding, participants, verifying
from equipoise_server.store.queries.finalising import unsigned
from equipoise_server.web.shared.moment import Moment
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.viewer import viewer_of
from equipoise_server.web.site import work
from equipoise_server.web.site.course import courses
from equipoise_server.web.site.matrices import matrix
from server.cast import NOW, TODAY, Cast, key, open_the_trial
from server.finalising import publish, put_in_force
from server.pages import signed_in

pytestmark = pytest.mark.once
STAYS, MOVES = "S01-AAAAA-AAAAA", "S01-BBBBB-BBBBB"


def adopt(trial: Cast, folder: Path) -> str:
    """Publish an amended folder and let site 1 work under it from today."""
    sponsor = appoint(
        username="sp", full_name="Sp", role="sponsor", site=None, by=trial.administrator, at=NOW,
        key=key(),
    )  # fmt: skip
    digest = publish(folder, sponsor)
    put_in_force(digest, sponsor)
    return digest


def _week4(folder: Path) -> None:
    """One more visit for the pain score, and events are signed by nobody any more."""
    path = folder / "protocol.yaml"
    document: Any = yaml.safe_load(path.read_text("utf-8"))
    document["version"] = "2.0"
    visits = document["visits"]
    week2 = next(n for n, one in enumerate(visits) if one["id"] == "week2")
    title = {"en": "Week 4", "zh-Hans": "第4周"}
    visits.insert(week2 + 1, {"id": "week4", "title": title, "epoch": "treatment", "day": 28})
    next(one for one in document["schedule"] if one["id"] == "pain")["at"].append("week4")
    document["signatures"] = [one for one in document["signatures"] if one["id"] == "events"]
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), "utf-8")
    for text in (folder / "consent").iterdir():  # people agree to one more visit
        said = text.read_text("utf-8").replace('version: "1.0"', 'version: "2.0"')
        head = "" if said.startswith("---") else '---\nversion: "2.0"\n---\n'
        text.write_text(f"{head}{said}\nOne more visit.\n", "utf-8")


@pytest.fixture
def two(trial: Cast, tmp_path: Path) -> tuple[Cast, Client]:
    """Two people randomised; one stays, one has moved to a version with one more visit."""
    for code in (STAYS, MOVES):
        trial.make_eligible(trial.enrol(code))
        randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    folder = tmp_path / "two"
    shutil.copytree(trial.instance.folder / "study", folder)
    _week4(folder)
    adopt(trial, folder)
    consent(participant=MOVES, version="2.0", by=trial.investigator, at=NOW, key=key())
    return trial, signed_in(trial.investigator)


def page_at(trial: Cast, at: datetime) -> Page:
    """What the investigator's pages are made from, at a moment."""
    return Page(
        request=RequestFactory().get("/en/site/matrix/"),
        viewer=viewer_of(trial.investigator, at),
        trial=None,
        moment=Moment(at=at, zone="Asia/Shanghai"),
    )


def test_a_visit_of_the_new_version_is_asked_of_who_has_moved_alone(
    two: tuple[Cast, Client],
) -> None:
    trial, client = two
    shown = client.get("/en/site/matrix/").content.decode()
    columns = re.findall(r'<th scope="col">([^<]*)</th>', shown)
    assert columns[:6] == ["Participant", "Screening", "Start", "Week 2", "Week 4", "Week 8"]
    lines = re.findall(r"<tr><th scope=\"row\">.*?</tr>", shown, re.DOTALL)
    at_week4 = {
        code: next(cell for cell in re.findall(r"<td>.*?</td>", line, re.DOTALL)[3:4])
        for code in (STAYS, MOVES)
        for line in lines
        if code in line
    }
    assert "s-none" in at_week4[STAYS]
    assert "visit-week4" in at_week4[MOVES]
    for code, there in ((STAYS, False), (MOVES, True)):
        page = client.get(f"/en/site/participants/{code}/").content.decode()
        assert ('id="visit-week4"' in page) is there
    day = work.today(page_at(trial, NOW + timedelta(days=28)))
    waits = {(task.who, task.what[:6]) for section in day.sections for task in section.tasks}
    assert (MOVES, "Week 4") in waits
    assert (STAYS, "Week 4") not in waits


def test_each_signs_and_verifies_as_their_version_asks(two: tuple[Cast, Client]) -> None:
    _trial, client = two
    assert {one.participant for one in unsigned(None) if one.rule == "screening"} == {STAYS}
    assert f"/finalise/sign/{STAYS}/screening/" in client.get("/en/finalise/").content.decode()
    assert f"/finalise/sign/{MOVES}/" not in client.get("/en/finalise/").content.decode()
    kinds = {one.kind: one.total for one in checklist.points(None, NOW)}
    assert kinds["unsigned"] == 1
    assert kinds["unverified"] > 0


def test_the_shipped_amendment_widens_a_window_for_who_has_moved_alone(
    instance: SimpleNamespace, tmp_path: Path
) -> None:
    study = load("nct05787288")
    shutil.rmtree(instance.folder / "study")
    shutil.copytree(study.folder, instance.folder / "study")
    trial = open_the_trial(instance)
    for code in (STAYS, MOVES):
        screen(site="s01", code=code, on=TODAY, by=trial.investigator, at=NOW, key=key())
    adopt(trial, amend(str(instance.folder / "study"), "1", tmp_path / "two"))
    move_participant(participant=MOVES, by=trial.investigator, at=NOW, key=key())
    page = page_at(trial, NOW)
    agreed = (Consent(version="1.0", at=NOW, signatory="participant"),)
    lived = [
        replace(one, consents=agreed, randomised_on=TODAY, randomised_at=NOW)
        for one in participants.states(None)
    ]
    found = {one.state.code: one for one in courses(page, lived)}
    last = {
        code: max(one.last for one in course.dues if one.visit == "d28")
        for code, course in found.items()
    }
    assert last[MOVES] - last[STAYS] == timedelta(days=2)
    versions = {code: one.study.protocol.version for code, one in found.items()}
    assert versions == {STAYS: "1.0", MOVES: "2.0"}
    assert len(matrix(page, lived).columns) == len(set(matrix(page, lived).columns))
    assert json.dumps([str(one) for one in matrix(page, lived).columns]).count("28") == 1


def test_staff_see_the_version_that_their_own_site_works_under(two: tuple[Cast, Client]) -> None:
    trial, here = two
    nurse = appoint(
        username="n2", full_name="N", role="coordinator", site="s02", by=trial.administrator,
        at=NOW, key=key(),
    )  # fmt: skip
    there = signed_in(nurse)
    assert "protocol version 2.0" in here.get("/en/site/").content.decode()
    assert "protocol version 1.0" in there.get("/en/site/").content.decode()
    shown = here.get(f"/en/site/participants/{STAYS}/").content.decode()
    assert "protocol version 1.0" in shown  # who has not moved is under the first


LENS = {
    "id": "from-1",
    "reads": "1.0",
    "forms": [{"form": "event", "steps": [{"rename": "term", "to": "wording"}]}],
}


def _worded(folder: Path) -> None:
    """What happened goes by another name; the plan of cleaning follows."""
    _week4(folder)
    places = ("protocol.yaml", "cleaning.yaml", "forms/event.yaml")
    for path in [folder / one for one in places]:
        text = path.read_text("utf-8")
        path.write_text(re.sub(r"\bterm\b", "wording", text), "utf-8")
    (folder / "lenses").mkdir()
    (folder / "lenses" / "from-1.yaml").write_text(yaml.safe_dump(LENS), "utf-8")


def test_lists_over_many_people_read_each_under_their_own_version(
    trial: Cast, tmp_path: Path
) -> None:
    """Who has moved is verified and coded by the new name, also where the old one was saved."""
    for code in (STAYS, MOVES):
        trial.enrol(code)
        trial.fill_in(code, "event", {"term": "headache"}, visit="log", number=1)
    folder = tmp_path / "two"
    shutil.copytree(trial.instance.folder / "study", folder)
    _worded(folder)
    adopt(trial, folder)
    consent(participant=MOVES, version="2.0", by=trial.investigator, at=NOW, key=key())
    under = studies.under()
    texts = [(one.participant, one.item, one.text) for one in coding.verbatims(under, None)]
    assert texts == [(STAYS, "term", "headache"), (MOVES, "wording", "headache")]
    wanted = {
        one.participant: one.wanted
        for one in verifying.standings(under, None)
        if one.form == "event"
    }
    assert wanted == {STAYS: ("term", "grade"), MOVES: ("wording", "grade")}
    manager = signed_in(trial.data_manager)
    for address in ("/en/data/coding/", "/en/data/verification/", "/en/office/"):
        assert manager.get(address).status_code == 200
