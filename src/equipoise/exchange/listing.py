"""What a listing of studies shows and finds of one study, from its record or its protocol."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from equipoise.exchange.registry.record import Record
from equipoise.exchange.search_words import facet, single_characters, tokens
from equipoise.exchange.topics import topics_of
from equipoise.protocol.model import Study

STATUSES = {
    "RECRUITING": "recruiting",
    "NOT_YET_RECRUITING": "not-yet",
    "ENROLLING_BY_INVITATION": "invitation",
    "ACTIVE_NOT_RECRUITING": "closed-to-entry",
    "COMPLETED": "completed",
    "TERMINATED": "stopped",
    "SUSPENDED": "stopped",
    "WITHDRAWN": "stopped",
}
KNOWN = (*dict.fromkeys(STATUSES.values()), "unknown")
_SEXES = {"FEMALE": "f", "MALE": "m"}
_AGE = re.compile(r"\s*(\d{1,4})\s*(year|month|week|day|hour|minute)s?\s*", re.IGNORECASE)
_YEARS = {"year": 1.0, "month": 1 / 12, "week": 7 / 365.25, "day": 1 / 365.25}
_BOUND = {sign: re.compile(rf"\bage\w*\s*{sign}\s*(\d+)") for sign in (">=", "<=")}
MOST_WORDS = 400
MOST_PLACES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One study as it is listed. Ages in years; `words` are tokens for search and filters."""

    study: str
    status: str
    title: Mapping[str, str]
    summary: str
    sponsor: str
    sex: str
    minimum_age: float | None
    maximum_age: float | None
    topics: tuple[str, ...]
    places: tuple[str, ...]
    words: str
    updated_on: date | None


def of_record(record: Record) -> Listed:
    """A registry record as a listing."""
    title = record.text("identificationModule", "briefTitle") or record.nct
    conditions = record.texts("conditionsModule", "conditions")
    keywords = record.texts("conditionsModule", "keywords")
    sites = record.objects("contactsLocationsModule", "locations")[:MOST_PLACES]
    places = [(one.text("city"), one.text("country")) for one in sites]
    status = STATUSES.get(record.text("statusModule", "overallStatus"), "unknown")
    sex = _SEXES.get(record.text("eligibilityModule", "sex"), "all")
    topics = topics_of([*conditions, *keywords, title])
    summary = record.text("descriptionModule", "briefSummary")
    told = [title, record.nct, *conditions, *keywords, *(name for one in places for name in one)]
    told += [record.text("identificationModule", "officialTitle"), summary]
    told += [one.text("name") for one in record.objects("armsInterventionsModule", "interventions")]
    return Listed(
        study=record.nct,
        status=status,
        title={"en": title},
        summary=summary,
        sponsor=record.text("sponsorCollaboratorsModule", "leadSponsor", "name")[:300],
        sex=sex,
        minimum_age=age(record.text("eligibilityModule", "minimumAge")),
        maximum_age=age(record.text("eligibilityModule", "maximumAge")),
        topics=topics,
        places=_several(f"{city}, {country}".strip(", ") for city, country in places),
        words=words_of(told, status, sex, topics, [name for one in places for name in one]),
        updated_on=_day(record.text("statusModule", "lastUpdateSubmitDate")),
    )


def of_study(study: Study, *, status: str, sites: Iterable[Mapping[str, str]]) -> Listed:
    """The trial of a server as a listing. `sites` are the names of its centres."""
    protocol = study.protocol
    facts = {name: str(one.value or "") for name, one in protocol.facts.items()}
    conditions = [facts.get("condition", ""), facts.get("keywords", "")]
    sex = {"female": "f", "male": "m"}.get(facts.get("sex", "").lower(), "all")
    topics = topics_of([*conditions, *protocol.title.values()])
    centres = tuple(sites)
    named = [name for one in centres for name in one.values()]
    told = [*protocol.title.values(), *protocol.short_title.values(), protocol.id, *conditions]
    told += [*protocol.population.values(), *(one.markdown for one in study.pages), *named]
    low, high = _ages(study, facts)
    towns = [part for name in named for part in re.split(r"[,，（）()]", name)]
    summary = next((one.markdown for one in study.pages if one.language == "en"), "")
    return Listed(
        study=protocol.id,
        status=status,
        title=dict(protocol.title),
        summary=summary,
        sponsor=facts.get("lead_sponsor", "")[:300],
        sex=sex,
        minimum_age=low,
        maximum_age=high,
        topics=topics,
        places=_several(one.get("en", "") for one in centres),
        words=words_of(told, status, sex, topics, towns),
        updated_on=None,
    )


def _ages(study: Study, facts: Mapping[str, str]) -> tuple[float | None, float | None]:
    """The stated ages, else the bounds that inclusion criteria set on an item named age."""
    low, high = age(facts.get("minimum_age", "")), age(facts.get("maximum_age", ""))
    rules = " ".join(one.rule for one in study.protocol.eligibility if one.kind == "inclusion")
    found = {sign: _BOUND[sign].search(rules) for sign in _BOUND}
    lowest, highest = found[">="], found["<="]
    return (
        float(lowest[1]) if low is None and lowest else low,
        float(highest[1]) if high is None and highest else high,
    )


def words_of(
    texts: Iterable[str], status: str, sex: str, topics: Iterable[str], places: Iterable[str]
) -> str:
    """The tokens under which a study is found: its words, then one per value of a filter."""
    said = "\n".join(one for one in texts if one)[:20_000]
    found = dict.fromkeys(tokens(said)[:MOST_WORDS])
    found |= dict.fromkeys(single_characters(said[:400])[:60])
    found[facet("s", status)] = None
    found |= {facet("x", one): None for one in (("f", "m") if sex == "all" else (sex,))}
    found |= {facet("t", one): None for one in topics}
    found |= {facet("p", one): None for one in places if tokens(one)}
    return " ".join(found)


def age(text: str) -> float | None:
    """An age such as `18 Years` in years, or None."""
    match = _AGE.fullmatch(text)
    if match is None:
        return None
    return round(int(match[1]) * _YEARS.get(match[2].lower(), 0.0), 3)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    except ValueError:
        return None


def _several(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one[:200] for one in texts if one))[:MOST_PLACES]
