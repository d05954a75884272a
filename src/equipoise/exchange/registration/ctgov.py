"""A protocol in the shape of a ClinicalTrials.gov API v2 record."""

from __future__ import annotations

from typing import Any

from equipoise.exchange.registration import words
from equipoise.exchange.registration.design import state_design
from equipoise.exchange.registration.gaps import REGISTERED, Gap, Kind, Statement, statement
from equipoise.protocol.model import Protocol
from equipoise.protocol.origin import Fact, Origin

_P = "protocolSection"
Outcome = tuple[dict[str, Any], Origin | None]


def record_of(protocol: Protocol) -> tuple[dict[str, Any], list[Gap]]:
    """The record and its gaps."""
    made = statement(protocol)
    for part in (_identification, _status, _sponsor, _description, _conditions, state_design):
        part(made)
    for part in (_outcomes, _eligibility, _places):
        part(made)
    if made.record:
        made.record["hasResults"] = False
    return made.record, made.gaps


def _identification(made: Statement) -> None:
    path, protocol = f"{_P}.identificationModule", made.protocol
    identifier = made.fact("identifier")
    if identifier.value is not None and not words.NCT.fullmatch(str(identifier.value)):
        made.put(f"{path}.secondaryIdInfos", [{"id": str(identifier.value)}], identifier.origin)
        identifier = Fact()
    made.put(f"{path}.nctId", identifier.value, identifier.origin)
    own = made.fact("other_identifier")
    if own.value is None:
        own = Fact(value=protocol.id, origin=protocol.origin)
    made.put(f"{path}.orgStudyIdInfo.id", str(own.value), own.origin, needed=True)
    if made.fact("brief_title").value is not None:
        made.put_fact(f"{path}.briefTitle", "brief_title", needed=True)
    else:
        made.put(f"{path}.briefTitle", protocol.short_title.say("en"), protocol.origin, needed=True)
    official = made.fact("official_title")
    title = official.value or protocol.title.say("en")
    made.put(f"{path}.officialTitle", title, official.origin if official.value else protocol.origin)
    if "acronym" in protocol.facts:
        made.put_fact(f"{path}.acronym", "acronym")
    made.put_fact(f"{path}.organization.fullName", "organization", "lead_sponsor")


def _status(made: Statement) -> None:
    path = f"{_P}.statusModule"
    _word(made, f"{path}.overallStatus", made.fact("current_status"), words.STATUS)
    for name in ("start_date", "primary_completion_date", "completion_date"):
        stem = "".join(part.title() for part in name.split("_"))
        found = made.fact(name)
        field = f"{path}.{stem[0].lower()}{stem[1:]}Struct"
        if found.value is not None and not words.is_date(found.value):
            made.unreadable(field, found, "YYYY-MM or YYYY-MM-DD")
        else:
            date = None if found.value is None else {"date": found.value}
            made.put(field, date, found.origin)


def _word(made: Statement, path: str, found: Fact, allowed: tuple[str, ...]) -> None:
    """Place a fact that must be one of the registry's words."""
    word = None if found.value is None else words.find(found.value, allowed)
    if found.value is not None and word is None:
        made.unreadable(path, found, ", ".join(allowed))
    else:
        made.put(path, word, found.origin)


def _sponsor(made: Statement) -> None:
    path = f"{_P}.sponsorCollaboratorsModule"
    if made.put_fact(f"{path}.leadSponsor.name", "lead_sponsor"):
        _word(made, f"{path}.leadSponsor.class", made.fact("lead_sponsor_class"), words.AGENCY)
    found = made.fact("collaborators")
    names = None if found.value is None else [{"name": one} for one in words.several(found.value)]
    made.put(f"{path}.collaborators", names, found.origin)
    board = made.protocol.safety_board
    if board is not None:
        made.put(f"{_P}.oversightModule.oversightHasDmc", True, board.origin)


def _description(made: Statement) -> None:
    path = f"{_P}.descriptionModule"
    made.put_fact(f"{path}.briefSummary", "brief_summary")
    made.put_fact(f"{path}.detailedDescription", "detailed_description")


def _conditions(made: Statement) -> None:
    path = f"{_P}.conditionsModule"
    for field, name in (("conditions", "condition"), ("keywords", "keywords")):
        found = made.fact(name)
        listed = None if found.value is None else words.several(found.value)
        made.put(f"{path}.{field}", listed, found.origin)


def _outcomes(made: Statement) -> None:
    path = f"{_P}.outcomesModule"
    for level, field in (("primary", "primaryOutcomes"), ("secondary", "secondaryOutcomes")):
        made.put_each(f"{path}.{field}", _listed(made.protocol, level) or _endpoints(made, level))


def _listed(protocol: Protocol, level: str) -> list[Outcome]:
    """Outcomes stated as facts `primary_outcome_1`, with `primary_outcome_1_time_frame`."""
    found: list[Outcome] = []
    for number in range(1, len(protocol.facts) + 1):
        fact = protocol.facts.get(f"{level}_outcome_{number}")
        if fact is None or fact.value is None:
            break
        outcome = {"measure": str(fact.value)}
        for name, field in (("description", "description"), ("time_frame", "timeFrame")):
            more = protocol.facts.get(f"{level}_outcome_{number}_{name}")
            if more is not None and more.value is not None:
                outcome[field] = str(more.value)
        found.append((outcome, fact.origin))
    return found


def _endpoints(made: Statement, level: str) -> list[Outcome]:
    """The endpoints of the objectives of a level. They are ours unless they say otherwise."""
    levels = {"primary": ("primary",), "secondary": ("key-secondary", "secondary")}[level]
    named = {
        name for one in made.protocol.objectives if one.level in levels for name in one.endpoints
    }
    return [
        ({"measure": one.title.say("en"), "timeFrame": f"{one.horizon} days"}, one.origin)
        for one in made.protocol.endpoints
        if one.id in named
    ]


def _eligibility(made: Statement) -> None:
    path = f"{_P}.eligibilityModule"
    lines: dict[str, list[str]] = {"inclusion": [], "exclusion": []}
    for one in made.protocol.eligibility:
        if one.origin == REGISTERED or not made.claims:
            lines[one.kind].append(f"* {' '.join(one.text.say('en').split())}")
        if one.origin != REGISTERED:
            kind: Kind = "left-out" if made.claims else "stated"
            where, said = f"{path}.eligibilityCriteria.{one.id}", one.text.say("en")
            made.gaps.append(Gap(path=where, kind=kind, origin=one.origin, value=said))
    parts = [
        f"{kind.title()} Criteria:\n\n" + "\n".join(some) for kind, some in lines.items() if some
    ]
    made.put(f"{path}.eligibilityCriteria", "\n\n".join(parts), REGISTERED if parts else None)
    _word(made, f"{path}.sex", made.fact("sex"), words.SEX)
    made.put_fact(f"{path}.minimumAge", "minimum_age")
    made.put_fact(f"{path}.maximumAge", "maximum_age")
    healthy = made.fact("healthy_volunteers")
    if healthy.value is None or isinstance(healthy.value, bool):
        made.put(f"{path}.healthyVolunteers", healthy.value, healthy.origin)
    else:
        made.unreadable(f"{path}.healthyVolunteers", healthy, "true, false")


def _places(made: Statement) -> None:
    path = f"{_P}.contactsLocationsModule"
    for name, field in (
        ("contacts", "centralContacts"),
        ("principal_investigator", "overallOfficials"),
    ):
        found = made.fact(name)
        people = (
            None if found.value is None else [{"name": one} for one in words.several(found.value)]
        )
        made.put(f"{path}.{field}", people, found.origin)
    country = made.fact("country")
    where = [{"country": one} for one in words.several(country.value)] if country.value else []
    sites = [_location(site) for site in made.protocol.sites]
    if sites and (not made.claims or all(s.origin == REGISTERED for s in made.protocol.sites)):
        made.put(f"{path}.locations", sites, made.protocol.sites[0].origin)
        return
    if sites:
        origin = made.protocol.sites[0].origin
        made.gaps.append(Gap(path=f"{path}.locations", kind="left-out", origin=origin, value=sites))
    made.put(f"{path}.locations", where, country.origin)


def _location(site: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"facility": site.name.say("en")}
    if site.latitude is not None and site.longitude is not None:
        found["geoPoint"] = {"lat": site.latitude, "lon": site.longitude}
    return found
