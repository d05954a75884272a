"""Letters through a real mail server: once each, sealed while they wait, tried again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connections
from post_office.models import Email, Log

from equipoise.errors import FormIncomplete, UnknownRecord
from equipoise_server.identity.models import Letter
from equipoise_server.services.letters import mail
from equipoise_server.services.outbox.send_mail import MOST_TRIES, send_mail
from server import ports
from server.smtp import Server, serving

ANNA = "anna.canary@example.org"


@pytest.fixture
def server(instance: SimpleNamespace) -> Iterator[Server]:
    with serving() as one:
        yield one


def _queue(to: str = ANNA, key: str = "k1", language: str = "en") -> None:
    context = {"server": "here", "link": "http://here/x"}
    mail.queue(template="confirm", to=to, language=language, context=context, key=key)


def _now() -> datetime:
    return datetime.now(UTC)


def _dump() -> str:
    """Every text and byte of the identity database."""
    found = []
    with connections["identity"].cursor() as cursor:
        for table in connections["identity"].introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [
                bytes(one).decode("latin1") if isinstance(one, bytes | memoryview) else str(one)
                for row in cursor.fetchall()
                for one in row
            ]
    return "\n".join(found)


def test_a_letter_is_sent_once_however_often_it_is_queued(server: Server) -> None:
    for _ in range(3):
        _queue()
    assert send_mail(at=_now()).sent == 1
    _queue()
    assert send_mail(at=_now()).sent == 0
    assert len(server.to(ANNA)) == 1
    assert server.to(ANNA)[0]["Subject"] == "Please confirm your address"
    assert "http://here/x" in server.last(ANNA)


def test_a_letter_comes_in_the_language_asked_for_and_else_in_english(server: Server) -> None:
    _queue(language="zh-Hans")
    _queue(key="k2", language="fr")
    send_mail(at=_now())
    assert [one["Subject"] for one in server.letters] == [
        "请确认您的邮箱",
        "Please confirm your address",
    ]


def test_no_address_lies_open_before_or_after_sending(server: Server) -> None:
    _queue()
    assert "canary" not in _dump()
    server.refused.add(ANNA)
    send_mail(at=_now())
    assert "canary" not in _dump()
    _queue(key="k2", to="other.canary@example.org")
    send_mail(at=_now())
    assert "canary" not in _dump()
    assert set(Letter.objects.using("identity").values_list("sealed", flat=True)) == {None}


def test_a_server_that_is_down_loses_nothing(instance: SimpleNamespace) -> None:
    for number in range(3):
        _queue(key=f"k{number}")
    before = (settings.EMAIL_HOST, settings.EMAIL_PORT)
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", ports.free()
    try:
        down = send_mail(at=_now())
    finally:
        settings.EMAIL_HOST, settings.EMAIL_PORT = before
    assert (down.server_down, down.requeued, down.sent) == (True, 1, 0)
    assert mail.waiting() == 3
    with serving() as server:
        assert send_mail(at=_now()).sent == 3
    assert len(server.letters) == 3


def test_a_server_that_refuses_for_now_is_asked_again_later(server: Server) -> None:
    _queue()
    server.answer = "451 try later"
    assert send_mail(at=_now()).requeued == 1
    server.answer = ""
    assert send_mail(at=_now()).sent == 0
    assert send_mail(at=_now() + timedelta(hours=1)).sent == 1
    assert "451" in Log.objects.using("identity").order_by("id")[0].message


def test_an_address_that_does_not_exist_is_given_up_and_the_others_go(server: Server) -> None:
    _queue()
    _queue(key="k2", to="bo@example.org")
    server.refused.add(ANNA)
    done = send_mail(at=_now())
    assert (done.failed, done.sent) == (1, 1)
    assert mail.given_up() == 1
    assert send_mail(at=_now() + timedelta(days=1)).sent == 0


def test_a_server_that_stalls_is_left_after_the_timeout(server: Server) -> None:
    _queue()
    server.stall = 3.0
    began = _now()
    assert send_mail(at=began).server_down
    assert (_now() - began).total_seconds() < 3
    assert mail.waiting() == 1


def test_after_the_last_try_a_letter_is_given_up(server: Server) -> None:
    _queue()
    server.answer = "451 try later"
    at = _now()
    for _ in range(MOST_TRIES + 1):
        at += timedelta(days=1)
        send_mail(at=at)
    assert (mail.waiting(), mail.given_up()) == (0, 1)


def test_without_a_mail_server_letters_wait(instance: SimpleNamespace) -> None:
    _queue()
    assert send_mail(at=_now()).sent == 0
    assert mail.waiting() == 1


def test_nothing_half_written_is_queued(instance: SimpleNamespace) -> None:
    with pytest.raises(KeyError):
        mail.queue(template="confirm", to=ANNA, language="en", context={}, key="k")
    with pytest.raises(UnknownRecord):
        mail.queue(template="no-such", to=ANNA, language="en", context={}, key="k")
    for address in ("", "anna", "a@b", "a@b.org\nBcc: all@b.org", "a@b.org, c@d.org"):
        with pytest.raises(FormIncomplete):
            _queue(to=address)
    assert not Email.objects.using("identity").exists()


def test_a_line_break_in_a_value_makes_no_header(server: Server) -> None:
    context = {
        "site": "x\nBcc: all@example.org",
        "person": "p",
        "link": "l",
    }
    mail.queue(template="contact-received", to=ANNA, language="en", context=context, key="k")
    send_mail(at=_now())
    assert server.letters[0]["Bcc"] is None
    assert server.letters[0]["Subject"] == "We have your message to x Bcc: all@example.org"
