"""What the ledger says of consent beside the life-cycle, and the study that is agreed to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from equipoise.digest import canonical_json
from equipoise.protocol.model import Study
from equipoise_server.store import study as studies
from equipoise_server.store import versions
from equipoise_server.store.models import ConsentGiven, Site

BEGUN = "consent-talk-begun"
PERSON_SIGNED = "consent-signed-by-person"
GIVEN = "consent-given"
DECLINED = "consent-declined"
WISHED = "withdrawal-wished"
PROBLEM = "problem-reported"
ANSWERED = "problem-answered"
IDENTITY_READ = "identity-read"
RELEASED = "results-released"
"""On the chain of the study; the others are on chains of participants."""

ENTRIES = frozenset(
    {BEGUN, PERSON_SIGNED, GIVEN, DECLINED, WISHED, PROBLEM, ANSWERED, IDENTITY_READ}
)
"""Kinds of entries on participants' chains that change nobody's life-cycle."""


def given_lines() -> Iterator[tuple[str, str]]:
    """Chain and content of every act, as the ledger has to say them."""
    yield from ConsentGiven.objects.values_list("participant_id", "content")


def content(said: dict[str, object]) -> str:
    """The content of an act as it is stored."""
    return canonical_json(said).decode()


def to_agree_to(cursor: Any, code: str, site: str, at: datetime) -> Study:
    """The version whose document a participant signs now: the one ahead where it asks for it."""
    now = versions.of(cursor, code)
    ahead = ahead_of(cursor, code, site, at)
    return studies.of_digest(ahead if ahead is not None else now)


def ahead_of(cursor: Any, code: str, site: str, at: datetime) -> str | None:
    """The digest of the version in force at the site to which the participant has to agree anew."""
    zone = Site.objects.values_list("timezone", flat=True).get(pk=site)
    to = versions.at_site(cursor, site, at.astimezone(ZoneInfo(zone)).date())
    way = None if to is None else versions.way(versions.of(cursor, code), to)
    return way.to if way is not None and way.reconsent else None
