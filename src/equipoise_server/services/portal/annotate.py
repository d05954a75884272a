"""Private notes and questions on a passage of the study page.

A note belongs to the volunteer who wrote it: every function takes that volunteer's token, and
another's note is not there at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from equipoise.errors import FormIncomplete, UnknownRecord
from equipoise.protocol.check.claims import unapproved
from equipoise.protocol.model import Study
from equipoise.protocol.passages import Fate, Passage, find_again, passages
from equipoise_server.identity.models import Annotation
from equipoise_server.identity.sealing import key_of, new_token, seal, unseal
from equipoise_server.services.access import permissions
from equipoise_server.services.letters import mail
from equipoise_server.services.portal.volunteers import DATABASE, known, row_of
from equipoise_server.services.request import whole
from equipoise_server.store import ledger
from equipoise_server.store.models import User

LONGEST = 2000
MOST = 500
STATES = ("private", "shared", "answered", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One annotation, opened. `fate` and `now` say where its passage is today."""

    token: str
    study: str
    version_digest: str
    paragraph: str
    quote: str
    text: str
    reply: str
    state: str
    at: datetime
    fate: Fate
    now: str
    now_at: str


def public_passages(study: Study, language: str) -> tuple[Passage, ...]:
    """Every paragraph of the study page that can be annotated."""
    pages = [one for one in study.pages if one.language == language]
    every = (one for page in pages for one in passages(page.id, page.markdown))
    return tuple(one for one in every if not unapproved(one.text))


def annotate(
    volunteer: str, *, study: Study, language: str, paragraph: str, text: str, at: datetime
) -> str:
    """Write a private note on a passage; its token.

    Raises:
        FormIncomplete: no text, too long a text, or too many notes.
        UnknownRecord: no such passage, or erased meanwhile.

    """
    row = row_of(volunteer)
    _require_text(text)
    if row.annotations.count() >= MOST:
        raise FormIncomplete(("number of notes",))
    passage = next((one for one in public_passages(study, language) if one.id == paragraph), None)
    if passage is None:
        raise UnknownRecord("passage of this page")
    token = new_token()
    Annotation.objects.using(DATABASE).create(
        token=token,
        volunteer=row,
        study=study.protocol.id,
        digest=study.digest,
        language=language,
        paragraph=passage.id,
        quote=passage.text,
        sealed=seal(key_of("volunteer", volunteer), {"text": text.strip()}, token, "note"),
        at=at,
    )
    return token


def _require_text(text: str) -> None:
    if not text.strip() or len(text) > LONGEST:
        raise FormIncomplete(("text",))


def notes(volunteer: str, study: Study) -> tuple[Note, ...]:
    """A volunteer's own notes, newest first, each with where its passage is today."""
    row = row_of(volunteer)
    key = key_of("volunteer", volunteer)
    today = {language: public_passages(study, language) for language in study.protocol.languages}
    return tuple(
        _opened(one, key, today.get(one.language, ()))
        for one in row.annotations.order_by("-at", "-token")
    )


def _opened(one: Annotation, key: bytes, today: Sequence[Passage]) -> Note:
    found = find_again(one.quote, one.paragraph, today)
    reply = unseal(key, one.sealed_reply, one.token, "reply")["text"] if one.sealed_reply else ""
    return Note(
        token=one.token,
        study=one.study,
        version_digest=one.digest,
        paragraph=one.paragraph,
        quote=one.quote,
        text=unseal(key, one.sealed, one.token, "note")["text"],
        reply=reply,
        state=one.state,
        at=one.at,
        fate=found.fate,
        now=found.passage.text if found.passage else "",
        now_at=found.passage.id if found.passage else "",
    )


def _own(volunteer: str, token: str) -> Annotation:
    """Raises:
    UnknownRecord: there is no such note of this volunteer.
    """
    found = Annotation.objects.using(DATABASE).filter(pk=token, volunteer_id=volunteer).first()
    if found is None:
        raise UnknownRecord("note")
    return found


def rewrite(volunteer: str, token: str, *, text: str) -> None:
    """Change a private note.

    Raises:
        UnknownRecord: not the volunteer's own.
        FormIncomplete: no text, too long, or shared already.

    """
    one = _own(volunteer, token)
    _require_text(text)
    if one.state != "private":
        raise FormIncomplete(("a note that has been shared",))
    key = key_of("volunteer", row_of(volunteer).token)
    one.sealed = seal(key, {"text": text.strip()}, token, "note")
    one.save(using=DATABASE, update_fields=["sealed"])


def share(volunteer: str, token: str, *, at: datetime) -> None:
    """Make a note a question to the study team. They see the text, not who wrote it.

    Raises:
        UnknownRecord: not the volunteer's own.

    """
    one = _own(volunteer, token)
    if one.state == "private":
        one.state, one.shared_at = "shared", at
        one.save(using=DATABASE, update_fields=["state", "shared_at"])


def forget(volunteer: str, token: str) -> None:
    """Delete a note, shared or not.

    Raises:
        UnknownRecord: not the volunteer's own.

    """
    _own(volunteer, token).delete()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A shared note as the team sees it: no name, no address."""

    token: str
    paragraph: str
    quote: str
    text: str
    reply: str
    state: str
    shared_at: datetime | None


def questions(*, by: User, at: datetime) -> tuple[Question, ...]:
    """Shared notes, those that wait for an answer first.

    Raises:
        NotPermitted: `by` may not read them.

    """
    with connection.cursor() as cursor:
        permissions.require(cursor, "answer a question", by=by, at=at)
    shared = Annotation.objects.using(DATABASE).exclude(state="private")
    kept = shared.filter(volunteer__sealed__isnull=False).select_related("volunteer")
    return tuple(_question(one) for one in kept.order_by("-state", "shared_at")[:200])


def _question(one: Annotation) -> Question:
    key = key_of("volunteer", one.volunteer_id)
    reply = unseal(key, one.sealed_reply, one.token, "reply")["text"] if one.sealed_reply else ""
    return Question(
        token=one.token,
        paragraph=one.paragraph,
        quote=one.quote,
        text=unseal(key, one.sealed, one.token, "note")["text"],
        reply=reply,
        state=one.state,
        shared_at=one.shared_at,
    )


def answer_question(token: str, *, text: str, by: User, at: datetime) -> None:
    """Answer a shared question, or close it without an answer (`text` empty).

    Raises:
        NotPermitted: `by` may not.
        UnknownRecord: there is no such question any more.
        FormIncomplete: too long.

    """
    if len(text) > LONGEST:
        raise FormIncomplete(("text",))
    with whole(), connection.cursor() as cursor:
        permissions.require(cursor, "answer a question", by=by, at=at)
        state = "answered" if text.strip() else "closed"
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what=f"question-{state}",
            by=by.username,
            at=at,
            payload={"question": token},
        )
        one = _reply(token, text.strip(), state, at)
    if state == "answered":
        _tell(one)


def _reply(token: str, text: str, state: str, at: datetime) -> Annotation:
    shared = Annotation.objects.using(DATABASE).exclude(state="private")
    one = shared.filter(pk=token).select_related("volunteer").first()
    if one is None or one.volunteer.sealed is None:
        raise UnknownRecord("question")
    key = key_of("volunteer", one.volunteer_id)
    one.sealed_reply = seal(key, {"text": text}, token, "reply") if text else None
    one.state, one.answered_at = state, at
    one.save(using=DATABASE)
    return one


def _tell(one: Annotation) -> None:
    person = known(one.volunteer_id)
    where = "zh-hans" if person.language == "zh-Hans" else "en"
    mail.queue(
        template="question-answered",
        to=person.address,
        language=person.language,
        context={"link": mail.link(f"/{where}/volunteer/sign-in/")},
        key=f"question/{one.token}",
    )
