"""Post the trial of this server, and what the public is told of its sites."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from equipoise.errors import FormIncomplete, UnknownRecord, say
from equipoise.exchange.listing import of_study
from equipoise_server.services.access import permissions
from equipoise_server.services.portal.alert_volunteers import alert_volunteers
from equipoise_server.services.portal.list_studies import columns
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import ledger
from equipoise_server.store import study as studies
from equipoise_server.store.models import Listing, Site, SitePosting, User
from equipoise_server.store.queries.recruiting import recruiting_sites
from equipoise_server.store.queries.trial import sites, trial

SITE_STATUSES = ("recruiting", "not-yet", "paused", "closed")


def post_study(*, by: User, at: datetime, key: str) -> None:
    """Put the trial on the public list; volunteers who follow its field are told once.

    Raises:
        NotPermitted: `by` may not.

    """
    request = Request(verb="post the study", by=by, at=at, key=key, body={})

    def work() -> Answer:
        with connection.cursor() as cursor:
            permissions.require(cursor, request.verb, by=by, at=at)
            _note(cursor, "study-posted", by, at, {"study": studies.active().protocol.id})
        return {"status": refresh_listing(at=at, post=True)}

    perform(request, work)


def post_site(
    *,
    site: str,
    status: str,
    contact_name: str = "",
    contact_role: str = "",
    phone: str = "",
    mail: str = "",
    by: User,
    at: datetime,
    key: str,
) -> None:
    """Say whether a site recruits and whom one talks to there.

    Raises:
        NotPermitted: `by` may not, at this site.
        FormIncomplete: no such status, or a name or number too long.
        UnknownRecord: no such site.

    """
    told = {
        "contact_name": contact_name,
        "contact_role": contact_role,
        "phone": phone,
        "mail": mail,
    }
    _require_fitting(status, told)
    request = Request(
        verb="post a site", by=by, at=at, key=key, body={"site": site, "status": status, **told}
    )

    def work() -> Answer:
        with connection.cursor() as cursor:
            permissions.require(cursor, request.verb, by=by, at=at, site=site)
            if not Site.objects.filter(pk=site).exists():
                raise UnknownRecord(say("site {site}", site=site))
            SitePosting.objects.update_or_create(
                site_id=site,
                defaults={"status": status, **told, "by": by.username, "at": at},
            )
            _note(cursor, "site-posted", by, at, {"site": site, "status": status})
        return {"status": refresh_listing(at=at)}

    perform(request, work)


def _require_fitting(status: str, told: dict[str, str]) -> None:
    limits = {"contact_name": 120, "contact_role": 40, "phone": 32, "mail": 254}
    wrong = [name for name, most in limits.items() if len(told[name]) > most]
    if status not in SITE_STATUSES:
        wrong.append("status")
    if wrong:
        raise FormIncomplete(tuple(wrong))


def _note(cursor: object, what: str, by: User, at: datetime, payload: dict[str, str]) -> None:
    chain = ledger.STUDY_CHAIN
    ledger.append(cursor, chain=chain, what=what, by=by.username, at=at, payload=payload)


def refresh_listing(*, at: datetime, post: bool = False) -> str:
    """Bring the trial's own listing up to date; tell volunteers when it is posted or opens."""
    study, status = studies.active(), status_now()
    found = Listing.objects.filter(own=True).first()
    if found is None and not post:
        return status
    opens = status == "recruiting" and (found is None or found.opened_at is None)
    listed = of_study(study, status=status, sites=[one.name for one in sites()])
    row = found or Listing(own=True, posted_at=at)
    for name, value in columns(listed).items():
        setattr(row, name, value)
    row.posted, row.updated_on = True, at.date()
    row.opened_at = at if opens else row.opened_at
    row.save()
    if found is None or opens:
        occasion = "posted" if found is None else "opened"
        topics = tuple(listed.topics)
        transaction.on_commit(
            lambda: alert_volunteers(study=listed.study, occasion=occasion, topics=topics, at=at)
        )
    return status


def status_now() -> str:
    """The recruiting status that the trial and its sites have at this moment."""
    running = trial()
    if running is None:
        return "unknown"
    if running.locked_at is not None:
        return "completed"
    if any(recruiting_sites().values()):
        return "recruiting"
    posted = SitePosting.objects.values_list("status", flat=True)
    return "not-yet" if "not-yet" in posted else "closed-to-entry"
