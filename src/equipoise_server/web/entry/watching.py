"""The observation after a dose: looks at planned minutes, and the checklist closed at its end.

Every moment is counted from the start of the dose as the server has it; a tablet that was
closed in between shows the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from equipoise.errors import Conflict, ExternalError, NotPermitted, Refused, said_of
from equipoise.forms import prepare
from equipoise.forms.record import Value
from equipoise.participant import ParticipantState, given
from equipoise.participant.state import Dose
from equipoise.protocol.conduct_rules import Dosing, ReactionSheet
from equipoise.schedule import Look, looks_of, next_dose, next_look
from equipoise.schedule.matrix import DOSING
from equipoise_server.services.records.record import record
from equipoise_server.web.entry import saving
from equipoise_server.web.entry import typed as typing
from equipoise_server.web.entry.forms import crumbs
from equipoise_server.web.entry.plan import Plan, plan
from equipoise_server.web.entry.saving import Sent
from equipoise_server.web.entry.sheet import Sheet, draw, scripts
from equipoise_server.web.entry.spot import KIND, Spot, around, me, spot, who
from equipoise_server.web.entry.words import meaning
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render

AFTER = timedelta(hours=6)
"""An observation that was never closed is left after that; the next dose has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The observation of one dose: its record as it stands, its looks in turn.

    `start` is None before the dose: then there is only what is looked at before it.
    """

    spot: Spot
    dosing: Dosing
    sheet: ReactionSheet
    number: int
    start: datetime | None
    looks: tuple[Look, ...]

    @property
    def next(self) -> Look | None:
        """The first look that is not done."""
        return next_look(self.looks)

    @property
    def asked(self) -> tuple[str, ...]:
        """The items that the next look shows: those that can be measured."""
        look = self.next
        return look.point.items if look and look.point else ()


@require_http_methods(["GET", "POST"])
@page_for(KIND)
def watch(page: Page, code: str) -> HttpResponse:
    """Look at the participant before a dose and after it."""
    here = watch_of(page, code)
    if page.request.method == "POST":
        return _looked(page, here)
    sent = Sent(
        typed={}, on="", reason="", key=saving.new_key(), expected=here.spot.version,
        confirmed=frozenset(),
    )  # fmt: skip
    return _show(page, here, sent, {})


def watch_of(page: Page, code: str) -> Watch:
    """The observation of the dose that was given last, or of the one that comes next.

    Raises:
        Http404: the protocol has none, no dose comes, or it is not for the viewer.
        NotPermitted: another site's participant.

    """
    dosing, state = page.study.protocol.dosing, who(page, code)
    if dosing is None or dosing.reaction_form is None or dosing.reaction_sheet is None:
        raise Http404
    found = _given(page, state, dosing, dosing.reaction_sheet)
    if found is not None and (found.next is not None or found.spot.at - found_at(found) < AFTER):
        return found
    return _coming(page, state, dosing, dosing.reaction_sheet) or _found(found)


def _found(watch: Watch | None) -> Watch:
    if watch is None:
        raise Http404
    return watch


def found_at(watch: Watch) -> datetime:
    """When the dose of an observation started; before it, now."""
    return watch.start or watch.spot.at


def _given(
    page: Page, state: ParticipantState, dosing: Dosing, sheet: ReactionSheet
) -> Watch | None:
    dose = newest(state)
    if dose is None:
        return None
    here = spot(page, state.code, str(dosing.reaction_form), DOSING, dose.number)
    looks = looks_of(dosing, sheet, dose.number, dose.at, here.saved(), here.at)
    return Watch(
        spot=here, dosing=dosing, sheet=sheet, number=dose.number, start=dose.at, looks=looks
    )


def _coming(
    page: Page, state: ParticipantState, dosing: Dosing, sheet: ReactionSheet
) -> Watch | None:
    at = timezone.now()
    answer = next_dose(dosing, given(state), at, None, randomised_at=state.randomised_at)
    if answer.number is None or not answer.allowed:
        return None
    here = spot(page, state.code, str(dosing.reaction_form), DOSING, answer.number)
    looks = looks_of(dosing, sheet, answer.number, None, here.saved(), here.at)
    return Watch(
        spot=here, dosing=dosing, sheet=sheet, number=answer.number, start=None, looks=looks
    )


def newest(state: ParticipantState) -> Dose | None:
    """The last dose of which anything was given."""
    done = [one for one in state.doses if one.amount != "not"]
    return max(done, key=lambda one: one.number, default=None)


def _looked(page: Page, here: Watch) -> HttpResponse:
    """Save what was seen at the next look; a reaction leads to the whole form."""
    now, look = here.spot, here.next
    compiled = _plan(page, here)
    sent = saving.sent_of(compiled, page.request.POST)
    back = HttpResponseRedirect(reverse("entry:watch", args=[now.state.code]))
    if look is None or sent.expected != now.version:
        return back  # somebody else has looked since: what is next has changed
    values = {**now.saved(), **_said(here, look)}
    values.update(typing.raw(compiled.fields, sent.typed, {}, now.zone))
    prepared = prepare(page.study.protocol, now.form, values, around(page, now))
    if prepared.hard:
        said = {"wrong": True}
        return _show(page, here, sent, said, values=prepared.values, findings=prepared.hard)
    try:
        record(
            participant=now.state.code,
            form=now.form.id,
            visit=DOSING,
            number=now.number,
            values=values,
            on=now.versions[0].on if now.versions else _day(here),
            expected=sent.expected,
            by=me(page),
            at=now.at,
            key=sent.key,
        )
    except NotPermitted:
        raise
    except (Refused, Conflict, ExternalError) as error:
        more = {"meaning": meaning(error), "sentence": said_of(error), "code_of": error.code}
        return _show(page, here, sent, more, status=status_of(error))
    return back


def _day(here: Watch) -> date:
    return found_at(here).astimezone(ZoneInfo(here.spot.zone)).date()


def _said(here: Watch, look: Look) -> dict[str, object]:
    """What the button says: nothing was seen at this look, or in the whole time."""
    sheet = here.sheet
    known: dict[str | None, object] = {sheet.number: here.number, sheet.start: here.start}
    if look.point is not None:
        known[look.point.mark] = False
    else:
        known.update(dict.fromkeys(here.dosing.reaction_items, False))
        known[sheet.closed] = here.spot.at
    return {name: value for name, value in known.items() if name and value is not None}


def _plan(page: Page, here: Watch) -> Plan:
    return plan(page.study, here.spot.form.id, page.language, here.asked)


def _show(
    page: Page,
    here: Watch,
    sent: Sent,
    more: Mapping[str, Any],
    *,
    values: Mapping[str, Value] | None = None,
    findings: tuple[Any, ...] = (),
    status: int = 200,
) -> HttpResponse:
    now, look, compiled = here.spot, here.next, _plan(page, here)
    sheet = Sheet(
        study=page.study,
        plan=compiled,
        language=page.language,
        zone=now.zone,
        typed=sent.typed,
        values=now.saved() if values is None else values,
        around=around(page, now),
        findings=findings,
        alert=bool(more),
    )
    where = (now.state.code, now.form.id, DOSING, now.number)
    context = {
        "code": now.state.code,
        "number": here.number,
        "now": now.at.isoformat(),
        "since": here.start.isoformat() if here.start else "",
        "looks": here.looks,
        "look": look,
        "open": look is not None and look.standing in ("now", "late") and now.why_not is None,
        "whole": reverse("entry:form", args=where),
        "sent": sent,
        "why_not": now.why_not and meaning(now.why_not),
        "dosed": isinstance(now.why_not, NotPermitted),
        "body": draw(sheet),
        "crumbs": crumbs(now.state.code),
        **scripts(sheet, now.today),
        **more,
    }
    return render(page, "entry/watch.html", context, status=409 if findings else status)
