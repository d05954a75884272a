"""The study for machines: registry JSON, FHIR, schema.org, a map of the pages."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from equipoise.exchange.fhir.research_study import research_study
from equipoise.exchange.registration.ctgov import record_of
from equipoise.protocol.model import Study
from equipoise_server.services.letters.mail import link
from equipoise_server.services.portal.post_study import status_now
from equipoise_server.store.queries import listings
from equipoise_server.store.queries.recruiting import public_sites
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page, open_page

REGISTRY = {
    "recruiting": "RECRUITING",
    "not-yet": "NOT_YET_RECRUITING",
    "closed-to-entry": "ACTIVE_NOT_RECRUITING",
    "completed": "COMPLETED",
}
SITE = {
    "recruiting": "RECRUITING",
    "not-yet": "NOT_YET_RECRUITING",
    "paused": "SUSPENDED",
    "closed": "ACTIVE_NOT_RECRUITING",
}
FHIR = {
    "recruiting": "recruiting",
    "not-yet": "not-yet-recruiting",
    "closed-to-entry": "active-but-not-recruiting",
    "completed": "overall-study-complete",
}
SCHEMA = {
    "recruiting": "Recruiting",
    "not-yet": "NotYetRecruiting",
    "closed-to-entry": "ActiveNotRecruiting",
    "completed": "Completed",
}


def _json(document: dict[str, Any], kind: str) -> HttpResponse:
    answer = JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Type"] = kind
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


@open_page
def record(page: Page, study: str) -> HttpResponse:
    """A study in the shape of the ClinicalTrials.gov API v2, with the status of this moment."""
    found = listings.find(study)
    if _is_own(page, study):
        return _json(own_record(page.study), "application/json")
    if found is None or not found.document:
        return problem(page.request, 404)
    return _json({"protocolSection": json.loads(found.document)}, "application/json")


def _is_own(page: Page, study: str) -> bool:
    return page.trial is not None and study.casefold() == page.study.protocol.id.casefold()


def own_record(study: Study) -> dict[str, Any]:
    """Our own record: from the protocol, with live status and sites."""
    made, _gaps = record_of(study.protocol)
    section = made.setdefault("protocolSection", {})
    live = REGISTRY.get(status_now(), "UNKNOWN")
    section.setdefault("statusModule", {})["overallStatus"] = live
    section.setdefault("contactsLocationsModule", {})["locations"] = [
        {
            "facility": one.name.get("en", one.code),
            "status": SITE[one.status],
            **(
                {"geoPoint": {"lat": one.latitude, "lon": one.longitude}}
                if one.latitude is not None and one.longitude is not None
                else {}
            ),
        }
        for one in public_sites()
    ]
    return made


@open_page
def fhir(page: Page, study: str) -> HttpResponse:
    """Our own study as a FHIR ResearchStudy."""
    if not _is_own(page, study):
        return problem(page.request, 404)
    resource = research_study(page.study)
    state = {"coding": [{"code": FHIR.get(status_now(), "active")}]}
    resource["progressStatus"] = [{"state": state, "actual": True}]
    return _json(resource, "application/fhir+json")


def linked_data(study: Study, language: str) -> SafeString:
    """schema.org MedicalTrial for search engines, safe inside a script element."""
    protocol = study.protocol
    facts = protocol.facts
    condition = facts["condition"].value if "condition" in facts else ""
    document = {
        "@context": "https://schema.org",
        "@type": "MedicalTrial",
        "name": protocol.title.say(language),
        "alternateName": protocol.short_title.say(language),
        "identifier": protocol.id,
        "description": protocol.population.say(language),
        "inLanguage": language,
        "healthCondition": {"@type": "MedicalCondition", "name": str(condition or "")},
        "status": f"https://schema.org/{SCHEMA.get(status_now(), 'Completed')}",
        "trialDesign": "https://schema.org/RandomizedTrial",
        "studyLocation": [
            {"@type": "AdministrativeArea", "name": one.name.get(language) or one.code}
            for one in public_sites()
        ],
        "url": link(reverse("public:study")),
    }
    text = json.dumps(document, ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return mark_safe(text)  # noqa: S308 - nothing in it can end the element


@open_page
def sitemap(page: Page) -> HttpResponse:
    """Every page of a study, for search engines."""
    pages: list[tuple[str, date | None]] = [
        (link(reverse("public:study")), None),
        (link(reverse("public:listing")), None),
    ]
    for study, day in listings.identifiers():
        pages.append((link(reverse("public:detail", kwargs={"study": study})), day))
    rows = "".join(
        f"<url><loc>{escape(url)}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>"
        for url, day in pages[:50_000]
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = f'{head}<urlset xmlns="{space}">{rows}</urlset>'
    return HttpResponse(text, content_type="application/xml; charset=utf-8")
