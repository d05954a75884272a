"""Writing one version of one record, through a cursor."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import connection

from equipoise.digest import canonical_json
from equipoise.errors import (
    AlreadyWithdrawn,
    InvalidRecord,
    Locked,
    NotConsented,
    OutOfOrder,
    PartLocked,
    ReasonRequired,
    SavedFirst,
    UnknownRecord,
    say,
)
from equipoise.forms import Prepared, prepare, status, to_json
from equipoise.participant.deferral import lasting_forms, require_not_lapsed
from equipoise.protocol.forms import Form
from equipoise.protocol.model import Study
from equipoise.protocol.remember import Remembered
from equipoise.schedule.matrix import DAILY, DOSING, LOG
from equipoise_server.store import (
    cleaning,
    documents,
    ledger,
    life,
    locks,
    signing,
    study,
    versions,
    writing,
)
from equipoise_server.store.fields import instant_text
from equipoise_server.store.heads import Head, read_head
from equipoise_server.store.heads import Place as Place  # noqa: PLC0414 - callers know it from here

_VERSION_OF = versions.OF_PARTICIPANT.format(participant="p.code")
_OVER = locks.WHERE.format(
    site="p.site_id", participant="p.code", visit="%s", form="%s", number="%s"
)
_STANDING = (
    f"SELECT {_VERSION_OF}, t.locked_at, p.site_id, p.status, p.consented_at, s.timezone, "  # noqa: S608
    f"(SELECT l.scope FROM store_lock l WHERE {_OVER} LIMIT 1), "
    "(SELECT COUNT(*) FROM store_siteversion sv WHERE sv.site_id = p.site_id), p.randomised_on "
    "FROM store_trial t LEFT JOIN store_participant p ON p.code = %s "
    "LEFT JOIN store_site s ON s.code = p.site_id"
)
Keep = Callable[[dict[str, Any]], Sequence[Any]]
"""Makes the row of a request key from the answer that it is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is to be saved: raw values, their site date, why they change, the version that was seen."""

    values: Mapping[str, object]
    on: date
    reason: str = ""
    expected: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything about a place that decides whether something may be saved there.

    `study` is the version that the participant is under; `amended` says that the site has
    worked under another than the first one.
    """

    place: Place
    study: Study
    form: Form
    site: str
    timezone: str
    amended: bool = False
    randomised_on: date | None = None


def standing(cursor: Any, place: Place, *, step: str, at: datetime | None = None) -> Standing:
    """What there is at `place`; on PostgreSQL nobody can lock the study until the transaction ends.

    `at`: when new data are saved there; None where nothing is.

    Raises:
        ConsentLapsed: consent was deferred, its limit has passed, and the form can wait.
        Locked, PartLocked, UnknownRecord, NotConsented, AlreadyWithdrawn.

    """
    share = " FOR SHARE OF t" if connection.vendor == "postgresql" else ""
    here = [place.visit, place.form, place.number, place.participant]
    cursor.execute(_STANDING + share, here)
    found = cursor.fetchone()
    if found is None or found[2] is None:
        raise UnknownRecord(say("participant {participant}", participant=place.participant))
    digest, locked_at, site, now, consented_at, timezone, over, amended, day0 = found
    if locked_at is not None:
        raise Locked(step)
    if over is not None:
        raise PartLocked(locks.name_of(over, site, place.participant, str(place)), step)
    if consented_at is None:
        _require_deferral(place, study.of_digest(digest), at)
    if now == "withdrawn" and life.state_of(place.participant).withdrew("data"):
        raise AlreadyWithdrawn(place.participant, say("form {form}", form=place.form))
    running = study.of_digest(digest)
    return Standing(
        place=place,
        study=running,
        form=_form(running, place),
        site=site,
        timezone=timezone,
        amended=bool(amended),
        randomised_on=_day(day0),
    )


def _require_deferral(place: Place, running: Study, at: datetime | None) -> None:
    """Refuse without consent, unless a deferral stands for it that has not lapsed."""
    state = life.state_of(place.participant)
    if state.deferred is None:
        raise NotConsented(place.participant, say("form {form}", form=place.form))
    if at is not None and place.form not in lasting_forms(running):
        require_not_lapsed(state, f"form {place.form}", at)


def _day(stored: object) -> date | None:
    """A date as this engine's driver gives it."""
    return date.fromisoformat(stored) if isinstance(stored, str) else cast("date | None", stored)


def _form(running: Study, place: Place) -> Form:
    form = running.forms.get(place.form)
    if form is None:
        raise UnknownRecord(say("form {form}", form=place.form))
    if form.audience != "blinded":
        raise UnknownRecord(say("form {form} on the blinded side", form=place.form))
    if place.number < 0 or (place.number and not form.repeats):
        raise UnknownRecord(
            say("{place}: form {form} takes no such number", place=place, form=form.id)
        )
    if place.visit not in _visits(running)[form.id]:
        raise UnknownRecord(
            say("{form} at {visit} in the schedule", form=place.form, visit=place.visit)
        )
    return form


def _planned(running: Study) -> dict[str, frozenset[str]]:
    """Per form, the visits at which the schedule knows it; a form without a place may be anywhere."""
    found: dict[str, set[str]] = {form: set() for form in running.forms}
    for activity in running.protocol.schedule:
        visits = {*activity.at, *activity.optional}
        visits |= {DAILY} if activity.daily is not None else set()
        visits |= {DOSING} if activity.per_dose else set()
        visits |= {LOG} if activity.log else set()
        for form in activity.forms:
            found.setdefault(form, set()).update(visits)
    anywhere = {visit.id for visit in running.protocol.visits} | {DAILY, DOSING, LOG}
    return {form: frozenset(visits or anywhere) for form, visits in found.items()}


def visits_of(running: Study, form: str) -> frozenset[str]:
    """The visits at which the schedule knows a form."""
    return _visits(running)[form]


_visits: Remembered[Study, dict[str, frozenset[str]]] = Remembered(_planned)


def save(
    cursor: Any,
    found: Standing,
    answers: Answers,
    *,
    by: str,
    at: datetime,
    key: str,
    keep: Keep | None = None,
) -> dict[str, Any]:
    """Write the next version, or none where nothing changed. Call inside a transaction that
    holds the participant's chain. With `keep` the request key is written along.

    Raises:
        InvalidRecord, ReasonRequired, SavedFirst, OutOfOrder.

    """
    place, form = found.place, found.form
    if answers.on > at.astimezone(ZoneInfo(found.timezone)).date():
        raise OutOfOrder(str(place), say("its date {on} lies ahead", on=answers.on))
    if form.id in found.study.participants.samples:
        _refuse_sample(place, answers.on)
    head = read_head(cursor, place, found.study)
    if answers.expected is not None and answers.expected != head.version:
        raise SavedFirst(str(place))
    prepared = _prepare(found, answers.values)
    document = to_json(prepared.values)
    data = canonical_json(document).decode()
    how_far = status(form, prepared.values, prepared.findings)
    answer = {
        "version": head.version,
        "status": how_far,
        "findings": [f"{one.item or ''}:{one.code}" for one in prepared.findings],
    }
    if head.id is not None and (head.data, head.on) == (data, answers.on.isoformat()):
        if keep is not None:
            cursor.execute(writing.KEY, keep(answer))
        return answer
    if not answers.reason and _changes(form, head, document, answers.on):
        raise ReasonRequired(say("A change to {place}", place=place))
    answer["version"] = head.version + 1
    row = keep(answer) if keep is not None else ()
    record = _write(cursor, found, head, answers, data, how_far, by=by, at=at, key=key, kept=row)
    change = _change(found, head, answers, document, prepared, record)
    cleaning.after_save(cursor, change, by=by, at=at)
    return answer


def _refuse_sample(place: Place, on: date) -> None:
    """A sample that was taken before the withdrawal may still be recorded."""
    levels = life.state_of(place.participant).withdrawn
    if any(level in ("samples", "data") and on > day for level, day in levels):
        raise AlreadyWithdrawn(place.participant, say("form {form}", form=place.form))


def _change(
    found: Standing,
    head: Head,
    answers: Answers,
    document: Mapping[str, object],
    prepared: Prepared,
    record: int,
) -> cleaning.Change:
    place = found.place
    return cleaning.Change(
        study=found.study,
        participant=place.participant,
        form=place.form,
        visit=place.visit,
        number=place.number,
        zone=found.timezone,
        day0=found.randomised_on,
        first=head.id is None,
        version=head.version + 1,
        on=answers.on,
        changed=_changed(head, document),
        prepared=prepared,
        record=record,
        asked=head.asked,
        verified=head.verified,
        deviated=head.deviated,
    )


def _changed(head: Head, document: Mapping[str, object]) -> frozenset[str]:
    """The items whose saved answers read differently now."""
    before = json.loads(head.data)
    return frozenset(name for name, value in before.items() if document.get(name) != value)


def _prepare(found: Standing, values: Mapping[str, object]) -> Prepared:
    place = found.place
    context = documents.context(
        found.study,
        found.form,
        participant=place.participant,
        visit=place.visit,
        number=place.number,
    )
    prepared = prepare(found.study.protocol, found.form, values, context)
    if not prepared.saveable:
        said = tuple(f"{one.item or place.form}: {one.message}" for one in prepared.hard)
        raise InvalidRecord(place.form, said)
    return prepared


def _changes(form: Form, head: Head, document: Mapping[str, object], on: date) -> bool:
    """Whether an answer that was saved would read differently. Filling in a gap is no change."""
    if head.id is None:
        return False
    if head.on != on.isoformat():
        return True
    computed = {item.id for item in form.items() if item.derive is not None}
    before = json.loads(head.data)
    return any(
        document.get(name) != value for name, value in before.items() if name not in computed
    )


def _write(
    cursor: Any,
    found: Standing,
    head: Head,
    answers: Answers,
    data: str,
    how_far: str,
    *,
    by: str,
    at: datetime,
    key: str,
    kept: Sequence[Any] = (),
) -> int:
    place, salt, version = found.place, ledger.new_salt(), head.version + 1
    columns = (
        version,
        found.study.digest,
        found.study.form_digests[place.form],
        answers.on.isoformat(),
        by,
        instant_text(at),
        "",
        key,
        ledger.payload_digest_of(data, salt, answers.reason),
    )
    identity = (place.participant, place.form, place.visit, place.number)
    digest = ledger.version_digest(identity, columns)
    entry = ledger.entry(
        head.after, chain=place.participant, what=ledger.RECORDED, by=by, at=at, subject=digest
    )
    rows = writing.Rows(
        identity=identity,
        record=head.id,
        status=how_far,
        digest=digest,
        columns=columns,
        salt=salt,
        data=data,
        reason=answers.reason,
        entry=entry,
        key=kept,
    )
    record = writing.write(cursor, rows)
    if head.signed:
        why = f"version {version} was saved"
        signing.void(cursor, place.participant, head.digest, by=by, at=at, reason=why)
    return record


def save_redacted(
    cursor: Any,
    found: Standing,
    *,
    on: date,
    data: str,
    how_far: str,
    reason: str,
    by: str,
    at: datetime,
    key: str,
) -> int:
    """Write the next version of a record as it is given, without any check; for `redact` alone."""
    head = read_head(cursor, found.place, found.study)
    answers = Answers(values={}, on=on, reason=reason)
    _write(cursor, found, head, answers, data, how_far, by=by, at=at, key=key)
    return head.version + 1
