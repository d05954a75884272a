"""What happens to a form that was sent: saved, or shown again with everything that was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
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
)
from equipoise.forms import FormFinding, Prepared, prepare
from equipoise.forms.findings import asks
from equipoise.forms.record import Value
from equipoise.schedule.matrix import LOG
from equipoise_server.services.record import record
from equipoise_server.services.report_event import report_event
from equipoise_server.web.entry import typed as typing
from equipoise_server.web.entry.plan import Plan
from equipoise_server.web.entry.spot import Spot, around, me
from equipoise_server.web.entry.typed import Typed
from equipoise_server.web.shared.page import Page


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
    if pending and here.version == sent.expected:
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
    free number, whoever else reports at the same moment.
    """
    code, by = here.state.code, me(page)
    event = page.study.protocol.safety.event_form == here.form.id and here.visit == LOG
    if event and sent.expected == 0:
        told = report_event(participant=code, values=values, on=on, by=by, at=here.at, key=sent.key)
        return told.number
    record(
        participant=code,
        form=here.form.id,
        visit=here.visit,
        number=here.number,
        values=values,
        on=on,
        reason=sent.reason,
        expected=sent.expected,
        by=by,
        at=here.at,
        key=sent.key,
    )
    return here.number


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
