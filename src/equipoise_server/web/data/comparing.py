"""Source verification: how far each site is, which records are left, the items of one."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from equipoise.protocol.forms import Form
from equipoise_server.services.cleaning.verify_source import verify_source
from equipoise_server.services.cleaning.withdraw_verification import withdraw_verification
from equipoise_server.store import study as studies
from equipoise_server.store.queries import trial, verifying
from equipoise_server.store.queries.records import Version
from equipoise_server.web.data import frame
from equipoise_server.web.shared import part
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import form_title, said, visit_title
from equipoise_server.web.shared.visibility import ever_visible, visible_forms

KIND = "verification"
Row = tuple[str, str, str, tuple[str, datetime] | None]


@page_for(KIND)
def verification(page: Page) -> HttpResponse:
    """Progress per site, and the records with items left to verify."""
    site, search = page.request.GET.get("site", ""), page.request.GET.get("search", "").strip()
    allowed, cut = page.viewer.sites(KIND), page.moment.cut
    forms, under = ever_visible(page.viewer.roles), studies.under(cut=cut)
    found = (
        one
        for one in verifying.standings(under, allowed, cut=cut)
        if one.left
        and one.form in forms
        and site in ("", one.site)
        and search.lower() in one.participant.lower()
    )
    shown = list(islice(found, frame.PER_PAGE + 1))
    names = {one.code: said(one.name, page.language) for one in trial.sites()}
    context = {
        "tabs": frame.tabs(page, "data:verification"),
        "progress": [
            (one, names.get(one.site, "")) for one in verifying.progress(under, allowed, cut=cut)
        ],
        "rows": [
            (
                one,
                form_title(under.of(one.participant), one.form, page.language, one.number),
                visit_title(under.of(one.participant), one.visit, page.language),
            )
            for one in shown[: frame.PER_PAGE]
        ],
        "more": len(shown) > frame.PER_PAGE,
        "sites": part.site_choices(page, KIND, site),
        "search": search,
        "planned": bool(page.study.cleaning.verification),
    }
    return render(page, "data/verification.html", context)


@page_for(KIND)
def compare(page: Page, code: str, form: str, visit: str, number: int) -> HttpResponse:
    """The items of one record beside a box for each that was compared with its source."""
    state = part.who(page, KIND, code)
    here = frame.seen_form(page, KIND, state.site, form)
    newest = frame.newest(page, code, form, visit, number)
    mine = [
        one
        for one in verifying.standings(
            studies.alone(page.study), None, participant=code, cut=page.moment.cut
        )
        if (one.form, one.visit, one.number) == (form, visit, number)
    ]
    if newest is None or not mine:
        raise Http404
    outcome = frame.Outcome()
    if page.request.method == "POST":
        outcome = _verify(page, code, form, visit, number)
        if outcome.done:
            return HttpResponseRedirect(page.request.path + "?done=1")
    context = {
        "tabs": frame.tabs(page, "data:verification"),
        "code": code,
        "title": form_title(page.study, form, page.language, number),
        "visit": visit_title(page.study, visit, page.language),
        "version": newest.version,
        "rows": _rows(page, here, newest, mine[0]),
        "left": mine[0].left,
        "working": part.may(page, "verify source", state.site),
        "withdrawing": part.may(page, "withdraw a verification", state.site) and bool(mine[0].done),
        "reason": page.request.POST.get("reason", ""),
        "asking": part.may(page, "open a query", state.site),
        "ask": reverse("data:ask", args=(code, form, visit, number)),
        "outcome": outcome,
        "done": "done" in page.request.GET and outcome.done,
        "key": part.new_key(),
        "following": _following(page, code, (form, visit, number)),
        "crumbs": (
            (_("Source verification"), reverse("data:verification")),
            (code, reverse("site:participant", args=[code])),
        ),
    }
    status = status_of(outcome.error) if outcome.error else 200
    return render(page, "data/compare.html", context, status=status)


def _rows(page: Page, form: Form, newest: Version, one: verifying.Standing) -> list[Row]:
    """Item, question, answer, and by whom and when it was verified."""
    place = (one.participant, one.form, one.visit, one.number)
    marks, names = verifying.marks(*place, cut=page.moment.cut), trial.names()
    return [
        (
            item,
            frame.label_of(page, form, item),
            frame.value_of(page, form, item, newest.answers),
            (names.get(marks[item][0], marks[item][0]), page.moment.local(marks[item][1]))
            if item in marks
            else None,
        )
        for item in one.wanted
    ]


def _verify(page: Page, code: str, form: str, visit: str, number: int) -> frame.Outcome:
    sent = page.request.POST
    if sent.get("act") == "withdraw":
        return frame.attempt(
            page,
            lambda by, at, key: withdraw_verification(
                participant=code,
                form=form,
                visit=visit,
                number=number,
                items=sent.getlist("item"),
                reason=sent.get("reason", ""),
                by=by,
                at=at,
                key=key,
            ),
        )
    version = sent.get("version", "0")
    return frame.attempt(
        page,
        lambda by, at, key: verify_source(
            participant=code,
            form=form,
            visit=visit,
            number=number,
            items=sent.getlist("item"),
            expected=int(version) if version.isdigit() and len(version) < 9 else 0,
            by=by,
            at=at,
            key=key,
        ),
    )


def _following(page: Page, code: str, here: tuple[str, str, int]) -> str:
    """Where to go on: the participant's next record with items left."""
    forms = visible_forms(page.study, page.viewer.roles)
    for one in verifying.standings(
        studies.alone(page.study), None, participant=code, cut=page.moment.cut
    ):
        there = (one.form, one.visit, one.number)
        if one.left and there != here and one.form in forms:
            return reverse("data:compare", args=(code, *there))
    return ""
