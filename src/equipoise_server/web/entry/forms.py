"""The page of one form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from equipoise.errors import InvalidRecord, ReasonRequired, said_of
from equipoise.forms import Prepared, prepare
from equipoise.forms.record import Value
from equipoise.rules.browser import interpreter
from equipoise.schedule.matrix import DOSING, LOG
from equipoise_server.services.consenting.signed_consent import told_by_consent
from equipoise_server.services.imaging.readings import fixed_items
from equipoise_server.store.save import Place
from equipoise_server.web.entry import drafts, merging, saving
from equipoise_server.web.entry import typed as typing
from equipoise_server.web.entry.plan import Plan, plan
from equipoise_server.web.entry.saving import Outcome, Sent
from equipoise_server.web.entry.sheet import Sheet, draw, general, held, scripts
from equipoise_server.web.entry.spot import KIND, Spot, around, before, spot, who
from equipoise_server.web.entry.typed import Typed
from equipoise_server.web.entry.words import meaning
from equipoise_server.web.shared.conversation import Talks, talks
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, open_page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import form_title, plain_text, visit_title


@require_http_methods(["GET", "POST"])
@page_for(KIND)
def form(page: Page, code: str, form: str, visit: str, number: int) -> HttpResponse:
    """One record: to fill in, or to read where it cannot be changed."""
    here = spot(page, code, form, visit, number)
    compiled = plan(page.study, form, page.language)
    if _is_new_dose(page, here):
        return HttpResponseRedirect(reverse("entry:dose", args=[code]))
    if page.request.method == "POST":
        return _posted(page, here, compiled)
    return _opened(page, here, compiled)


def _is_new_dose(page: Page, here: Spot) -> bool:
    """A dose is recorded at the bedside, with its unit; its record can be corrected here."""
    dosing = page.study.protocol.dosing
    named = dosing is not None and here.form.id == dosing.administration_form
    return named and here.visit == DOSING and not here.versions and here.why_not is None


@require_safe
@page_for(KIND)
def following(page: Page, code: str, form: str) -> HttpResponse:
    """Lead to the next free number of a log, such as the next event."""
    who(page, code)
    number = saving.next_number(code, form)
    return HttpResponseRedirect(reverse("entry:form", args=(code, form, LOG, number)))


def _opened(page: Page, here: Spot, compiled: Plan) -> HttpResponse:
    saved = here.saved()
    told = _told(page, here)
    shown = saved or told
    context = around(page, here)
    prepared = prepare(page.study.protocol, here.form, shown, context)
    if not saved:
        prepared = Prepared(values=prepared.values)
    on = (here.versions[0].on if here.versions else here.today).isoformat()
    back = drafts.restored(page, here, compiled)
    if back is not None:
        values = typing.raw(compiled.fields, back.sent.typed, saved, here.zone)
        prepared = prepare(page.study.protocol, here.form, values, context)
        return _show(
            page,
            here,
            compiled,
            back.sent,
            prepared,
            {"back": back, "back_at": plain_text(back.at, here.zone)},
        )
    sent = Sent(
        typed=held(compiled, shown, here.zone),
        on=on,
        reason="",
        key=saving.new_key(),
        expected=here.version,
        confirmed=frozenset(),
    )
    return _show(page, here, compiled, sent, prepared, {"told": bool(told)})


def _told(page: Page, here: Spot) -> dict[str, Value]:
    """What a new record of this form need not be asked: the signed consent says it."""
    if here.versions:
        return {}
    return told_by_consent(page.study, here.state, here.form.id, zone=here.zone)


def _posted(page: Page, here: Spot, compiled: Plan) -> HttpResponse:
    sent = saving.sent_of(compiled, page.request.POST)
    if "merging" in page.request.POST:
        sent, decided = merging.chosen(here, compiled, sent, page.request.POST)
        if not decided:
            return _merge(page, here, compiled, sent, _base(page)) or _done(page, here, here.number)
    outcome = saving.try_to_save(page, here, compiled, sent)
    if outcome.saved:
        return _done(page, here, outcome.number)
    if outcome.merge:
        return _merge(page, here, compiled, sent) or _done(page, here, here.number)
    return _again(page, here, compiled, outcome)


def _done(page: Page, here: Spot, number: int) -> HttpResponse:
    drafts.forget(page, here)
    where = (here.state.code, here.form.id, here.visit, number)
    return HttpResponseRedirect(reverse("entry:form", args=where) + "?saved=1")


def _again(page: Page, here: Spot, compiled: Plan, outcome: Outcome) -> HttpResponse:
    """The form with everything that was typed, and what stands against saving it."""
    error = outcome.error
    more: dict[str, Any] = {"pending": outcome.pending, "alert": True}
    if error is not None:
        more["meaning"] = meaning(error)
        more["sentence"] = (
            "" if isinstance(error, InvalidRecord | ReasonRequired) else said_of(error)
        )
        more["code_of"] = error.code
        more["needs_reason"] = isinstance(error, ReasonRequired)
        more["bad_date"] = isinstance(error, InvalidRecord) and not outcome.prepared.hard
    status = status_of(error) if error is not None else 409
    return _show(page, here, compiled, outcome.sent, outcome.prepared, more, status)


def _show(
    page: Page,
    here: Spot,
    compiled: Plan,
    sent: Sent,
    prepared: Prepared,
    more: Mapping[str, Any],
    status: int = 200,
) -> HttpResponse:
    sheet = Sheet(
        study=page.study,
        plan=compiled,
        language=page.language,
        zone=here.zone,
        typed=sent.typed,
        values=prepared.values,
        around=around(page, here),
        findings=prepared.findings,
        before=before(page, here),
        alert="alert" in more,
        fixed=_fixed(page, here),
    )
    context = {
        **_frame(page, here),
        "body": draw(sheet),
        "general": general(prepared.findings, page.language),
        "sent": sent,
        "confirmed": sorted(sent.confirmed),
        "just_saved": "saved" in page.request.GET and page.request.method == "GET",
        **scripts(sheet, here.today),
        **more,
    }
    return render(page, "entry/form.html", context, status=status)


def _fixed(page: Page, here: Spot) -> frozenset[str]:
    """The items that masked readers give."""
    if not page.study.imaging.readings:
        return frozenset()
    code, form = here.state.code, here.form.id
    place = Place(participant=code, form=form, visit=here.visit, number=here.number)
    return fixed_items(page.study, place)


def _frame(page: Page, here: Spot) -> dict[str, Any]:
    code, study = here.state.code, page.study
    help_text = here.form.help
    return {
        "code": code,
        "here": here,
        "title": form_title(study, here.form.id, page.language, here.number),
        "visit": visit_title(study, here.visit, page.language),
        "help": help_text.say(page.language) if help_text else "",
        "why_not": meaning(here.why_not) if here.why_not else "",
        "why_not_sentence": said_of(here.why_not) if here.why_not else "",
        "files": bool(study.imaging.files_of(here.form.id)),
        "history": reverse("site:record", args=(code, here.form.id, here.visit, here.number)),
        "talk": _talk(page, here),
        "crumbs": crumbs(code),
    }


def _talk(page: Page, here: Spot) -> Talks | None:
    """The queries on the record, where it is saved."""
    if not here.versions:
        return None
    place = (here.state.code, here.form.id, here.visit, here.number)
    return talks(page, place, here.form, here.state.site)


def crumbs(code: str) -> tuple[tuple[str, str], ...]:
    """The way back: the list of participants, the participant, what is due."""
    return (
        (_("Participants"), reverse("site:participants")),
        (code, reverse("site:participant", args=[code])),
        (_("To do"), reverse("entry:work", args=[code])),
    )


def _base(page: Page) -> int:
    """The version from which the person started, as the choice was shown before."""
    text = page.request.POST.get("base", "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _merge(
    page: Page, here: Spot, compiled: Plan, sent: Sent, base: int | None = None
) -> HttpResponse | None:
    """The choice between two versions; None where there is nothing to choose."""
    start = sent.expected if base is None else base
    found = merging.merge(page, here, compiled, sent, start, page.request.POST)
    if found is None:
        return None
    context = {
        **_frame(page, here),
        "merge": found,
        "base": start,
        "sent": sent,
        "key": saving.new_key(),
        "kept": _kept(compiled, sent),
        "undecided": "merging" in page.request.POST,
    }
    return render(page, "entry/merge.html", context, status=409)


def _kept(compiled: Plan, sent: Sent) -> list[tuple[str, str]]:
    """Every answer that was typed, as hidden fields of the choice."""
    return [
        (f"v.{field.id}", one)
        for field in compiled.fields
        for one in _several(sent.typed.get(field.id, ""))
        if one
    ]


def _several(typed: Typed) -> tuple[str, ...]:
    return typed if isinstance(typed, tuple) else (typed,)


@open_page
def rules_script(page: Page) -> HttpResponse:
    """The interpreter of the expression language, the one that is tested against the server's."""
    return HttpResponse(interpreter(), content_type="text/javascript; charset=utf-8")
