"""Deviations: the list per site, one with its class, a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from equipoise.errors import InvalidRecord
from equipoise_server.services.cleaning.classify_deviation import classify_deviation
from equipoise_server.services.cleaning.raise_deviation import raise_deviation
from equipoise_server.store.queries import deviating, trial
from equipoise_server.store.queries.deviating import Departure
from equipoise_server.web.data import frame
from equipoise_server.web.data.words import CLASSES, KINDS, STATUSES, STEPS
from equipoise_server.web.shared import part
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import form_title, said, visit_title
from equipoise_server.web.shared.words import Badge, Words

KIND = "deviations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One deviation as a list shows it. `proposed` is what its rule suggests."""

    id: int
    participant: str
    site: str
    on: date
    kind: Words
    message: str
    where: str
    badge: Badge
    proposed: Words
    raised_by: Words


@page_for(KIND)
def deviations(page: Page) -> HttpResponse:
    """Deviations at the viewer's sites."""
    asked = page.request.GET
    status, site, kind = (asked.get(one, "") for one in ("status", "site", "kind"))
    names, start = trial.names(), frame.number_in(page, "from")
    every = [
        one
        for one in deviating.departures(
            page.viewer.sites(KIND),
            status=status,
            site=site,
            kind=kind,
            participant=asked.get("search", "").strip(),
            cut=page.moment.cut,
        )
        if _visible(page, one)
    ]
    shown = every[start : start + frame.PER_PAGE]
    context = {
        "tabs": frame.tabs(page, "data:deviations"),
        "rows": [row(page, one, names) for one in shown],
        "total": len(every),
        "waiting": sum(1 for one in every if one.status == "open"),
        "major": sum(1 for one in every if one.classification == "major"),
        "more": len(every) > start + frame.PER_PAGE,
        "start": start + frame.PER_PAGE,
        "later": bool(start),
        "status": status,
        "site": site,
        "kind": kind,
        "search": asked.get("search", ""),
        "statuses": frame.choices(STATUSES, status),
        "kinds": frame.choices({"": _("All"), **KINDS}, kind),
        "sites": part.site_choices(page, KIND, site),
        "raising": part.may(page, "raise a deviation"),
    }
    return render(page, "data/deviations.html", context)


def _visible(page: Page, one: Departure) -> bool:
    """Whether the viewer may read the form that a deviation is about."""
    return not one.form or one.form in frame.seen_forms(page, KIND)


def row(page: Page, one: Departure, names: dict[str, str]) -> Row:
    """A deviation as a list shows it."""
    where = visit_title(page.study, one.visit, page.language) if one.visit else ""
    if one.form:
        where = f"{form_title(page.study, one.form, page.language, one.number)} · {where}"
    proposed = CLASSES[one.proposed].label if one.proposed else ""
    return Row(
        id=one.id,
        participant=one.participant,
        site=one.site,
        on=one.on,
        kind=KINDS.get(one.kind, one.kind),
        message=said(one.message, page.language),
        where=str(where),
        badge=CLASSES["gone" if one.status == "gone" else one.classification],
        proposed=proposed,
        raised_by=names.get(one.raised_by, one.raised_by) or _("Rules"),
    )


@page_for(KIND)
def deviation(page: Page, number: int) -> HttpResponse:
    """One deviation, what happened to it, and its class."""
    found = deviating.departure(number, cut=page.moment.cut)
    if found is None:
        raise Http404
    page.require_site(KIND, found.site)
    if not _visible(page, found):
        raise Http404
    outcome, sent = frame.Outcome(), page.request.POST
    if page.request.method == "POST":
        outcome = frame.attempt_said(
            page,
            partial(classify_deviation, deviation=number, classification=sent.get("class", "")),
        )
        if outcome.done:
            return HttpResponseRedirect(page.request.path + "?done=1")
    names = trial.names()
    context = {
        "tabs": frame.tabs(page, "data:deviations"),
        "row": row(page, found, names),
        "steps": _steps(page, number, names),
        "classes": [
            (name, CLASSES[name].label, name == sent.get("class", found.proposed))
            for name in ("minor", "major", "none")
        ],
        "working": found.status != "gone" and part.may(page, "classify a deviation", found.site),
        "record": _record(page, found),
        "person": reverse("site:participant", args=[found.participant])
        if page.viewer.may_read("participants")
        else "",
        "outcome": outcome,
        "text": sent.get("text", ""),
        "key": part.new_key(),
        "done": "done" in page.request.GET and outcome.done,
        "crumbs": ((_("Deviations"), reverse("data:deviations")),),
    }
    status = status_of(outcome.error) if outcome.error else 200
    return render(page, "data/deviation.html", context, status=status)


def _steps(
    page: Page, number: int, names: dict[str, str]
) -> list[tuple[Words, str, datetime, Words, str]]:
    """What happened: word, who, when, class, text."""
    return [
        (
            STEPS[one.what],
            names.get(one.by, one.by) if one.by != "night" else _("Rules"),
            page.moment.local(one.at),
            CLASSES[str(one.said["class"])].label if "class" in one.said else "",
            str(one.said.get("text", "")),
        )
        for one in deviating.steps(number, cut=page.moment.cut)
    ]


def _record(page: Page, found: Departure) -> str:
    """Where the record is that a deviation is about; "" where there is none to read."""
    if not found.form or not page.viewer.may_read("records"):
        return ""
    return reverse("site:record", args=(found.participant, found.form, found.visit, found.number))


@page_for(KIND)
def report(page: Page) -> HttpResponse:
    """Raise a deviation that no rule sees."""
    if not part.may(page, "raise a deviation"):
        raise Http404
    outcome, sent = frame.Outcome(), page.request.POST
    if page.request.method == "POST":
        outcome = _report(page)
        if outcome.done:
            return HttpResponseRedirect(reverse("data:deviation", args=[outcome.answer]))
    context = {
        "tabs": frame.tabs(page, "data:deviations"),
        "kinds": frame.choices(KINDS, sent.get("kind", "")),
        "code": sent.get("code", page.request.GET.get("code", "")),
        "on": sent.get("on", page.moment.on.isoformat()),
        "text": sent.get("text", ""),
        "outcome": outcome,
        "key": part.new_key(),
        "crumbs": ((_("Deviations"), reverse("data:deviations")),),
    }
    status = status_of(outcome.error) if outcome.error else 200
    return render(page, "data/report.html", context, status=status)


def _report(page: Page) -> frame.Outcome:
    sent = page.request.POST
    try:
        on = date.fromisoformat(sent.get("on", "").strip())
    except ValueError:
        return frame.Outcome(
            error=InvalidRecord("deviation", ("The date is no date. Write it as 2026-03-01.",))
        )
    code, kind = sent.get("code", "").strip(), sent.get("kind", "")
    return frame.attempt_said(page, partial(raise_deviation, participant=code, kind=kind, on=on))
