"""A conversation about consent: begun by the staff, at the bedside or through a mailed link.

The store knows it by a token: version, language, what was read and answered. Who takes part is
sealed in the identity database under the participant's key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction

from equipoise.errors import AlreadyRecorded, FormIncomplete, OutOfOrder, UnknownRecord, say
from equipoise.protocol.consent_document import ConsentDocument, newest, read_document
from equipoise_server.identity.models import ConsentPerson, ConsentQuestion
from equipoise_server.identity.people import Identity, remember
from equipoise_server.identity.sealing import fresh_key, key_of, new_token, seal, unseal
from equipoise_server.services.access import permissions
from equipoise_server.services.letters import links, mail
from equipoise_server.services.own_pages.participant_door import open_door
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import consenting, ledger, life, versions
from equipoise_server.store import study as studies
from equipoise_server.store.models import ConsentTalk, User

DATABASE = "identity"
MODES = ("bedside", "remote")
CAPACITIES = ("participant", "representative")
ROLES = ("participant", "representative", "witness", "interpreter")
LIMITS = {"name": 120, "relation": 80, "address": 254, "phone": 40}
LONGEST = 2000

Persons = Mapping[str, Mapping[str, str]]
"""Role to name, and to `relation`, `address` and `phone` where they are known.

`copies` is "yes" where the participant agreed that the signed copy is mailed to the address.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation with its document."""

    row: ConsentTalk
    document: ConsentDocument

    @property
    def code(self) -> str:
        """The participant's code."""
        return str(self.row.participant_id)

    @property
    def answered(self) -> dict[int, int]:
        """The last option chosen at each question."""
        return {question: option for question, option, _right in self.row.answers}

    @property
    def understood(self) -> frozenset[int]:
        """The questions whose last answer is right."""
        last = {question: right for question, _option, right in self.row.answers}
        return frozenset(question for question, right in last.items() if right)

    @property
    def left(self) -> tuple[str, ...]:
        """What is still to be done before the person can sign: read, questions, asked."""
        found = []
        if len(set(self.row.read)) < len(self.document.sections):
            found.append("read")
        if len(self.understood) < len(self.document.questions):
            found.append("questions")
        if self.row.told < self.row.asked:
            found.append("asked")
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that the person asked, and its answer."""

    token: str
    text: str
    answer: str
    at: datetime


def begin_consent(
    *,
    participant: str,
    mode: str,
    capacity: str,
    language: str,
    persons: Persons,
    by: User,
    at: datetime,
    key: str,
) -> str:
    """Begin to talk about the version that this person has to agree to; the token.

    Raises:
        FormIncomplete: a name is missing, or the address for a remote conversation.
        AlreadyRecorded: this version is signed.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    _require_persons(mode, capacity, persons)
    body = {"participant": participant, "mode": mode, "capacity": capacity, "language": language}
    request = Request(verb="consent", by=by, at=at, key=key, body=body)
    answer = perform(request, lambda: _begin(request, participant, persons))
    return str(answer["talk"])


def _require_persons(mode: str, capacity: str, persons: Persons) -> None:
    wrong = ["mode"] if mode not in MODES else []
    wrong += ["capacity"] if capacity not in CAPACITIES else []
    needed = {"participant", capacity}
    wrong += [role for role in persons if role not in ROLES]
    for role in ROLES:
        told = persons.get(role, {})
        if role in needed and not told.get("name", "").strip():
            wrong.append(role)
        wrong += [name for name, most in LIMITS.items() if len(told.get(name, "")) > most]
    address = persons.get("participant", {}).get("address", "").strip()
    if address or mode == "remote":
        try:
            validate_email(address)
        except ValidationError:
            wrong.append("address")
    if wrong:
        raise FormIncomplete(tuple(dict.fromkeys(wrong)))


def _begin(request: Request, code: str, persons: Persons) -> Answer:
    asked, at = dict(request.body), request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, code)
        require_unlocked(cursor, "consent", code)
        state = life.state_of(code)
        permissions.require(cursor, "consent", by=request.by, at=at, site=state.site)
        study = consenting.to_agree_to(cursor, code, state.site, at)
        text = newest(study, str(asked["language"]))
        if text is None:
            raise UnknownRecord("consent document in this study")
        if any(one.version == text.version for one in state.consents):
            raise AlreadyRecorded(code, say("Consent version {version}", version=text.version))
        document = read_document(text)
        token = new_token()
        row = ConsentTalk.objects.create(
            token=token,
            participant_id=code,
            document=document.id,
            version=document.version,
            language=document.language,
            digest=document.digest,
            mode=str(asked["mode"]),
            capacity=str(asked["capacity"]),
            witness="witness" in persons,
            interpreter="interpreter" in persons,
            by=request.by.username,
            at=at,
        )
        said = {
            "talk": token,
            "version": row.version,
            "language": row.language,
            "digest": row.digest,
            "mode": row.mode,
            "capacity": row.capacity,
        }
        ledger.append(
            cursor,
            chain=code,
            what=consenting.BEGUN,
            by=request.by.username,
            at=at,
            payload=said,
        )
    _seal_persons(token, code, row.language, persons, at)
    if row.mode == "remote":
        transaction.on_commit(lambda: _mail_link(row, persons["participant"]["address"].strip()))
    return {"talk": token}


def _seal_persons(token: str, code: str, language: str, persons: Persons, at: datetime) -> None:
    own = persons["participant"]
    told = (own.get("phone", "").strip(), own.get("address", "").strip())
    contact = ", ".join(one for one in told if one)
    identity = Identity(participant=code, name=own["name"].strip(), contact=contact)
    remember(identity, at=at, language=language)
    key = fresh_key("participant", code)
    for role, person in persons.items():
        kept = {name: person.get(name, "").strip() for name in ("name", "relation")}
        ConsentPerson.objects.using(DATABASE).create(
            talk=token,
            participant=code,
            role=role,
            sealed=seal(key, kept, code, f"{token}/{role}"),
            at=at,
        )
    if own.get("address", "").strip():
        open_door(
            code,
            address=told[1],
            phone=told[0],
            language=language,
            at=at,
            copies=own.get("copies") == "yes",
        )


def _mail_link(row: ConsentTalk, address: str) -> None:
    where = "zh-hans" if row.language == "zh-Hans" else "en"
    link = mail.link(f"/{where}/consent/read/{links.make('consent', row.token)}/")
    mail.queue(
        template="consent-link",
        to=address,
        language=row.language,
        context={"link": link},
        key=f"consent-link/{row.token}",
    )


def talk_of(token: str) -> Talk:
    """A conversation that is open or over.

    Raises:
        UnknownRecord: there is none.

    """
    row = ConsentTalk.objects.filter(pk=token).first()
    if row is None:
        raise UnknownRecord("conversation about consent")
    return Talk(row=row, document=document_of(row))


def document_of(row: ConsentTalk) -> ConsentDocument:
    """The very words that the conversation is about.

    Raises:
        UnknownRecord: the text is not in any version of the study here.

    """
    with connection.cursor() as cursor:
        digests = [versions.of(cursor, row.participant_id)]
        site = life.site_of(row.participant_id)
        ahead = consenting.ahead_of(cursor, row.participant_id, site, row.at)
    for digest in (*([ahead] if ahead else []), *digests):
        for text in studies.of_digest(digest).consents:
            found = read_document(text)
            if found.digest == row.digest and found.language == row.language:
                return found
    raise UnknownRecord("text of this consent document any more: the study has been changed")


def persons_of(talk: Talk) -> dict[str, dict[str, str]]:
    """Who takes part, by role."""
    key = key_of("participant", talk.code)
    return {
        one.role: unseal(key, one.sealed, talk.code, f"{one.talk}/{one.role}")
        for one in ConsentPerson.objects.using(DATABASE).filter(talk=talk.row.token).order_by("pk")
    }


def _change(token: str) -> Talk:
    """The conversation, held until the transaction ends.

    Raises:
        OutOfOrder: it is over, or the person has signed.

    """
    row = ConsentTalk.objects.select_for_update().filter(pk=token).first()
    if row is None:
        raise UnknownRecord("conversation about consent")
    if row.ended_at is not None or row.signed_at is not None:
        raise OutOfOrder("This conversation", "it is signed or over; begin a new one")
    return Talk(row=row, document=document_of(row))


def note_read(token: str, section: int) -> None:
    """The person has read a section.

    Raises:
        OutOfOrder, UnknownRecord.

    """
    with transaction.atomic():
        talk = _change(token)
        if not 0 <= section < len(talk.document.sections):
            raise UnknownRecord("section")
        if section not in talk.row.read:
            talk.row.read = [*talk.row.read, section]
            talk.row.save(update_fields=["read"])


def answer_question(token: str, question: int, option: int) -> bool:
    """The person chose an option at a question for understanding; whether it is right.

    A wrong answer is kept and explained; the person may answer again as often as they like.

    Raises:
        OutOfOrder, UnknownRecord.

    """
    with transaction.atomic():
        talk = _change(token)
        asked = talk.document.questions
        if not 0 <= question < len(asked) or not 0 <= option < len(asked[question].options):
            raise UnknownRecord("question or option")
        right = option in asked[question].right
        if talk.answered.get(question) != option:
            talk.row.answers = [*talk.row.answers[-500:], [question, option, right]]
            talk.row.save(update_fields=["answers"])
    return right


def ask(token: str, text: str, *, at: datetime) -> None:
    """The person asks something; the staff answer.

    Raises:
        FormIncomplete: no text, or too long.
        OutOfOrder, UnknownRecord.

    """
    if not text.strip() or len(text) > LONGEST:
        raise FormIncomplete(("text",))
    with transaction.atomic():
        talk = _change(token)
        talk.row.asked += 1
        talk.row.save(update_fields=["asked"])
        one = new_token()
        ConsentQuestion.objects.using(DATABASE).create(
            token=one,
            talk=token,
            participant=talk.code,
            sealed=seal(
                key_of("participant", talk.code), {"text": text.strip()}, talk.code, f"ask/{one}"
            ),
            at=at,
        )


def answer_asked(token: str, question: str, text: str, *, by: User, at: datetime) -> None:
    """Answer what the person asked.

    Raises:
        FormIncomplete: no text, or too long.
        NotPermitted, OutOfOrder, UnknownRecord.

    """
    if not text.strip() or len(text) > LONGEST:
        raise FormIncomplete(("text",))
    with transaction.atomic(), connection.cursor() as cursor:
        talk = _change(token)
        site = life.site_of(talk.code)
        permissions.require(cursor, "consent", by=by, at=at, site=site)
        waiting = ConsentQuestion.objects.using(DATABASE).filter(
            pk=question, talk=token, answered_at__isnull=True
        )
        key = key_of("participant", talk.code)
        said = seal(key, {"text": text.strip()}, talk.code, f"tell/{question}")
        if not waiting.update(sealed_answer=said, answered_at=at, answered_by=by.username):
            raise UnknownRecord("question that waits for an answer")
        talk.row.told += 1
        talk.row.save(update_fields=["told"])


def asked_of(talk: Talk) -> tuple[Asked, ...]:
    """What the person asked, oldest first, with the answers."""
    rows = ConsentQuestion.objects.using(DATABASE).filter(talk=talk.row.token).order_by("at")
    if not rows:
        return ()
    key = key_of("participant", talk.code)

    def opened(box: object, column: str) -> str:
        return str(unseal(key, box, talk.code, column)["text"]) if box else ""

    return tuple(
        Asked(
            token=one.token,
            text=opened(one.sealed, f"ask/{one.token}"),
            answer=opened(one.sealed_answer, f"tell/{one.token}"),
            at=one.at,
        )
        for one in rows
    )
