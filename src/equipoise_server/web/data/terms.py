"""Coding: the texts that wait for a term, and one text with suggestions."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from equipoise.protocol.cleaning import Coded
from equipoise_server.services.cleaning.code_term import code_term
from equipoise_server.store import dictionaries
from equipoise_server.store import study as studies
from equipoise_server.store.queries import coding, trial
from equipoise_server.store.queries.coding import Verbatim
from equipoise_server.store.study import Under
from equipoise_server.web.data import frame
from equipoise_server.web.data.words import CODED
from equipoise_server.web.shared import part
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import form_title, said
from equipoise_server.web.shared.visibility import ever_visible

KIND = "coding"


@page_for(KIND)
def worklist(page: Page) -> HttpResponse:
    """The texts that are to be coded, or are."""
    asked = page.request.GET
    state, site, search = asked.get("state", ""), asked.get("site", ""), asked.get("search", "")
    forms, under = ever_visible(page.viewer.roles), studies.under()
    every = [
        one
        for one in coding.verbatims(under, page.viewer.sites(KIND), cut=page.moment.cut)
        if one.form in forms
    ]
    found = [
        one
        for one in every
        if (state == "all" or one.waits is (state != "coded"))
        and site in ("", one.site)
        and search.strip().lower() in f"{one.participant} {one.text}".lower()
    ]
    start = frame.number_in(page, "from")
    shown = found[start : start + frame.PER_PAGE]
    context = {
        "tabs": frame.tabs(page, "data:coding"),
        "rows": [(one, _title(page, under, one), said(_term(one), page.language)) for one in shown],
        "total": len(found),
        "waiting": sum(1 for one in every if one.waits),
        "texts": len(every),
        "more": len(found) > start + frame.PER_PAGE,
        "start": start + frame.PER_PAGE,
        "later": bool(start),
        "state": state,
        "site": site,
        "states": frame.choices(CODED, state),
        "sites": part.site_choices(page, KIND, site),
        "search": search,
        "planned": bool(page.study.cleaning.coding),
        "dictionaries": [
            (name, dictionaries.version_of(name))
            for name in dict.fromkeys(one.dictionary for one in page.study.cleaning.coding)
        ],
    }
    return render(page, "data/coding.html", context)


def _title(page: Page, under: Under, one: Verbatim) -> str:
    return form_title(under.of(one.participant), one.form, page.language, one.number)


def _term(one: Verbatim) -> dict[str, str]:
    return dict(one.coded.term) if one.coded else {}


@page_for(KIND)
def code(page: Page, who: str, form: str, visit: str, number: int, item: str) -> HttpResponse:
    """One text, the terms most like it, and how it was coded before."""
    state = part.who(page, KIND, who)
    here = frame.seen_form(page, KIND, state.site, form)
    plan = _plan(page, form, item)
    newest = frame.newest(page, who, form, visit, number)
    text = str((newest.answers or {}).get(item, "")) if newest else ""
    if plan is None or newest is None or not text:
        raise Http404
    outcome = frame.Outcome()
    if page.request.method == "POST":
        outcome = _code(page, who, form, visit, number, item)
        if outcome.done:
            return HttpResponseRedirect(_next(page, (who, form, visit, number, item)))
    search = page.request.GET.get("search", "").strip() or text
    names, local = trial.names(), page.moment.local
    past = coding.codings(who, form, visit, number, item)
    context = {
        "tabs": frame.tabs(page, "data:coding"),
        "code": who,
        "title": form_title(page.study, form, page.language, number),
        "label": frame.label_of(page, here, item),
        "text": text,
        "version": newest.version,
        "dictionary": plan.dictionary,
        "dictionary_version": dictionaries.version_of(plan.dictionary),
        "search": search,
        "suggestions": [
            (one, said(one.text, page.language), round(one.likeness * 100))
            for one in dictionaries.suggest(plan.dictionary, search)
        ],
        "past": [
            (one, said(one.term, page.language), names.get(one.by, one.by), local(one.at))
            for one in past
        ],
        "recoding": bool(past),
        "working": part.may(page, "code a term", state.site),
        "outcome": outcome,
        "reason": page.request.POST.get("reason", ""),
        "key": part.new_key(),
        "record": reverse("site:record", args=(who, form, visit, number)),
        "crumbs": ((_("Coding"), reverse("data:coding")),),
    }
    status = status_of(outcome.error) if outcome.error else 200
    return render(page, "data/code.html", context, status=status)


def _plan(page: Page, form: str, item: str) -> Coded | None:
    """How the plan codes an item."""
    plan = page.study.cleaning.coding
    return next((one for one in plan if (one.form, one.item) == (form, item)), None)


def _code(page: Page, who: str, form: str, visit: str, number: int, item: str) -> frame.Outcome:
    sent = page.request.POST
    version = sent.get("version", "0")
    return frame.attempt(
        page,
        lambda by, at, key: code_term(
            participant=who,
            form=form,
            visit=visit,
            number=number,
            item=item,
            code=sent.get("code", ""),
            expected=int(version) if version.isdigit() and len(version) < 9 else 0,
            reason=sent.get("reason", ""),
            by=by,
            at=at,
            key=key,
        ),
    )


def _next(page: Page, done: tuple[str, str, str, int, str]) -> str:
    """The next text that waits, else the list."""
    forms = ever_visible(page.viewer.roles)
    for one in coding.verbatims(studies.under(), page.viewer.sites(KIND)):
        there = (one.participant, one.form, one.visit, one.number, one.item)
        if one.waits and there != done and one.form in forms:
            return reverse("data:code", args=there)
    return reverse("data:coding")
