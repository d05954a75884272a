"""Canaries go in through every public door; they come out nowhere, and never after an erasure."""

from __future__ import annotations

import logging
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from equipoise.errors import EquipoiseError, UnknownRecord
from equipoise_server.identity import people
from equipoise_server.services.backup import making, restoring
from equipoise_server.services.consenting.consent_sign import copy_of
from equipoise_server.services.consenting.consent_talk import answer_asked, ask, asked_of, talk_of
from equipoise_server.services.outbox.send_mail import send_mail
from equipoise_server.services.own_pages.participant_door import door_of
from equipoise_server.services.own_pages.report_problem import answer_problem, problems_of
from equipoise_server.services.portal import annotate as notes
from equipoise_server.services.portal.answer_contact import answer_contact, read_enquiry
from equipoise_server.services.portal.leave_registry import forget_messages
from equipoise_server.services.portal.volunteers import by_address, known
from equipoise_server.services.trial.export import export
from equipoise_server.services.verify import verify
from equipoise_server.store.models import ConsentTalk, Enquiry, ProblemReport
from server.cast import NOW, Cast, key
from server.consenting import begin, read_and_answer, screened, sign_both
from server.portal import link_in, proved
from server.smtp import Server, serving
from server.test_backup import elsewhere  # noqa: F401 - a fixture

PHONE = "+8613800137719"
CHINESE = "金丝雀"
CANARIES = ("kanarix", "8613800137719", "137-7719", CHINESE)
"""What must be found nowhere; each name, address and text below holds one of them."""
CODE = "S01-AAAAA-AAAAA"
PERSONS = {
    "participant": {"name": f"{CHINESE} Kanarix", "address": "me@kanarix.org", "phone": PHONE},
    "representative": {"name": "Robin Kanarix", "relation": "kanarix sister"},
    "witness": {"name": "Finch Kanarix"},
    "interpreter": {"name": "Wren Kanarix"},
}
EVERYWHERE = ("default", "vault", "identity", "keys")


@pytest.fixture
def server(trial: Cast) -> Iterator[Server]:
    with serving() as one:
        yield one


def _found(text: str) -> list[str]:
    """The canaries in a text, also as JSON escapes them."""
    lower = text.lower()
    escaped = CHINESE.encode("unicode_escape").decode()
    return [one for one in (*CANARIES, escaped) if one in lower]


def _in_databases(aliases: Iterable[str] = EVERYWHERE) -> list[str]:
    """Where a canary stands open in any table."""
    bad = []
    for alias in aliases:
        with connections[alias].cursor() as cursor:
            for table in connections[alias].introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                for row in cursor.fetchall():
                    told = _found(" ".join(_text(one) for one in row))
                    bad += [f"{alias}.{table}: {one}" for one in told]
    return bad


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def _in_files(folder: Path) -> list[str]:
    every = (one for one in folder.rglob("*") if one.is_file())
    return [str(one) for one in every if _found(one.read_bytes().decode("utf-8", "replace"))]


def _writes(trial: Cast) -> str:
    """Somebody writes to a site, and is answered; the token."""
    stranger = Client()
    message = {
        "step": "send",
        "site": "s01",
        "name": "Anna Kanarix",
        "address": "anna@kanarix.org",
        "phone": PHONE,
        "window": "kanarix time",
        "text": f"I live at Kanarix street 7. {CHINESE}",
        "consent": "yes",
        "keep": "yes",
        "a.I2": "yes",
    }
    sent = stranger.post("/en/contact/", {**message, **proved()}, HTTP_USER_AGENT="Kanarix/1")
    assert sent.status_code == 302, sent.content
    assert stranger.get(sent["Location"]).status_code == 200
    token = Enquiry.objects.get().token
    told = {"by": trial.investigator, "at": NOW}
    assert "Kanarix" in read_enquiry(token, **told).name
    answer_contact(token, text="Dear Anna Kanarix", key=key(), **told)
    return token


def _volunteers(trial: Cast, server: Server) -> tuple[Client, str]:
    """Somebody signs up, notes something, asks; browser and token."""
    browser, address = Client(), "vera@kanarix.org"
    wish = {
        "address": address,
        "name": "Vera Kanarix",
        "topic": "helicobacter",
        "rhythm": "at-once",
        "alerts": "yes",
        "keep": "yes",
    }
    assert browser.post("/en/volunteer/", {**wish, **proved()}).status_code == 302
    send_mail(at=timezone.now())
    signed = link_in(server.last(address), "confirm")
    assert browser.post(f"/en/volunteer/confirm/{signed}/").status_code == 302
    row = by_address(address)
    assert row is not None
    passage = notes.public_passages(trial.study, "en")[0]
    given = {"study": trial.study, "language": "en", "paragraph": passage.id, "at": NOW}
    note = notes.annotate(row.token, text="My kanarix note", **given)  # type: ignore[arg-type]
    notes.share(row.token, note, at=NOW)
    notes.answer_question(note, text="Dear Kanarix", by=trial.investigator, at=NOW)
    return browser, row.token


def _consents(trial: Cast) -> str:
    """Somebody asks, signs by a representative, and tells of a problem; the token of the talk."""
    code, by = screened(trial, CODE), trial.investigator
    token = begin(trial, code, capacity="representative", persons=PERSONS)
    ask(token, "Does the kanarix sing?", at=NOW)
    answer_asked(token, asked_of(talk_of(token))[0].token, "The kanarix sings.", by=by, at=NOW)
    read_and_answer(token)
    sign_both(trial, token)
    me = Client()
    asked = {"code": code, "address": PERSONS["participant"]["address"]}
    assert me.post("/en/me/sign-in/", {**asked, **proved()}).status_code == 302
    return token


def _comes_in(server: Server, trial: Cast) -> None:
    """The participant tells of a problem on their own pages, and is answered."""
    me = Client()
    signed = link_in(server.last(PERSONS["participant"]["address"]), "enter")
    assert me.post(f"/en/me/enter/{signed}/").status_code == 302
    told = {"text": "The kanarix coughs", "phone": PHONE, "urgent": "yes"}
    assert me.post("/en/me/problem/", told).status_code == 302
    problem = ProblemReport.objects.get().token
    given = {"by": trial.investigator, "at": timezone.now(), "key": key()}
    answer_problem(problem, text="Dear Kanarix", **given)  # type: ignore[arg-type]
    assert "Kanarix" in me.get("/en/me/").content.decode()


def test_a_canary_is_found_nowhere_and_for_ever_gone_after_its_erasure(
    trial: Cast,
    server: Server,
    tmp_path: Path,
    elsewhere: Callable[[str], Callable[[Path], None]],  # noqa: F811
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    for other in ("mail.log", "asyncio"):  # the other end of the line says whom a letter is for
        caplog.set_level(logging.CRITICAL, logger=other)
    (trial.instance.folder / "secret.key").write_text("s" * 64)
    message = _writes(trial)
    browser, volunteer = _volunteers(trial, server)
    talk = _consents(trial)
    send_mail(at=timezone.now())
    _comes_in(server, trial)
    assert _in_databases() == [], "open in a database"

    for kind in ("csv", "odm", "fhir", "ctgov"):
        export(kind, out=tmp_path / "out" / kind, by=trial.statistician, at=NOW)
    assert _in_files(tmp_path / "out") == []
    making.make(tmp_path / "old.backup", tmp_path / "keys", at=NOW)
    for name in ("old.backup", "keys"):
        with tarfile.open(tmp_path / name) as tar:
            tar.extractall(tmp_path / f"{name}.out", filter="data")
        assert _in_files(tmp_path / f"{name}.out") == [], name

    assert browser.post("/en/volunteer/erase/", {"sure": "yes"}).status_code == 200
    forget_messages([message], at=timezone.now())
    people.erase(CODE)
    making.make(tmp_path / "new.backup", tmp_path / "keys", at=NOW)
    _nobody_is_known(trial, message, volunteer, talk)
    back = tmp_path / "back"
    restoring.restore(tmp_path / "old.backup", tmp_path / "keys", back, open_it=elsewhere("c"))
    assert ConsentTalk.objects.filter(pk=talk).exists(), "the trial's own data are whole"
    assert verify().sound
    _nobody_is_known(trial, message, volunteer, talk)
    assert _in_databases(("default", "identity", "keys")) == []
    out, err = capfd.readouterr()
    assert _found("\n".join((out, err, *caplog.messages))) == [], "in a log"


def _nobody_is_known(trial: Cast, message: str, volunteer: str, talk: str) -> None:
    """Every way to the person ends."""
    ways: tuple[Callable[[], object], ...] = (
        lambda: people.recall(CODE),
        lambda: door_of(CODE),
        lambda: copy_of(talk, CODE),
        lambda: asked_of(talk_of(talk)),
        lambda: problems_of(CODE),
        lambda: known(volunteer),
        lambda: read_enquiry(message, by=trial.investigator, at=NOW),
    )
    for way in ways:
        with pytest.raises(EquipoiseError) as refused:
            way()
        assert isinstance(refused.value, UnknownRecord), refused.value
        assert _found(str(refused.value)) == []
