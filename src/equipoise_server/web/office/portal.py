"""What the office decides and sees of the public side: posting, texts, sources, the way in."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from equipoise.errors import FormIncomplete
from equipoise.protocol.check.claims import promises, unapproved
from equipoise.protocol.model import Study
from equipoise.protocol.passages import passages
from equipoise.protocol.readability import Reading, measure
from equipoise_server.services.letters import mail
from equipoise_server.services.portal.alert_volunteers import Alerts, would_alert
from equipoise_server.services.portal.count_public import name_source
from equipoise_server.services.portal.post_study import post_site, post_study
from equipoise_server.store.models import SitePosting
from equipoise_server.store.queries import enquiries, listings
from equipoise_server.store.queries.recruiting import public_sites
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.public_form import in_words, readable
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.words import Words

SITE_STATUS: dict[str, Words] = {
    "recruiting": _("Recruiting"),
    "not-yet": _("Not yet recruiting"),
    "paused": _("Paused"),
    "closed": _("Closed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One public text, how hard it is to read, and what of it is held back."""

    page: str
    language: str
    reading: Reading
    claims: tuple[str, ...]


def texts(study: Study) -> tuple[Text, ...]:
    """Every public text with its measures."""
    return tuple(
        Text(
            page=one.id,
            language=one.language,
            reading=measure(one.markdown, one.language),
            claims=tuple(
                match[0]
                for passage in passages(one.id, one.markdown)
                if unapproved(passage.text)
                for match in promises(passage.text)
            ),
        )
        for one in study.pages
    )


@page_for("public side")
@readable
def portal(page: Page) -> HttpResponse:
    """Posting per site, the texts, a dry run of alerts, sources, the way from view to trial."""
    wrong = ""
    if page.request.method == "POST":
        try:
            _act(page)
        except FormIncomplete as refused:
            wrong = in_words(refused)
        else:
            return HttpResponseRedirect(reverse("office:portal"))
    mails = dict(SitePosting.objects.values_list("site_id", "mail"))
    allowed = page.viewer.sites("public side")
    context = {
        "own": listings.own(),
        "listed": listings.count(),
        "sites": [
            (one, said(one.name, page.language), mails.get(one.code, ""))
            for one in public_sites()
            if allowed is None or one.code in allowed
        ],
        "statuses": SITE_STATUS,
        "texts": texts(page.study) if page.trial else (),
        "alerts": _dry_run(),
        "funnel": enquiries.funnel(),
        "waiting": mail.waiting(),
        "given_up": mail.given_up(),
        "asks": page.viewer.may_read("questions"),
        "wrong": wrong,
        "key": f"portal/{timezone.now().timestamp()}",
    }
    return render(page, "office/portal.html", context, status=400 if wrong else 200)


def _dry_run() -> Alerts | None:
    """How many volunteers would hear of the study now; None before it is posted."""
    own = listings.own()
    if own is None:
        return None
    topics = own.row.topics
    return would_alert(study=own.row.study, occasion="opened", topics=topics, at=timezone.now())


def _act(page: Page) -> None:
    sent, by, at = page.request.POST, page.viewer.user, timezone.now()
    assert by is not None
    key = f"{sent.get('key', '')[:120]}/{sent.get('act', '')}/{sent.get('site', '')[:32]}"
    if sent.get("act") == "post":
        post_study(by=by, at=at, key=key)
    elif sent.get("act") == "site":
        told = {
            name: sent.get(name, "") for name in ("contact_name", "contact_role", "phone", "mail")
        }
        post_site(
            site=sent.get("site", ""),
            status=sent.get("status", ""),
            **told,
            by=by,
            at=at,
            key=key,
        )
    elif sent.get("act") == "source":
        name_source(code=sent.get("code", ""), label=sent.get("label", ""), by=by, at=at, key=key)
    else:
        raise FormIncomplete(("act",))
