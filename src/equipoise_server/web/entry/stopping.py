"""The page on which a dose that is running ends: when, what is left, and through what it went."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from equipoise.errors import Conflict, EquipoiseError, ExternalError, NotPermitted, Refused, said_of
from equipoise.forms import Prepared, prepare
from equipoise.forms.record import Value
from equipoise.participant import ParticipantState
from equipoise.protocol.conduct_rules import DoseItems, Dosing
from equipoise.schedule.matrix import DOSING
from equipoise_server.services.records.record import record
from equipoise_server.web.entry import saving
from equipoise_server.web.entry import typed as typing
from equipoise_server.web.entry.bedside import as_hidden
from equipoise_server.web.entry.forms import crumbs
from equipoise_server.web.entry.plan import Plan, plan
from equipoise_server.web.entry.saving import Sent
from equipoise_server.web.entry.sheet import Sheet, draw, general, held, scripts
from equipoise_server.web.entry.spot import KIND, Spot, around, me, spot
from equipoise_server.web.entry.words import meaning
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.visibility import sees_doses
from equipoise_server.web.shared.words import AMOUNTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A dose that was started: its record as it stands, and the items of the page."""

    spot: Spot
    dosing: Dosing
    items: DoseItems
    plan: Plan

    @property
    def saved(self) -> dict[str, Value]:
        """The newest answers of its record."""
        return self.spot.saved()

    @property
    def stopped(self) -> bool:
        """Whether its end is recorded."""
        return self.items.stop is None or self.items.stop in self.saved


@require_http_methods(["GET", "POST"])
@page_for(KIND)
def stop(page: Page, code: str, number: int) -> HttpResponse:
    """End a dose that is running."""
    here = _running(page, code, number)
    if here.stopped:
        return _after(here)
    if page.request.method == "POST":
        return _stopped(page, here)
    sent = Sent(
        typed=held(here.plan, here.saved, here.spot.zone),
        on="",
        reason="",
        key=saving.new_key(),
        expected=here.spot.version,
        confirmed=frozenset(),
    )
    return _show(page, here, sent, Prepared(values=here.saved), "full", {})


def _running(page: Page, code: str, number: int) -> Running:
    dosing = page.study.protocol.dosing
    if dosing is None or dosing.items is None or dosing.items.stop is None:
        raise Http404
    here = spot(page, code, dosing.administration_form, DOSING, number)
    if not here.versions or not sees_doses(page.viewer.roles_at(here.state.site)):
        raise Http404
    items = dosing.items
    only = (*items.at_stop, *items.short)
    compiled = plan(page.study, dosing.administration_form, page.language, only)
    return Running(spot=here, dosing=dosing, items=items, plan=compiled)


def _after(here: Running) -> HttpResponse:
    """On to the observation, where the protocol has one."""
    code = here.spot.state.code
    if here.dosing.reaction_sheet is not None:
        return HttpResponseRedirect(reverse("entry:watch", args=[code]))
    return HttpResponseRedirect(reverse("entry:work", args=[code]) + "?done=dose")


def _stopped(page: Page, here: Running) -> HttpResponse:
    form, now = page.request.POST, here.spot
    sent = replace(saving.sent_of(here.plan, form), reason=_("The dose ended early."))
    amount = form.get("amount", "full")
    values = _values(here, sent, amount, form.get("stopped", ""))
    prepared = prepare(page.study.protocol, now.form, values, around(page, now))
    if prepared.hard:
        return _show(
            page,
            here,
            sent,
            prepared,
            amount,
            {"meaning": _("Not recorded. Correct what is marked.")},
            409,
        )
    try:
        record(
            participant=now.state.code,
            form=now.form.id,
            visit=DOSING,
            number=now.number,
            values=values,
            on=now.versions[0].on,
            reason="" if amount == "full" else sent.reason,
            expected=sent.expected,
            by=me(page),
            at=now.at,
            key=sent.key,
        )
    except NotPermitted:
        raise
    except (Refused, Conflict, ExternalError) as error:
        return _refused(page, here, sent, prepared, amount, error)
    return _after(here)


def _refused(
    page: Page, here: Running, sent: Sent, prepared: Prepared, amount: str, error: EquipoiseError
) -> HttpResponse:
    if _running(page, here.spot.state.code, here.spot.number).stopped:
        return _after(here)  # the same page was sent twice, or a colleague was quicker
    more = {"meaning": meaning(error), "sentence": said_of(error), "code_of": error.code}
    return _show(page, here, sent, prepared, amount, more, status_of(error))


def _values(here: Running, sent: Sent, amount: str, stopped: str) -> dict[str, object]:
    """The saved answers with those of the page: nothing that stands there is asked again."""
    items, zone = here.items, here.spot.zone
    values: dict[str, object] = dict(here.saved)
    for name in here.plan.fields:
        values.pop(name.id, None)
    values.update(typing.raw(here.plan.fields, sent.typed, here.saved, zone))
    if items.amount and amount in items.codes:
        values[items.amount] = items.codes[amount]
    values[str(items.stop)] = typing.with_offset(stopped, zone) if stopped.strip() else here.spot.at
    return values


def _show(
    page: Page,
    here: Running,
    sent: Sent,
    prepared: Prepared,
    amount: str,
    more: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    now = here.spot
    sheet = Sheet(
        study=page.study,
        plan=here.plan,
        language=page.language,
        zone=now.zone,
        typed=sent.typed,
        values=prepared.values,
        around=around(page, now),
        findings=prepared.findings if more else (),
        alert=bool(more),
    )
    asked = {one.id for one in here.plan.fields}
    rest = {name: value for name, value in here.saved.items() if name not in asked}
    context = {
        "code": now.state.code,
        "already": "already" in page.request.GET,
        "number": now.number,
        "all": here.dosing.doses,
        "now": now.at.isoformat(),
        "since": started_at(now.state, now.number),
        "sent": sent,
        "hidden": as_hidden(rest, now.zone),
        "amount": amount,
        "amounts": [(one, AMOUNTS[one].label) for one in ("full", "partial")],
        "amount_item": here.items.amount or "",
        "codes": [(one, here.items.codes.get(one, "")) for one in ("full", "partial")],
        "zone": now.zone,
        "why_not": meaning(now.why_not) if now.why_not else "",
        "body": draw(sheet),
        "general": general(prepared.findings, page.language) if more else (),
        "crumbs": crumbs(now.state.code),
        **scripts(sheet, now.today),
        **more,
    }
    return render(page, "entry/stop.html", context, status=status)


def started_at(state: ParticipantState, number: int) -> str:
    """When a dose started, as the browser reads it."""
    return next((one.at.isoformat() for one in state.doses if one.number == number), "")
