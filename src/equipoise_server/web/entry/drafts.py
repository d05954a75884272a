"""What was typed on a page and not saved yet: kept while it is typed, offered again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from equipoise.errors import Refused
from equipoise_server.services.records.keep_draft import Typed, draft_of, drop_draft, keep_draft
from equipoise_server.store.save import Place
from equipoise_server.web.entry import saving
from equipoise_server.web.entry import typed as typing
from equipoise_server.web.entry.plan import Plan
from equipoise_server.web.entry.saving import Sent
from equipoise_server.web.entry.spot import KIND, Spot, me, who
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for

FIELDS = ("on", "reason")
"""What a draft keeps beside the answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A draft as the page shows it: what was typed, when, and who saved the record since."""

    sent: Sent
    at: datetime
    outdated: bool


@require_POST
@page_for(KIND)
def draft(page: Page, code: str, form: str, visit: str, number: int) -> HttpResponse:
    """Keep a draft, or throw it away."""
    who(page, code)
    sent = page.request.POST
    place = Place(participant=code, form=form, visit=visit, number=number)
    if "discard" in sent:
        drop_draft(place=place, by=me(page))
        return HttpResponseRedirect(reverse("entry:form", args=(code, form, visit, number)))
    try:
        kept = keep_draft(place=place, typed=_typed(sent), by=me(page), at=timezone.now())
    except Refused as refusal:
        return JsonResponse({"kept": False, "code": refusal.code}, status=status_of(refusal))
    return JsonResponse({"kept": kept})


def _typed(sent: QueryDict) -> Typed:
    names = [one for one in sent if one.startswith(typing.PREFIX) or one in FIELDS]
    version = sent.get("expected", "")
    return Typed(
        said={name: sent.getlist(name) for name in names},
        version=int(version) if version.isascii() and version.isdigit() else 0,
        key=sent.get("key", ""),
    )


def restored(page: Page, here: Spot, plan: Plan) -> Restored | None:
    """The person's draft for this page, ready to be shown in its fields."""
    found = None if here.why_not else draft_of(_place(here), me(page))
    if found is None:
        return None
    kept, at = found
    fields = QueryDict(urlencode([(name, one) for name, some in kept.said.items() for one in some]))
    sent = saving.sent_of(plan, fields)
    return Restored(
        sent=replace(sent, expected=kept.version, key=saving.new_key()),
        at=at,
        outdated=kept.version != here.version,
    )


def forget(page: Page, here: Spot) -> None:
    """The page is saved: its draft has done its duty."""
    drop_draft(place=_place(here), by=me(page))


def _place(here: Spot) -> Place:
    return Place(
        participant=here.state.code, form=here.form.id, visit=here.visit, number=here.number
    )
