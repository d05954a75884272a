"""An amendment that changes what people agreed to: from its publication to the new signature."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse

from equipoise.errors import AlreadyRecorded, AmendmentRefused, ReconsentDue
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.consenting.consent_sign import copy_of
from equipoise_server.services.consenting.consent_talk import talk_of
from equipoise_server.services.participants.move_participant import move_participant
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.verify import verify
from equipoise_server.store import life
from equipoise_server.store import study as studies
from equipoise_server.store.models import ConsentGiven, LedgerEntry, ParticipantVersion
from equipoise_server.store.queries import consents
from server.cast import NOW, TODAY, Cast, key
from server.consenting import begin, consented, read_and_answer, sign_both
from server.finalising import publish, put_in_force
from server.pages import signed_in, text_of

FIRST, SECOND, THIRD = "S01-AAAAA-AAAAA", "S01-BBBBB-BBBBB", "S01-CCCCC-CCCCC"
LATER = NOW + timedelta(hours=1)
OTHER = {"participant": {"name": "Other Canary", "address": "other@example.org", "phone": "1"}}


def _amended(trial: Cast, folder: Path) -> Path:
    """Version 2.0: one more risk in the consent document."""
    shutil.copytree(trial.instance.folder / "study", folder)
    protocol = folder / "protocol.yaml"
    text = protocol.read_text("utf-8").replace('version: "1.0"', 'version: "2.0"', 1)
    protocol.write_text(text, "utf-8")
    for path in (folder / "consent").iterdir():
        text = path.read_text("utf-8").replace('version: "1.0"', 'version: "2.0"', 1)
        where = text.index("## 2.")
        more = {"en": "A rash may occur, too.", "zh-Hans": "还可能出现皮疹。"}
        path.write_text(
            f"{text[:where]}{more[path.stem.split('.')[-1]]}\n\n{text[where:]}", "utf-8"
        )
    return folder


def _in_force(trial: Cast, folder: Path) -> str:
    sponsor = appoint(
        username="sp",
        full_name="Sp",
        role="sponsor",
        site=None,
        by=trial.administrator,
        at=NOW,
        key=key(),
    )
    digest = publish(folder, sponsor)
    assert consents.to_sign_anew(None, LATER) == (), "published is not in force"
    put_in_force(digest, sponsor)
    return digest


def test_who_agreed_to_an_earlier_version_is_asked_anew_and_then_moves(
    trial: Cast, tmp_path: Path
) -> None:
    by = trial.investigator
    trial.make_eligible(consented(trial, FIRST))
    trial.make_eligible(consented(trial, SECOND, persons=OTHER))
    randomise(participant=SECOND, by=by, at=NOW, key=key())
    digest = _in_force(trial, _amended(trial, tmp_path / "two"))
    assert consents.to_sign_anew(None, LATER) == (FIRST, SECOND)
    assert consents.to_sign_anew(["s02"], LATER) == ()
    assert consents.to_agree_to(FIRST, LATER) == "2.0"

    before = LedgerEntry.objects.count()
    with pytest.raises(ReconsentDue):
        randomise(participant=FIRST, by=by, at=LATER, key=key())
    with pytest.raises(AmendmentRefused, match="sign the consent"):
        move_participant(participant=SECOND, by=by, at=LATER, key=key())
    assert LedgerEntry.objects.count() == before
    trial.fill_in(SECOND, "start", {"vomiting": False}, visit="start", at=LATER)
    assert studies.of_participant(SECOND).digest == trial.study.digest, (
        "who is in goes on as agreed"
    )

    for code in (FIRST, SECOND):
        token = begin(trial, code, at=LATER)
        talk = talk_of(token)
        assert (talk.row.version, "rash" in talk.document.sections[0].markdown) == ("2.0", True)
        read_and_answer(token)
        assert studies.of_participant(code).digest == trial.study.digest
        sign_both(trial, token, at=LATER)
        assert studies.of_participant(code).digest == digest
        assert copy_of(token, code)[0].startswith(b"%PDF")
        with pytest.raises(AlreadyRecorded):
            begin(trial, code, at=LATER)
    assert [one.version for one in life.state_of(FIRST).consents] == ["1.0", "2.0"]
    assert ConsentGiven.objects.filter(participant=FIRST).count() == 2
    assert {one.why for one in ParticipantVersion.objects.all()} == {"reconsent"}
    assert consents.to_sign_anew(None, LATER) == ()
    assert randomise(participant=FIRST, by=by, at=LATER, key=key())
    new = begin_new(trial)
    assert talk_of(new).row.version == "2.0", "whoever comes now signs the newest at once"
    assert verify().sound


def begin_new(trial: Cast) -> str:
    """A conversation with somebody who was screened under the amendment."""
    from equipoise_server.services.participants.screen import screen

    screen(site="s01", code=THIRD, on=TODAY, by=trial.investigator, at=LATER, key=key())
    return begin(trial, THIRD, at=LATER)


@pytest.mark.once
def test_the_pages_say_who_has_to_sign_which_version(trial: Cast, tmp_path: Path) -> None:
    consented(trial, FIRST)
    _in_force(trial, _amended(trial, tmp_path / "two"))
    client = signed_in(trial.investigator)
    for address in (
        reverse("consent:home"),
        reverse("consent:begin", args=[FIRST]),
        reverse("entry:work", args=[FIRST]),
        reverse("site:day"),
    ):
        shown = text_of(client.get(address))
        assert FIRST in shown, address
        assert "2.0" in shown or "sign anew" in shown, address
