"""Let a site work under a new protocol version from a day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from equipoise.errors import AmendmentRefused, UnknownRecord, say
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, locks, versions
from equipoise_server.store.models import Amendment, Site, SiteApproval, SiteVersion, User

STEP = "activate an amendment"
LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The document by which the ethics committee of a site approved a version, and its date."""

    reference: str
    on: date


def activate_amendment(
    digest: str, *, site: str, on: date, approval: Approval, by: User, at: datetime, key: str
) -> None:
    """Put a published version in force at a site from a site date on, once it is approved there.

    New participants start under it. Others move at their next visit, or, where people have
    to agree anew, with the consent that they sign to it.

    Raises:
        AmendmentRefused: the day is over, a newer version is in force there, or the approval has
            no reference or comes after that day.
        UnknownRecord: no such amendment or site.
        NotPermitted, Locked, PartLocked, KeyReused.

    """
    body = {"digest": digest, "site": site, "on": on, "approval": approval}
    request = Request(verb=STEP, by=by, at=at, key=key, body=body)
    perform(request, lambda: _activate(request, digest, site, on, approval))


def _activate(request: Request, digest: str, code: str, on: date, approval: Approval) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, ledger.STUDY_CHAIN)
        require_unlocked(cursor, STEP)
        permissions.require(cursor, STEP, by=by, at=at, site=code)
        amendment = Amendment.objects.filter(pk=digest).first()
        site = Site.objects.filter(pk=code, closed_at__isnull=True).first()
        if amendment is None or site is None:
            raise UnknownRecord(
                say("amendment {digest}", digest=digest[:12])
                if site
                else say("open site {code}", code=code)
            )
        locks.require_unlocked(cursor, site=code, step=STEP)
        today = at.astimezone(ZoneInfo(site.timezone)).date()
        if on < today:
            raise AmendmentRefused(
                say("{on} is over at {code}; choose today or a later day", on=on, code=code)
            )
        _require_approved(approval, today)
        _require_newer(amendment, code)
        row = SiteVersion.objects.create(site=site, study_id=digest, on=on, by=by.username, at=at)
        SiteApproval.objects.create(
            activation=row, reference=approval.reference.strip(), on=approval.on
        )
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what=versions.ACTIVATED,
            by=by.username,
            at=at,
            payload=versions.activated(row),
        )
    return {}


def _require_approved(approval: Approval, today: date) -> None:
    """Nobody works under a version that the ethics committee of the site has not approved."""
    if not approval.reference.strip():
        raise AmendmentRefused(
            "no document is named by which the ethics committee of the site approved it"
        )
    if len(approval.reference.strip()) > LONGEST:
        raise AmendmentRefused(
            say("the name of the approval has more than {most} characters", most=LONGEST)
        )
    if approval.on > today:
        raise AmendmentRefused(
            say("the approval of {on} lies ahead; wait until it is given", on=approval.on)
        )


def _require_newer(amendment: Amendment, site: str) -> None:
    """A site goes forward only, and later versions later."""
    there = SiteVersion.objects.filter(site=site).values_list("study_id", flat=True)
    numbers = Amendment.objects.filter(pk__in=list(there)).values_list("number", flat=True)
    newest = max(numbers, default=0)
    if newest >= amendment.number:
        raise AmendmentRefused(
            say(
                "amendment {newest} is in force at {site} already, or planned",
                newest=newest,
                site=site,
            )
        )
