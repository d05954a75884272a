"""What happens to a form that was sent: saved, or shown again with everything that was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.http import QueryDict

from equipoise.errors import (
    Conflict,
    EquipoiseError,
    ExternalError,
    InvalidRecord,
    KeyReused,
    NotPermitted,
    Refused,
    SavedFirst,
    say,
)
from equipoise.forms import FormFinding, Prepared, prepare
from equipoise.forms.findings import asks
from equipoise.forms.record import Value
from equipoise.schedule.matrix import LOG
from equipoise_server.services.participants.report_event import report_event
from equipoise_server.services.records.record import record
from equipoise_server.services.records.report_death import report_death
from equipoise_server.services.records.report_special import report_special
from equipoise_server.store.queries import records
from equipoise_server.store.save import Place
from equipoise_server.web.entry import typed as typing
from equipoise_server.web.entry.plan import Plan
from equipoise_server.web.entry.spot import Spot, around, me
from equipoise_server.web.entry.typed import Typed
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.specials import reports_on

TRIES = 5
"""How often a new entry of a log looks for a free number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A form as it was sent. `expected` is the version that the person saw, 0 for none."""

    typed: Mapping[str, Typed]
    on: str
    reason: str
    key: str
    expected: int
    confirmed: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it. `error` None and `pending` empty: it was saved.

    `pending` are unusual answers that the person has not confirmed yet; `merge`: somebody
    saved first. `number` is that of the record that was saved.
    """

    sent: Sent
    prepared: Prepared
    error: EquipoiseError | None = None
    pending: tuple[str, ...] = ()
    merge: bool = False
    number: int = 0

    @property
    def saved(self) -> bool:
        """Whether it was saved."""
        return self.error is None and not self.pending


def new_key() -> str:
    """An idempotency key for a page that is about to be shown."""
    return f"entry/{uuid4()}"


def sent_of(plan: Plan, form: QueryDict) -> Sent:
    """Everything that the page sent. What cannot be read stays text."""
    expected = form.get("expected", "")
    return Sent(
        typed=typing.read(plan.fields, form),
        on=form.get("on", ""),
        reason=form.get("reason", ""),
        key=form.get("key", "")[:200] or new_key(),
        expected=int(expected) if expected.isascii() and expected.isdigit() else 0,
        confirmed=frozenset(form.getlist("confirmed")),
    )


def try_to_save(page: Page, here: Spot, plan: Plan, sent: Sent) -> Outcome:
    """Save what was sent, or say why not. What was sent is in the outcome either way.

    Raises:
        NotPermitted: the person may not write here.

    """
    if isinstance(here.why_not, NotPermitted):
        raise here.why_not
    saved = here.saved(sent.expected)
    values = typing.raw(plan.fields, sent.typed, saved, here.zone)
    prepared = prepare(page.study.protocol, here.form, values, around(page, here))
    on = typing.day(sent.on)
    if here.why_not is not None:
        return Outcome(sent=sent, prepared=prepared, error=here.why_not)
    if prepared.hard or on is None:
        return Outcome(sent=sent, prepared=prepared, error=_invalid(here, prepared))
    pending = _pending(page, here, prepared, sent, saved)
    if pending and (here.version == sent.expected or _new_in_log(here, sent)):
        return Outcome(sent=sent, prepared=prepared, pending=pending)
    try:
        number = _save(page, here, sent, values, on)
    except (SavedFirst, KeyReused) as error:
        return Outcome(sent=sent, prepared=prepared, error=error, merge=True)
    except NotPermitted:
        raise
    except (Refused, Conflict, ExternalError) as error:
        return Outcome(sent=sent, prepared=prepared, error=error)
    return Outcome(sent=sent, prepared=prepared, number=number)


def _invalid(here: Spot, prepared: Prepared) -> InvalidRecord:
    said = tuple(f"{one.item or here.form.id}: {one.message}" for one in prepared.hard)
    return InvalidRecord(here.form.id, said or ("the date of the record is not a date",))


def _save(page: Page, here: Spot, sent: Sent, values: Mapping[str, object], on: date) -> int:
    """Through the one service that fits; returns the number of the record.

    The first version of an event is a report: it starts the clocks, and it takes the next
    free number, whoever else reports at the same moment. So is that of a special situation.
    """
    code, by = here.state.code, me(page)
    event = page.study.protocol.safety.event_form == here.form.id and here.visit == LOG
    if event and sent.expected == 0:
        told = report_event(participant=code, values=values, on=on, by=by, at=here.at, key=sent.key)
        return told.number
    report = reports_on(page.study).get(here.form.id) if here.visit == LOG else None
    if report is not None and sent.expected == 0:
        given = {"values": values, "on": on, "by": by, "at": here.at, "key": sent.key}
        number = here.number
        report_special(report.id, participant=code, number=number, expected=0, **given)  # type: ignore[arg-type]
        return number
    more: dict[str, Any] = {
        "values": values,
        "on": on,
        "reason": sent.reason,
        "expected": sent.expected,
        "by": by,
        "at": here.at,
        "key": sent.key,
    }
    place = Place(participant=code, form=here.form.id, visit=here.visit, number=here.number)
    died_on = _died_on(page, here, values)
    if died_on is not None:
        report_death(place=place, died_on=died_on, **more)
    elif _new_in_log(here, sent):
        return _into_log(here, more)
    else:
        record(participant=code, form=place.form, visit=place.visit, number=place.number, **more)
    return here.number


def _new_in_log(here: Spot, sent: Sent) -> bool:
    """Whether this is a new entry of a log: its number is only where the page was opened."""
    return here.form.repeats and here.visit == LOG and sent.expected == 0


def _into_log(here: Spot, more: dict[str, Any]) -> int:
    """Save a new entry under its number, or under the next free one where somebody was quicker.

    Each number has a key of its own, so that a page sent twice finds what it saved.
    """
    code, form, number, key = here.state.code, here.form.id, here.number, more["key"]
    for _ in range(TRIES):
        try:
            record(participant=code, form=form, visit=LOG, number=number, **more)
        except SavedFirst:
            number = next_number(code, form)
            more["key"] = f"{key[:180]}/{number}"
        else:
            return number
    raise SavedFirst(say("{form} of {code}", form=form, code=code))


def next_number(code: str, form: str) -> int:
    """The next free number of a log of a participant."""
    taken = [head.number for head in records.heads([code]).get(code, []) if head.form == form]
    return max(taken, default=0) + 1


def _died_on(page: Page, here: Spot, values: Mapping[str, object]) -> date | None:
    """The day of death that the form of a death names, where it is not recorded yet."""
    safety = page.study.protocol.safety
    if here.form.id != safety.death_form or here.state.died_on is not None:
        return None
    said = prepare(page.study.protocol, here.form, values).values.get(safety.death_item or "")
    return said.date() if isinstance(said, datetime) else said if isinstance(said, date) else None


def confirmation(finding: FormFinding, values: Mapping[str, Value]) -> str:
    """What a person confirms: this finding about this very answer."""
    answer = values.get(finding.item) if finding.item else None
    return f"{finding.item or ''}:{finding.code}:{answer}"


def _pending(
    page: Page, here: Spot, prepared: Prepared, sent: Sent, saved: Mapping[str, Value]
) -> tuple[str, ...]:
    """Unusual answers that are new and were not confirmed; each is asked about once."""
    found = [confirmation(one, prepared.values) for one in prepared.findings if asks(one)]
    if not found:
        return ()
    earlier = prepare(page.study.protocol, here.form, saved, around(page, here)) if saved else None
    stood = {confirmation(one, earlier.values) for one in earlier.findings} if earlier else set()
    return tuple(one for one in found if one not in sent.confirmed and one not in stood)
