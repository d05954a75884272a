"""The signed copy reaches who signed: by mail where they agreed to that, and on the tablet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from equipoise_server.identity.models import Letter
from equipoise_server.identity.people import Identity, erase, remember
from equipoise_server.services.consenting.consent_sign import copy_of
from equipoise_server.services.consenting.read_identity import known_identity
from equipoise_server.services.outbox.send_mail import send_mail
from equipoise_server.store.models import ConsentTalk, LedgerEntry
from server.cast import NOW, Cast, key
from server.consenting import CANARY, begin, consented, read_and_answer, screened, sign_both
from server.pages import signed_in
from server.smtp import Server, serving

WANTS = {"participant": {**CANARY, "copies": "yes"}}


@pytest.fixture
def server(trial: Cast) -> Iterator[Server]:
    with serving() as one:
        yield one


def _send() -> None:
    assert send_mail(at=datetime.now(UTC)).failed == 0


def test_the_copy_is_enclosed_only_where_the_person_agreed(trial: Cast, server: Server) -> None:
    code = consented(trial, persons=WANTS)
    other = {"participant": {**CANARY, "name": "Other", "address": "other@example.org"}}
    consented(trial, "S01-BBBBB-BBBBB", persons=other)
    _send()
    (letter,) = server.to(CANARY["address"])
    (enclosed,) = letter.iter_attachments()
    assert enclosed.get_content_type() == "application/pdf"
    drawn = enclosed.get_content()
    talk = ConsentTalk.objects.get(participant=code).token
    assert drawn == copy_of(talk, code)[0]
    assert sha256(drawn).hexdigest() in str(trial_content(talk))
    (plain,) = server.to("other@example.org")
    assert list(plain.iter_attachments()) == []
    assert "consent.pdf" not in plain.as_string()
    assert not Letter.objects.using("identity").filter(sealed__isnull=False).exists()


def trial_content(talk: str) -> str:
    return ConsentTalk.objects.get(pk=talk).consentgiven.content


def test_no_copy_leaves_for_somebody_who_was_erased_meanwhile(trial: Cast, server: Server) -> None:
    code = consented(trial, persons=WANTS)
    erase(code)
    _send()
    assert server.to(CANARY["address"]) == []


@pytest.mark.once
def test_who_is_known_is_not_typed_again_and_the_reading_is_noted(trial: Cast) -> None:
    code = screened(trial)
    contact = f"{CANARY['phone']}, {CANARY['address']}"
    remember(Identity(participant=code, name=CANARY["name"], contact=contact), at=NOW)
    assert known_identity(code, by=trial.investigator, at=NOW) == CANARY
    chen = signed_in(trial.investigator)
    for _ in range(2):
        page = chen.get(f"/en/consent/{code}/").content.decode()
        for told in CANARY.values():
            assert f'value="{told}"' in page
    read = LedgerEntry.objects.filter(chain=code, what="identity-read", by="chen")
    assert read.count() == 2, "at NOW, and once for the pages opened one after the other"
    elsewhere = signed_in(trial.elsewhere)
    assert elsewhere.get(f"/en/consent/{code}/").status_code in (403, 404)
    wrong = chen.post(
        f"/en/consent/{code}/",
        {"mode": "remote", "capacity": "representative", "language": "en", "key": key(),
         "participant.name": "Typed <b>Once</b>", "witness.name": "Finch"},
    )  # fmt: skip
    assert wrong.status_code == 409
    kept = wrong.content.decode()
    assert 'value="Typed &lt;b&gt;Once&lt;/b&gt;"' in kept
    assert 'value="Finch"' in kept


@pytest.mark.once
def test_the_copy_is_there_at_once_for_who_signed_on_the_tablet(trial: Cast) -> None:
    code = screened(trial)
    token = begin(trial, code)
    read_and_answer(token)
    sign_both(trial, token)
    chen = signed_in(trial.investigator)
    assert (
        f"/en/consent/{code}/copy/{token}/"
        in chen.get(f"/en/consent/{code}/sign/{token}/").content.decode()
    )
    drawn = chen.get(f"/en/consent/{code}/copy/{token}/")
    assert drawn["Content-Type"] == "application/pdf"
    assert drawn.content == copy_of(token, code)[0]
