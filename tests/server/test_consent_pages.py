"""Pages of consent and of participants, as browsers without script see them."""

from __future__ import annotations

import pytest
from django.test import Client

from equipoise_server.services.consent_talk import talk_of
from equipoise_server.services.participant_login import ask_to_come_in
from equipoise_server.store import life
from equipoise_server.store.models import ConsentTalk
from server.cast import NOW, Cast
from server.consenting import CANARY, consented, screened
from server.pages import signed_in, text_of

pytestmark = pytest.mark.once  # the same on both engines


def enter_as(code: str) -> Client:
    """A browser in which a participant has come in through a mailed link."""
    from django.utils import timezone

    from equipoise_server.services import links

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
    page = f"/en/consent/{code}/talk/{token}/"
    first = chen.get(page)
    assert first.status_code == 200
    assert "popovertarget" in first.content.decode()
    for step in (0, 1):
        assert chen.post(f"{page}?step={step}").status_code == 302
    right = {f"q{n}": one.right[0] for n, one in enumerate(talk_of(token).document.questions)}
    wrong = chen.post(f"{page}?step=2", {**right, "q0": 0}, follow=True)
    assert "Not quite." in text_of(chen.get(f"{page}?step=2")) or wrong.status_code == 200
    chen.post(f"{page}?step=2", right)
    refused = chen.post(f"{page}?step=3", {"name": CANARY["name"]})
    assert refused.status_code == 400
    assert "statements that are not ticked" in text_of(refused)
    signed = chen.post(
        f"{page}?step=3", {"name": CANARY["name"], "agreed": ["0"], "wish": ["results"]}
    )
    assert signed.status_code == 302
    sign = f"/en/consent/{code}/sign/{token}/"
    assert "Your signature" in text_of(chen.get(sign))
    unproved = chen.post(sign, {"identity": "document", "key": "k2"})
    assert unproved.status_code == 409
    assert not life.state_of(code).consented


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
    from equipoise_server.services import links
    from server.consenting import begin

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
