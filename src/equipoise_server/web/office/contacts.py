"""The queue of messages from the public, and one message with its sender."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from equipoise.errors import FormIncomplete, UnknownRecord
from equipoise.protocol.model import Study
from equipoise_server.services.portal import answer_contact as contacts_of
from equipoise_server.services.portal.contact_site import FITS
from equipoise_server.store.models import User
from equipoise_server.store.queries import enquiries
from equipoise_server.store.queries.recruiting import public_sites
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.public_form import in_words, readable
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.words import Badge, Words

CALLS: dict[str, Words] = {
    "reached": _("Reached"),
    "no-answer": _("No answer"),
    "voicemail": _("Left a message"),
    "wrong-number": _("Wrong number"),
}
OUTCOMES: dict[str, Words] = {
    "not-fitting": _("Does not fit"),
    "not-interested": _("Does not want to go on"),
    "not-reached": _("Could not be reached"),
    "duplicate": _("The same person wrote twice"),
    "not-a-person": _("Not written by a person"),
    "screening": _("Handed over into screening"),
}
FIT: dict[str, Badge] = {
    "fits": Badge(icon="check", label=_("fits so far"), tone="good"),
    "does-not": Badge(icon="dash", label=_("some points do not fit"), tone="warn"),
    "unknown": Badge(icon="question", label=_("some points not known"), tone="info"),
}
ANSWER: dict[str, Words] = {"yes": _("Yes"), "no": _("No"), "unknown": _("not known")}


@page_for("contacts")
@readable
def contacts(page: Page) -> HttpResponse:
    """Open messages by age, and how fast each site answers."""
    now, sites = timezone.now(), page.viewer.sites("contacts")
    names = {one.code: said(one.name, page.language) for one in public_sites()}
    context = {
        "rows": [
            (one, names.get(one.site, one.site), FIT.get(one.fit))
            for one in enquiries.queue(sites, at=now)
        ],
        "closed": [
            (one, names.get(one.site, one.site), OUTCOMES.get(one.outcome, one.outcome))
            for one in enquiries.queue(sites, at=now, closed=True)[:40]
        ],
        "levels": [
            (names.get(one.site, one.site), one) for one in enquiries.service_levels(sites, at=now)
        ],
    }
    return render(page, "office/contacts.html", context)


@page_for("contacts")
@readable
def contact(page: Page, token: str) -> HttpResponse:
    """One message. Opening it is noted in the ledger, and its sender sees that it was read."""
    wrong = ""
    if page.request.method == "POST":
        try:
            return _act(page, token)
        except FormIncomplete as refused:
            wrong = in_words(refused)
        except UnknownRecord:
            return problem(page.request, 404)
    try:
        opened = contacts_of.read_enquiry(token, by=_user(page), at=timezone.now())
    except UnknownRecord:
        return problem(page.request, 404)
    names = {one.code: said(one.name, page.language) for one in public_sites()}
    context = {
        "one": opened,
        "site": names.get(opened.enquiry.site_id, ""),
        "fit": FIT.get(opened.enquiry.fit) if opened.enquiry.fit in FITS else None,
        "answers": _answers(page.study, opened.answers, page.language),
        "calls": [
            (CALLS.get(call.result, call.result), call)
            for call in opened.enquiry.calls.order_by("at")
        ],
        "call_results": CALLS,
        "outcomes": {name: word for name, word in OUTCOMES.items() if name != "screening"},
        "outcome": OUTCOMES.get(opened.enquiry.outcome, ""),
        "today": page.moment.local(timezone.now()).date().isoformat(),
        "key": f"page/{token}/{timezone.now().timestamp()}",
        "wrong": wrong,
    }
    return render(page, "office/contact.html", context, status=400 if wrong else 200)


def _user(page: Page) -> User:
    assert page.viewer.user is not None
    return page.viewer.user


def _answers(study: Study, answers: dict[str, str], language: str) -> list[tuple[str, Words]]:
    texts = {one.id: (one.plain or one.text).say(language) for one in study.protocol.eligibility}
    return [(texts.get(name, name), ANSWER.get(value, value)) for name, value in answers.items()]


def _act(page: Page, token: str) -> HttpResponse:
    sent, by, at = page.request.POST, _user(page), timezone.now()
    key = f"{sent.get('key', '')[:120]}/{sent.get('act', '')}"
    acts: dict[str, Callable[[], None]] = {
        "call": lambda: contacts_of.note_call(
            token, result=sent.get("result", ""), by=by, at=at, key=key
        ),
        "answer": lambda: contacts_of.answer_contact(
            token, text=sent.get("text", ""), by=by, at=at, key=key
        ),
        "close": lambda: contacts_of.close_enquiry(
            token, outcome=sent.get("outcome", ""), by=by, at=at, key=key
        ),
    }
    if sent.get("act") == "hand-over":
        code = contacts_of.hand_over(token, on=_day(sent.get("on", "")), by=by, at=at, key=key)
        return HttpResponseRedirect(reverse("site:participant", kwargs={"code": code}))
    if sent.get("act", "") not in acts:
        return problem(page.request, 400)
    acts[sent["act"]]()
    return HttpResponseRedirect(reverse("office:contact", kwargs={"token": token}))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as refused:
        raise FormIncomplete(("date",)) from refused
