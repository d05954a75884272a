"""Writing to a site, and seeing what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from equipoise.errors import FormIncomplete, LinkInvalid, ProofRefused, TooManyRequests
from equipoise_server.services.letters import links
from equipoise_server.services.portal import consent_texts
from equipoise_server.services.portal.contact_site import Message, contact_site
from equipoise_server.services.portal.count_public import count_public, known_source
from equipoise_server.services.portal.enquiry_status import status_of
from equipoise_server.store.queries.recruiting import PublicSite, public_sites
from equipoise_server.web.public import fitting
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.public_form import in_words, public_form, require_human, stamp
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.volunteer_session import volunteer_of

FIELDS = ("name", "address", "phone", "window", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A site that one can write to."""

    code: str
    name: str
    person: str
    role: str
    recruiting: bool


def choices(page: Page) -> tuple[Choice, ...]:
    """The sites that take messages, recruiting ones first."""
    open_ones = [one for one in public_sites() if one.status != "closed"]
    return tuple(
        _choice(one, page.language) for one in sorted(open_ones, key=lambda one: not one.recruiting)
    )


def _choice(site: PublicSite, language: str) -> Choice:
    return Choice(
        code=site.code,
        name=said(site.name, language),
        person=site.contact_name,
        role=site.contact_role,
        recruiting=site.recruiting,
    )


@public_form
def contact(page: Page) -> HttpResponse:
    """The dialogue with a site, named with its person; POST sends the message."""
    if page.trial is None:
        return render(page, "public/none.html")
    request = page.request
    if request.method == "POST" and request.POST.get("step") == "send":
        return _send(page)
    return _form(page, {}, "")


def _form(page: Page, filled: dict[str, str], wrong: str) -> HttpResponse:
    request = page.request
    sent = request.POST if request.method == "POST" else request.GET
    sites = choices(page)
    chosen = next((one for one in sites if one.code == sent.get("site", "")), None)
    context = {
        "sites": sites,
        "chosen": chosen or (sites[0] if len(sites) == 1 else None),
        "filled": filled or _known(request),
        "answers": fitting.answers_in(page.study, sent),
        "consent": consent_texts.say("contact", page.language),
        "wrong": wrong,
        "via": known_source(sent.get("via", "")),
        "stamp": stamp(),
    }
    return render(page, "public/contact.html", context, status=400 if wrong else 200)


def _known(request: HttpRequest) -> dict[str, str]:
    """What a signed-in volunteer need not type again."""
    person = volunteer_of(request)
    return {"name": person.name, "address": person.address} if person else {}


def _send(page: Page) -> HttpResponse:
    sent, now = page.request.POST, timezone.now()
    filled = {name: sent.get(name, "") for name in FIELDS}
    answers = fitting.answers_in(page.study, sent)
    person = volunteer_of(page.request)
    message = Message(
        study=page.study.protocol.id,
        site=sent.get("site", ""),
        language=page.language,
        consent=sent.get("consent") == "yes",
        fit=fitting.overall(fitting.questions(page.study, "en", answers)) if answers else "",
        answers=answers,
        keep_answers=sent.get("keep") == "yes",
        source=known_source(sent.get("via", "")),
        volunteer=person.token if person else "",
        **filled,
    )
    try:
        require_human(page.request)
        token = contact_site(message, at=now)
    except (FormIncomplete, ProofRefused, TooManyRequests) as refused:
        return _form(page, filled, in_words(refused))
    count_public("contact", on=now.date(), source=message.source)
    there = reverse("public:status", kwargs={"signed": links.make("status", token)})
    return HttpResponseRedirect(f"{there}?sent=1")


@open_page
def status(page: Page, signed: str) -> HttpResponse:
    """When a message came, was read and was answered."""
    try:
        found = status_of(signed)
    except LinkInvalid:
        return problem(page.request, 404, code=LinkInvalid.code)
    names = {one.code: said(one.name, page.language) for one in public_sites()}
    context = {
        "status": found,
        "site": names.get(found.site, found.site),
        "sent": "sent" in page.request.GET,
    }
    answer = render(page, "public/status.html", context)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer
