"""Pages of consent and of participants, as browsers without script see them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from analysis_trial import three_arms
from equipoise.analysis.report import analyse
from equipoise.analysis.report.document import dump, results_document
from equipoise_server.services.access import second_factor
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.consenting.consent_sign import sign_as_person
from equipoise_server.services.consenting.consent_talk import talk_of
from equipoise_server.services.own_pages.participant_login import ask_to_come_in
from equipoise_server.store import life
from equipoise_server.store.models import ConsentTalk, ResultsRelease, Trial
from server.cast import NOW, Cast
from server.consenting import CANARY, begin, consented, read_and_answer, screened
from server.pages import signed_in, text_of

pytestmark = pytest.mark.once  # the same on both engines


def enter_as(code: str) -> Client:
    """A browser in which a participant has come in through a mailed link."""
    from django.utils import timezone

    from equipoise_server.services.letters import links

    client = Client()
    signed = links.make("me", f"{code}.{int(timezone.now().timestamp())}")
    answer = client.post(f"/en/me/enter/{signed}/")
    assert answer.status_code == 302
    return client


def test_consent_goes_from_the_first_section_to_the_copy_without_script(trial: Cast) -> None:
    code, chen = screened(trial), signed_in(trial.investigator)
    begun = chen.post(
        f"/en/consent/{code}/",
        {
            "mode": "bedside",
            "capacity": "participant",
            "language": "zh-Hans",
            "key": "k1",
            **{f"participant.{name}": text for name, text in CANARY.items()},
        },
    )
    assert begun.status_code == 302, text_of(begun)
    token = ConsentTalk.objects.get().token
    page = "/en/consent/tablet/"
    assert begun["Location"] == page
    first = chen.get(page)
    assert first.status_code == 200
    assert "popovertarget" in first.content.decode()
    for step in (0, 1):
        assert chen.post(f"{page}?step={step}").status_code == 302
    right = {f"q{n}": one.right[0] for n, one in enumerate(talk_of(token).document.questions)}
    chen.post(f"{page}?step=2", {**right, "q0": wrong_option(token)})
    assert "Not quite." in text_of(chen.get(f"{page}?step=2"))
    chen.post(f"{page}?step=2", right)
    refused = chen.post(f"{page}?step=3", {"name": CANARY["name"]})
    assert refused.status_code == 400
    assert "statements that are not ticked" in text_of(refused)
    signed = chen.post(
        f"{page}?step=3", {"name": CANARY["name"], "agreed": ["0"], "wish": ["results"]}
    )
    assert signed.status_code == 302
    assert "You have signed" in text_of(chen.get(f"{page}?step=3"))
    assert not life.state_of(code).consented


def wrong_option(token: str) -> int:
    """An option of the first question that is not right."""
    question = talk_of(token).document.questions[0]
    return next(n for n in range(len(question.options)) if n not in question.right)


def handed_over(trial: Cast, code: str) -> tuple[Client, str]:
    """A tablet in the hands of the person, and the token of the conversation on it."""
    token, tablet = begin(trial, code), signed_in(trial.investigator)
    assert "Hand over the tablet" in text_of(tablet.get(f"/en/consent/{code}/sign/{token}/"))
    given = tablet.post(f"/en/consent/{code}/talk/{token}/")
    assert (given.status_code, given["Clear-Site-Data"]) == (302, '"cache"')
    return tablet, token


def test_a_tablet_in_the_hands_of_the_person_opens_nothing_else(trial: Cast) -> None:
    code, other = screened(trial), consented(trial, "S01-BBBBB-BBBBB")
    tablet, token = handed_over(trial, code)
    shown = tablet.get("/en/consent/tablet/")
    assert "no-store" in shown["Cache-Control"]
    inside = shown.content.decode()
    for word in ("/participants/", "/sign-out/", trial.investigator.full_name, code, other):
        assert word not in inside, word
    leads = set(re.findall(r'href="(/(?!static)[^"]*)"', inside))
    assert leads <= {
        "/en/consent/tablet/",
        "/zh-hans/consent/tablet/",
        "/en/consent/tablet/back/",
    }
    for address in (
        "/en/site/",
        "/en/participants/",
        f"/en/entry/{code}/",
        f"/en/consent/{code}/",
        f"/en/consent/{code}/sign/{token}/",
        f"/en/consent/{other}/copy/{ConsentTalk.objects.get(participant=other).token}/",
        "/en/consent/",
    ):
        answer = tablet.get(address)
        assert answer.status_code in (302, 404), address
        assert "/sign-in/" in answer.get("Location", "/sign-in/"), address
        assert tablet.post(address).status_code in (302, 403, 404, 405), address
    assert Client().get("/en/consent/tablet/").status_code == 410
    assert Client().get("/en/consent/tablet/back/").status_code == 404


def test_who_takes_the_tablet_back_proves_who_they_are_once_and_signs(trial: Cast) -> None:
    code, chen = screened(trial), trial.investigator
    chen.set_password("a long enough pass-phrase")
    chen.save()
    secret = second_factor.new_secret()
    second_factor.enrol_app(chen, secret, at=timezone.now())
    tablet, token = handed_over(trial, code)
    read_and_answer(token)
    agreed = range(len(talk_of(token).document.statements))
    sign_as_person(token, name=CANARY["name"], agreed=agreed, wishes=(), at=timezone.now())
    back = "/en/consent/tablet/back/"
    right = {
        "username": "chen",
        "password": "a long enough pass-phrase",
        "code": second_factor.code_at(secret, timezone.now()),
    }
    for wrong in (
        {"password": "x"},
        {"code": "000000"},
        {"username": "bo"},
        {"username": "nobody"},
    ):
        assert tablet.post(back, {**right, **wrong}).status_code == 403
        assert "_auth_user_id" not in tablet.session
    taken = tablet.post(back, right)
    sign = f"/en/consent/{code}/sign/{token}/"
    assert (taken.status_code, taken["Location"]) == (302, sign)
    page = tablet.get(sign).content.decode()
    assert 'name="password"' not in page
    done = tablet.post(sign, {"identity": "document", "key": "k-sign"})
    assert done.status_code == 302, text_of(done)
    assert life.state_of(code).consented
    assert tablet.get("/en/consent/tablet/").status_code == 410


def test_participants_see_their_own_and_nothing_about_kits_or_arms(trial: Cast) -> None:
    code = consented(trial)
    client = enter_as(code)
    home = client.get("/en/me/")
    assert home.status_code == 200
    text = text_of(home)
    assert code in text
    assert "Signed copy" in text
    talk = ConsentTalk.objects.get().token
    copy = client.get(f"/en/me/copy/{talk}/")
    assert copy.status_code == 200
    assert b"".join([copy.content]).startswith(b"%PDF")
    assert client.get("/en/me/copy/somebodyelse/").status_code == 404
    assert Client().get(f"/en/me/copy/{talk}/").status_code == 302
    for path in ("problem/", "sign-in/", "mailed/"):
        assert client.get(f"/en/me/{path}").status_code == 200
    told = client.post("/en/me/problem/", {"text": "I cough more.", "urgent": "yes"})
    assert told.status_code == 302
    chen = signed_in(trial.investigator)
    worklist = chen.get("/en/consent/")
    assert code in text_of(worklist)
    assert "urgent" in text_of(worklist)
    assert code in text_of(chen.get("/en/site/"))


def test_nobody_learns_whether_a_code_and_an_address_belong_together(trial: Cast) -> None:
    from post_office.models import Email

    code = consented(trial)
    before = Email.objects.using("identity").count()
    for asked in (("S01-XXXXX-XXXXX", CANARY["address"]), (code, "else@example.org")):
        assert ask_to_come_in(*asked, at=NOW) is None
    assert Email.objects.using("identity").count() == before
    assert ask_to_come_in(code.lower(), "WREN.canary@example.org", at=NOW) is None
    assert Email.objects.using("identity").count() == before + 1


def test_a_remote_conversation_needs_the_mailed_link_and_no_session(trial: Cast) -> None:
    from equipoise_server.services.letters import links

    code = screened(trial)
    token = begin(trial, code, mode="remote")
    stranger, link = Client(enforce_csrf_checks=True), links.make("consent", token)
    page = f"/en/consent/read/{link}/"
    assert "What this is about" in text_of(stranger.get(page))
    assert stranger.post(f"{page}?step=0").status_code == 302
    assert stranger.post(f"{page}?step=0", {"ask": "1", "text": "Why me?"}).status_code == 302
    assert "Why me?" in text_of(stranger.get(page))
    assert talk_of(token).row.read == [0]
    assert stranger.get(f"/en/consent/read/{link}x/").status_code == 410
    at_the_bedside = begin(trial, code)
    other = links.make("consent", at_the_bedside)
    assert "This link does not work" in text_of(stranger.get(f"/en/consent/read/{other}/"))


def test_a_draft_of_the_summary_is_offered_once_the_trial_is_unblinded(trial: Cast) -> None:
    data = three_arms(16)
    found = results_document(analyse(data, draw=False), demo=False)
    folder = Path(settings.EQUIPOISE_DIR) / "results"
    folder.mkdir()
    (folder / "results.json").write_text(dump(found), encoding="utf-8")
    more = {"site": None, "by": trial.administrator, "at": NOW, "key": "sponsor"}
    sponsor = appoint(username="spo", full_name="S", role="sponsor", **more)
    client, page, code = signed_in(sponsor), "/en/consent/results/", consented(trial)
    Trial.objects.update(locked_at=NOW)
    for address in (page, f"{page}?from=draft"):
        assert "Group A" not in client.get(address).content.decode()
        assert "Start from a draft" not in text_of(client.get(address))
    Trial.objects.update(unblinded_at=NOW)
    assert "Start from a draft" in text_of(client.get(page))
    drafted = client.get(f"{page}?from=draft").content.decode()
    allocated = {one["arm"]: one["allocated"] for one in found["flow"]["arms"]}
    n = allocated[data.study.protocol.arms[0].id]
    assert f"Group A, {n} people" in drafted
    assert f"A组，{n}人" in drafted
    assert ResultsRelease.objects.count() == 0, "a draft releases nothing"
    sent = {"key": "r1", "text.zh-Hans": "略有帮助。", "text.en": "## Found\n\n- one\n- <b>two</b>"}
    assert client.post(page, sent).status_code == 302
    shown = enter_as(code).get("/en/me/results/").content.decode()
    assert "<h2>Found</h2>" in shown
    assert "<li>one</li>" in shown
    assert "<b>two" not in shown
    assert "&lt;b&gt;two" in shown
