"""Which sites recruit at this moment, and whom the public talks to there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from equipoise_server.store.models import Site, SitePosting, StudyVersion, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSite:
    """A centre as the public sees it. Degrees are None where the protocol states none."""

    code: str
    name: dict[str, str]
    recruiting: bool
    status: str
    contact_name: str
    contact_role: str
    phone: str
    latitude: float | None
    longitude: float | None


def recruiting_sites() -> dict[str, bool]:
    """Whether each site recruits: it, the trial and randomisation are open, and it says so."""
    return {one.code: one.recruiting for one in public_sites()}


def public_sites() -> tuple[PublicSite, ...]:
    """Every opened centre, by code."""
    trial = Trial.objects.values("randomisation_open", "locked_at").first()
    going = trial is not None and trial["randomisation_open"] and trial["locked_at"] is None
    posted = {one.site_id: one for one in SitePosting.objects.all()}
    return tuple(_public(site, posted.get(site.pk), going) for site in Site.objects.order_by("pk"))


def _public(site: Site, posting: SitePosting | None, going: bool) -> PublicSite:
    status = posting.status if posting else "recruiting"
    if site.closed_at is not None:
        status = "closed"
    elif status == "recruiting" and not going:
        status = "paused"
    return PublicSite(
        code=site.pk,
        name=dict(site.name),
        recruiting=status == "recruiting",
        status=status,
        contact_name=posting.contact_name if posting else "",
        contact_role=posting.contact_role if posting else "",
        phone=posting.phone if posting else "",
        latitude=site.latitude,
        longitude=site.longitude,
    )


def protocol_versions() -> tuple[tuple[str, str, datetime], ...]:
    """Every protocol version that was adopted here: version, digest, when; newest first."""
    found = StudyVersion.objects.order_by("-at").values_list("version", "digest", "at")
    return tuple((version, digest, at) for version, digest, at in found)
