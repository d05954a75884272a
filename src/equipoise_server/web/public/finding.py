"""The list of studies with search and filters, and the page of a study from a registry."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from equipoise.exchange.distances import places
from equipoise.exchange.registry.record import Record
from equipoise.exchange.topics import topics
from equipoise_server.store.queries import listings
from equipoise_server.store.queries.listings import COUNTED, Detail, Row, Wanted
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.words import Badge, Words

STATUSES: dict[str, Badge] = {
    "recruiting": Badge(icon="play", label=_("Recruiting"), tone="good"),
    "not-yet": Badge(icon="clock", label=_("Not yet recruiting"), tone="info"),
    "invitation": Badge(icon="people", label=_("By invitation only"), tone="info"),
    "closed-to-entry": Badge(icon="minus", label=_("Not recruiting any more")),
    "completed": Badge(icon="flag", label=_("Completed"), tone="done"),
    "stopped": Badge(icon="dash", label=_("Stopped"), tone="warn"),
    "unknown": Badge(icon="question", label=_("Status not known")),
}
SEXES: dict[str, Words] = {"all": _("All"), "f": _("Women"), "m": _("Men")}
DEEPEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One study of the list in the reader's language."""

    study: str
    own: bool
    title: str
    english: bool
    status: Badge
    sponsor: str
    who: str
    topics: tuple[str, ...]
    places: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category of the tree; `depth` is 0 at the top."""

    id: str
    title: str
    depth: int


def categories(language: str) -> tuple[Category, ...]:
    """The tree of conditions, parents before children."""
    return tuple(
        Category(id=one.id, title=one.say(language), depth=int(bool(one.parent)))
        for one in topics().values()
    )


def wanted_in(page: Page) -> Wanted:
    """What the address asks for; what makes no sense does not narrow."""
    asked = page.request.GET
    try:
        age = float(asked.get("age", "")[:6])
    except ValueError:
        age = None
    return Wanted(
        text=asked.get("q", "")[:200],
        topic=asked.get("topic", "")[:64],
        status=asked.get("status", "") if asked.get("status") in STATUSES else "",
        place=asked.get("place", "")[:80],
        sex=asked.get("sex", "")[:1],
        age=age if age is not None and 0 <= age <= 120 else None,
    )


@open_page
def listing(page: Page) -> HttpResponse:
    """Studies that fit what was asked."""
    wanted = wanted_in(page)
    number = _number(page.request.GET.get("page", ""))
    results = listings.search(wanted, page=number)
    asked = {k: v for k, v in page.request.GET.items() if k != "page"}
    known = categories(page.language)
    context = {
        "wanted": wanted,
        "rows": [shown(row, page.language) for row in results.rows],
        "total": min(results.total, COUNTED),
        "many": results.total > COUNTED,
        "earlier": urlencode({**asked, "page": number - 1}) if number > 1 else "",
        "later": urlencode({**asked, "page": number + 1}) if results.more else "",
        "categories": known,
        "statuses": STATUSES,
        "sexes": SEXES,
        "towns": [one.say(page.language) for one in places().values()],
    }
    return render(page, "public/listing.html", context)


def _number(text: str) -> int:
    return min(DEEPEST, max(1, int(text))) if text.isascii() and text[:4].isdecimal() else 1


def shown(row: Row, language: str) -> Shown:
    """A row in words."""
    return Shown(
        study=row.study,
        own=row.own,
        title=said(row.title, language),
        english=language not in row.title,
        status=STATUSES.get(row.status, STATUSES["unknown"]),
        sponsor=row.sponsor,
        who=ages(row),
        topics=tuple(topics()[one].say(language) for one in row.topics if one in topics()),
        places=", ".join(row.places[:3]) + (" …" if len(row.places) > 3 else ""),
    )


def ages(row: Row) -> str:
    """Who is sought, by sex and age."""
    low, high = row.minimum_age, row.maximum_age
    if low is None and high is None:
        span = str(_("any age"))
    elif high is None:
        span = str(_("%(low)g years and older")) % {"low": low}
    else:
        span = str(_("%(low)g to %(high)g years")) % {"low": low or 0, "high": high}
    who = {"sex": SEXES.get(row.sex, SEXES["all"]), "span": span}
    return str(_("%(sex)s, %(span)s")) % who


@open_page
def detail(page: Page, study: str) -> HttpResponse:
    """One study: ours leads to its own page, others show what the registry says."""
    found = listings.find(study)
    if found is None:
        return problem(page.request, 404)
    if found.row.own:
        return HttpResponseRedirect(reverse("public:study"))
    context = {"one": shown(found.row, page.language), "record": _parts(found), "detail": found}
    return render(page, "public/registry.html", context)


def _parts(found: Detail) -> dict[str, Any]:
    """What a registry record says, in the order in which a reader asks."""
    record = Record(nct=found.row.study, section=json.loads(found.document or "{}"))
    return {
        "conditions": record.texts("conditionsModule", "conditions"),
        "criteria": record.text("eligibilityModule", "eligibilityCriteria"),
        "interventions": [
            one.text("name") for one in record.objects("armsInterventionsModule", "interventions")
        ],
        "outcomes": [
            (one.text("measure"), one.text("timeFrame"))
            for one in record.objects("outcomesModule", "primaryOutcomes")
        ],
        "sites": [
            (one.text("facility"), one.text("city"), one.text("country"))
            for one in record.objects("contactsLocationsModule", "locations")[:40]
        ],
    }
