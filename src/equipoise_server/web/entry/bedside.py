"""The bedside page of one dose: who, which unit, when, how much, and the form of the dose."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from equipoise.errors import (
    Conflict,
    DoseNotAllowed,
    EquipoiseError,
    ExternalError,
    InvalidRecord,
    NotPermitted,
    Refused,
    UnitNotValid,
    UnitUsed,
    UnknownRecord,
    said_of,
)
from equipoise.forms import Prepared, prepare
from equipoise.participant import ParticipantState, given
from equipoise.protocol.conduct_rules import DoseItems, Dosing
from equipoise.schedule import DoseAnswer, next_dose
from equipoise.schedule.matrix import DOSING
from equipoise.supply import split_unit
from equipoise_server.services.access import permissions
from equipoise_server.services.participants.administer import (
    Administered,
    Dose,
    administer,
    look_at_unit,
)
from equipoise_server.services.supply.refresh_validity import refresh_validity
from equipoise_server.store import documents, supplies
from equipoise_server.store.models import User
from equipoise_server.web.entry import saving
from equipoise_server.web.entry import typed as typing
from equipoise_server.web.entry.forms import crumbs
from equipoise_server.web.entry.plan import Plan, plan
from equipoise_server.web.entry.saving import Sent
from equipoise_server.web.entry.sheet import Sheet, draw, general, scripts
from equipoise_server.web.entry.spot import KIND, me, who
from equipoise_server.web.entry.words import DOSE_REASONS, meaning
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import plain_text
from equipoise_server.web.shared.visibility import sees_doses
from equipoise_server.web.shared.words import AMOUNTS, Words

Amount = Literal["full", "partial", "not"]
NOTHING = DoseItems()
"""Of a protocol that maps no items: then the whole form is asked beside the dose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bedside:
    """The next dose of one participant, and the form that goes with it."""

    state: ParticipantState
    dosing: Dosing
    items: DoseItems
    plan: Plan
    answer: DoseAnswer
    zone: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was filled in beside the form."""

    identity: str = ""
    unit: str = ""
    amount: str = "full"
    started: str = ""


@require_http_methods(["GET", "POST"])
@page_for(KIND)
def dose(page: Page, code: str) -> HttpResponse:
    """Record the next dose."""
    state, dosing = who(page, code), page.study.protocol.dosing
    if dosing is None or not sees_doses(page.viewer.roles_at(state.site)):
        raise Http404
    at = timezone.now()
    if not permissions.may("administer", by=me(page), at=at, site=state.site):
        raise NotPermitted(
            "administer", permissions.role_needed(permissions.ALLOWED["administer"], state.site)
        )
    here = Bedside(
        state=state,
        dosing=dosing,
        items=dosing.items or NOTHING,
        plan=plan(page.study, dosing.administration_form, page.language, _asked(dosing)),
        answer=next_dose(dosing, given(state), at, None, randomised_at=state.randomised_at),
        zone=page.zone_of(state.site),
        at=at,
    )
    return _record(page, here) if page.request.method == "POST" else _ask(page, here)


def _asked(dosing: Dosing) -> tuple[str, ...] | None:
    """The items that the page asks for before the dose; None: the whole form."""
    items = dosing.items
    return (*items.at_start, *items.short) if items and items.at_start else None


def _ask(page: Page, here: Bedside) -> HttpResponse:
    now = here.at.astimezone(ZoneInfo(here.zone)).strftime("%Y-%m-%d %H:%M")
    sent = Sent(
        typed={},
        on="",
        reason="",
        key=saving.new_key(),
        expected=0,
        confirmed=frozenset(),
    )
    started = "" if here.items.at_start else now
    return _show(page, here, sent, Given(started=started), Prepared(), {})


def _record(page: Page, here: Bedside) -> HttpResponse:
    form = page.request.POST
    sent = saving.sent_of(here.plan, form)
    filled = Given(
        identity=typing.scanned(form.get("identity", "")),
        unit=typing.scanned(form.get("unit", "")),
        amount=form.get("amount", ""),
        started=form.get("started", ""),
    )
    values = _values(here, sent, filled)
    prepared = prepare(page.study.protocol, here.plan.form, values, _around(page, here))
    wrong = _wrong(here, filled)
    if not wrong and _runs(here.state, sent, filled):
        return _done(here, sent.expected or 0, "full", already=True)
    refusal = None if wrong else _unit_refused(here, filled, me(page))
    if refusal is not None:
        marked = {"unit": str(meaning(refusal))}
        return _again(page, here, sent, filled, prepared, wrong=marked, error=refusal)
    if wrong or prepared.hard:
        return _again(page, here, sent, filled, prepared, wrong=wrong)
    try:
        told = _administer(page, here, sent, filled, values)
    except NotPermitted:
        raise
    except (Refused, Conflict, ExternalError) as error:
        if _runs(who(page, here.state.code), sent, filled):
            return _done(here, sent.expected or 0, "full", already=True)
        return _again(page, here, sent, filled, prepared, error=error)
    return _done(here, told.number, filled.amount)


def _runs(state: ParticipantState, sent: Sent, filled: Given) -> bool:
    """Whether the dose that this page would start was started: sent twice, or by a colleague."""
    started = [(one.number, one.unit) for one in state.doses if one.amount != "not"]
    return bool(filled.unit) and started[-1:] == [(sent.expected, filled.unit)]


def _values(here: Bedside, sent: Sent, filled: Given) -> dict[str, object]:
    """The answers of the form; what the dose itself says is not typed twice."""
    return {
        **known_of(here, filled, sent.expected),
        **typing.raw(here.plan.fields, sent.typed, {}, here.zone),
    }


def known_of(here: Bedside, filled: Given, number: int) -> dict[str, object]:
    """What the dose itself says, under the names that the form has for it."""
    items, given_now = here.items, filled.amount != "not"
    previous = [one.at for one in here.state.doses if one.amount != "not"]
    known: dict[str | None, object] = {items.number: number or None}
    known[items.amount] = items.codes.get(filled.amount)
    known[items.previous_start] = max(previous, default=None)
    if given_now:
        known.update(items.usual)
        known[items.unit] = filled.unit or None
        known[items.start] = _moment(here, filled.started)
    return {name: value for name, value in known.items() if name and value is not None}


def _moment(here: Bedside, text: str) -> datetime | None:
    """The moment that was typed, now where the field was left empty; None: it is no moment."""
    if not text.strip():
        return here.at
    try:
        found = datetime.fromisoformat(typing.with_offset(text, here.zone))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _administer(
    page: Page, here: Bedside, sent: Sent, filled: Given, values: Mapping[str, object]
) -> Administered:
    return administer(
        participant=here.state.code,
        dose=replace(_dose(here, filled), number=sent.expected or None),
        values=values,
        by=me(page),
        at=here.at,
        key=sent.key,
    )


def _done(here: Bedside, number: int, amount: str, *, already: bool = False) -> HttpResponse:
    if here.items.stop and amount != "not":
        url = reverse("entry:stop", args=(here.state.code, number))
        return HttpResponseRedirect(url + ("?already=1" if already else ""))
    where = (here.state.code, here.plan.form.id, DOSING, number)
    return HttpResponseRedirect(reverse("entry:form", args=where) + "?saved=1")


def _wrong(here: Bedside, filled: Given) -> dict[str, str]:
    """What must be right before anything is asked of the dosing rules."""
    found: dict[str, str] = {}
    if filled.identity != here.state.code.upper():
        found["identity"] = _(
            "This is not the code of this participant. Stop. Read the code on the wrist band."
        )
    if filled.amount not in ("full", "partial", "not"):
        found["amount"] = _("Choose how much was given.")
    if filled.amount != "not":
        found.update(_wrong_unit(filled.unit, here.state.kits))
    found.update(_wrong_start(here, filled.started))
    return found


def _wrong_unit(unit: str, kits: tuple[str, ...]) -> dict[str, str]:
    """Why a unit may not be given, in words for the bedside."""
    if not unit:
        return {"unit": _("Read or type the code on the unit.")}
    try:
        kit, number = split_unit(unit)
        found = supplies.state_of(kit).unit(number)
    except (UnitNotValid, UnknownRecord):
        found, kit = None, ""
    if found is None:
        return {"unit": _("No unit has this code. Read it again, letter by letter.")}
    if kit in kits and found.status in ("held", "thawed"):
        return {
            "unit": _(
                "The pharmacist has not prepared this unit yet. Do not give it. Call the "
                "pharmacist; a unit is prepared before each dose."
            )
        }
    return {}


def _ask_the_depot(here: Bedside, by: User) -> None:
    """A kit that was recalled a minute ago is not given. Out of reach, the last answer counts."""
    with suppress(Refused, Conflict, ExternalError):
        refresh_validity(site=here.state.site, by=by, at=here.at, key=saving.new_key())


def _unit_refused(here: Bedside, filled: Given, by: User) -> UnitNotValid | None:
    """What is wrong with the unit itself, said before anything about the form.

    One that was given is left to the service: the same dose sent twice is no error.
    """
    if filled.amount == "not":
        return None
    _ask_the_depot(here, by)
    try:
        look_at_unit(here.state, here.dosing, _dose(here, filled))
    except UnitUsed:
        return None
    except UnitNotValid as refusal:
        return refusal
    return None


def _dose(here: Bedside, filled: Given) -> Dose:
    amount = cast(Amount, filled.amount)
    return Dose(
        started_at=_moment(here, filled.started) or here.at,
        amount=amount,
        unit=None if amount == "not" else filled.unit,
        number=None,
    )


def _wrong_start(here: Bedside, text: str) -> dict[str, str]:
    moment = _moment(here, text)
    if moment is None:
        return {"started": _("This is not a date and time. Write it as 2026-03-01 08:00.")}
    if moment > here.at:
        return {"started": _("The start lies ahead. Record a dose when it has been started.")}
    return {}


def _around(page: Page, here: Bedside) -> dict[str, object]:
    return documents.context(
        page.study,
        here.plan.form,
        participant=here.state.code,
        visit=DOSING,
        number=here.answer.number or 0,
    )


def _again(
    page: Page,
    here: Bedside,
    sent: Sent,
    filled: Given,
    prepared: Prepared,
    *,
    wrong: Mapping[str, str] | None = None,
    error: EquipoiseError | None = None,
) -> HttpResponse:
    more: dict[str, Any] = {"wrong": wrong or {}, "alert": True}
    if error is None:
        more["meaning"] = _("Not recorded. Correct what is marked.")
    else:
        more["meaning"] = meaning(error)
        more["sentence"] = "" if isinstance(error, InvalidRecord) else said_of(error)
        more["code_of"] = error.code
    status = 409 if error is None else status_of(error)
    if isinstance(error, DoseNotAllowed):
        more["why"] = _why(here)
    return _show(page, here, sent, filled, prepared, more, status)


def _hidden(here: Bedside) -> list[tuple[str, str]]:
    """What the rules of the form read and the page does not ask, for the browser's judgement."""
    if not here.items.at_start:
        return []
    return as_hidden(known_of(here, Given(unit="?"), here.answer.number or 0), here.zone)


def as_hidden(known: Mapping[str, object], zone: str) -> list[tuple[str, str]]:
    """Answers as hidden fields; choices of several are left out, no rule at the bedside reads them."""
    shown = ((name, typing.shown(cast(Any, one), zone)) for name, one in known.items())
    return [(name, text) for name, text in shown if isinstance(text, str)]


def _why(here: Bedside) -> Words:
    return "" if here.answer.allowed else DOSE_REASONS.get(here.answer.why.code, "")


def _show(
    page: Page,
    here: Bedside,
    sent: Sent,
    filled: Given,
    prepared: Prepared,
    more: Mapping[str, Any],
    status: int = 200,
) -> HttpResponse:
    sheet = Sheet(
        study=page.study,
        plan=here.plan,
        language=page.language,
        zone=here.zone,
        typed=sent.typed,
        values=prepared.values,
        around=_around(page, here),
        findings=prepared.findings,
        alert="alert" in more,
    )
    answer = here.answer
    locked = page.trial is not None and page.trial.locked_at is not None
    context = {
        "code": here.state.code,
        "kit": here.state.kit,
        "dose": answer,
        "all": here.dosing.doses,
        "why": _why(here),
        "opens": plain_text(answer.opens, here.zone) if answer.opens else "",
        "closes": plain_text(answer.closes, here.zone) if answer.closes else "",
        "zone": here.zone,
        "locked": locked,
        "open": not locked and here.state.randomised and answer.number is not None,
        "filled": filled,
        "sent": sent,
        "at_start": here.items.at_start,
        "hidden": _hidden(here),
        "amount_item": here.items.amount or "",
        "codes": list(here.items.codes.items()),
        "amounts": [(one, AMOUNTS[one].label) for one in ("full", "partial", "not")],
        "body": draw(sheet),
        "general": general(prepared.findings, page.language),
        "crumbs": crumbs(here.state.code),
        **scripts(sheet, here.at.astimezone(ZoneInfo(here.zone)).date()),
        **more,
    }
    return render(page, "entry/dose.html", context, status=status)
