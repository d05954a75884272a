"""Queries: the list with ageing and workload, the conversation, a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from equipoise.protocol.forms import Form
from equipoise.protocol.model import Study
from equipoise_server.services.cleaning.answer_query import answer_query
from equipoise_server.services.cleaning.close_query import close_query
from equipoise_server.services.cleaning.open_query import open_query
from equipoise_server.services.cleaning.reopen_query import reopen_query
from equipoise_server.store import study as studies
from equipoise_server.store.queries import cleaning, trial
from equipoise_server.store.queries.cleaning import Query, Wanted
from equipoise_server.web.data import frame
from equipoise_server.web.data.words import OLDER, ORIGINS, STANDING, STATES, TURNS
from equipoise_server.web.shared import part
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import form_title, said, visit_title
from equipoise_server.web.shared.words import Badge, Words

KIND = "cleaning"
_ACTS: dict[str, Callable[..., None]] = {
    "answer": answer_query,
    "close": close_query,
    "reopen": reopen_query,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One query in a list. `days` since it was opened, until it was closed."""

    id: int
    participant: str
    title: str
    visit: Words
    label: str
    message: str
    badge: Badge
    asked_by: Words
    days: int


@page_for(KIND)
def queries(page: Page) -> HttpResponse:
    """Queries of the viewer's sites."""
    wanted, start = _wanted(page), frame.number_in(page, "from")
    sites, forms = page.viewer.sites(KIND), frame.seen_forms(page, KIND)
    now, cut = page.moment.at, page.moment.cut
    found, total, more = cleaning.queries(
        sites, forms, wanted, now=now, after=start, limit=frame.PER_PAGE, cut=cut
    )
    names = trial.names()
    under = studies.of_participants({one.participant for one in found}, cut=cut)
    by_person = cleaning.by_person(sites, forms, now=now, cut=cut)
    kept = {name: value for name, value in page.request.GET.items() if value and name != "from"}
    context = {
        "tabs": frame.tabs(page, "data:queries"),
        "rows": [row(page, one, names, under[one.participant]) for one in found],
        "total": total,
        "by_site": cleaning.by_site(sites, forms, now=now, cut=cut),
        "by_person": [(names.get(one.name, one.name) or _("Rules"), one) for one in by_person],
        "following": "?" + urlencode({**kept, "from": start + frame.PER_PAGE}) if more else "",
        "later": bool(start),
        "wanted": wanted,
        "states": frame.choices(STATES, wanted.state),
        "origins": frame.choices(ORIGINS, wanted.origin),
        "older": frame.choices(OLDER, str(wanted.older or "")),
        "sites": part.site_choices(page, KIND, wanted.site),
    }
    return render(page, "data/queries.html", context)


def _wanted(page: Page) -> Wanted:
    asked = page.request.GET
    state, origin = asked.get("state", "open"), asked.get("origin", "")
    return Wanted(
        state=state if state in STATES else "open",
        site=asked.get("site", ""),
        origin=origin if origin in ORIGINS else "",
        by=asked.get("by", ""),
        older=frame.number_in(page, "older", 3650),
        participant=asked.get("search", "").strip(),
    )


def row(page: Page, one: Query, names: dict[str, str], study: Study) -> Row:
    """A query as a list shows it; `study` is the version that its participant is under."""
    form = study.forms[one.form]
    until = one.closed_at or page.moment.at
    return Row(
        id=one.id,
        participant=one.participant,
        title=form_title(study, one.form, page.language, one.number),
        visit=visit_title(study, one.visit, page.language),
        label=frame.label_of(page, form, one.item),
        message=said(one.message, page.language),
        badge=STANDING[one.standing],
        asked_by=names.get(one.opened_by, one.opened_by) or ORIGINS[one.origin],
        days=max((until - one.opened_at).days, 0),
    )


@page_for(KIND)
def query(page: Page, number: int) -> HttpResponse:
    """One query as a conversation."""
    found = cleaning.query(number, cut=page.moment.cut)
    if found is None:
        raise Http404
    page.about(found.participant)
    frame.seen_form(page, KIND, found.site, found.form)
    outcome = frame.Outcome()
    if page.request.method == "POST":
        outcome = _act(page, number)
        if outcome.done:
            return HttpResponseRedirect(reverse("data:query", args=[number]) + "?done=1")
    status = status_of(outcome.error) if outcome.error else 200
    return render(page, "data/query.html", _conversation(page, found, outcome), status=status)


def _act(page: Page, number: int) -> frame.Outcome:
    act = _ACTS.get(page.request.POST.get("act", ""))
    if act is None:
        raise Http404
    return frame.attempt_said(page, partial(act, query=number))


def _conversation(page: Page, found: Query, outcome: frame.Outcome) -> dict[str, object]:
    form = page.study.forms[found.form]
    names = trial.names()
    newest = frame.newest(page, found.participant, found.form, found.visit, found.number)
    turns = [
        (TURNS[turn.what], names.get(turn.by, turn.by), page.moment.local(turn.at), turn.text)
        for turn in cleaning.thread(found.id, cut=page.moment.cut)
    ]
    allowed = {name: part.may(page, f"{name} a query", found.site) for name in _ACTS}
    by_rule = found.origin != "person"
    where = (found.participant, found.form, found.visit, found.number)
    return {
        "tabs": frame.tabs(page, "data:queries"),
        "query": found,
        "row": row(page, found, names, page.study),
        "value": frame.value_of(page, form, found.item, newest.answers if newest else {}),
        "version": newest.version if newest else 0,
        "turns": turns,
        "by_rule": by_rule,
        "opened": page.moment.local(found.opened_at),
        "closed": page.moment.local(found.closed_at) if found.closed_at else None,
        "answering": found.state == "open" and allowed["answer"],
        "closing": found.state == "open" and allowed["close"],
        "reopening": found.state == "closed"
        and allowed["reopen"]
        and (not by_rule or found.accepted),
        "record": reverse("site:record", args=where),
        "change": reverse("entry:form", args=where) if part.may(page, "record", found.site) else "",
        "outcome": outcome,
        "text": page.request.POST.get("text", ""),
        "act": page.request.POST.get("act", ""),
        "key": part.new_key(),
        "done": "done" in page.request.GET and outcome.done,
        "crumbs": ((_("Queries"), reverse("data:queries")),),
    }


@page_for(KIND)
def ask(page: Page, code: str, form: str, visit: str, number: int) -> HttpResponse:
    """Ask about an answer of a record."""
    state = part.who(page, KIND, code)
    here = frame.seen_form(page, KIND, state.site, form)
    newest = frame.newest(page, code, form, visit, number)
    if newest is None or not part.may(page, "open a query", state.site):
        raise Http404
    outcome, sent = frame.Outcome(), page.request.POST
    item = (sent or page.request.GET).get("item", "")
    if page.request.method == "POST":
        verb = partial(open_query, participant=code, form=form, visit=visit, number=number)
        outcome = frame.attempt_said(page, partial(verb, item=item))
        if outcome.done:
            return HttpResponseRedirect(reverse("data:query", args=[outcome.answer]))
    context = {
        "tabs": frame.tabs(page, "data:queries"),
        "code": code,
        "title": form_title(page.study, form, page.language, number),
        "visit": visit_title(page.study, visit, page.language),
        "items": _items(page, here, newest.answers or {}, item),
        "item": item,
        "text": sent.get("text", ""),
        "outcome": outcome,
        "key": part.new_key(),
        "crumbs": (
            (_("Queries"), reverse("data:queries")),
            (code, reverse("site:participant", args=[code])),
            (
                form_title(page.study, form, page.language, number),
                reverse("site:record", args=(code, form, visit, number)),
            ),
        ),
    }
    status = status_of(outcome.error) if outcome.error else 200
    return render(page, "data/ask.html", context, status=status)


def _items(
    page: Page, form: Form, answers: Mapping[str, object], chosen: str
) -> list[tuple[str, str, bool]]:
    """What can be asked about: item, question with its answer, whether chosen."""
    return [
        (
            one.id,
            f"{one.text.say(page.language)}: {frame.value_of(page, form, one.id, answers) or '–'}",
            one.id == chosen,
        )
        for one in form.items()
    ]
