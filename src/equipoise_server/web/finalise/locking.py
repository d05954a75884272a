"""Locks: what stands, the checklist before one, and the request to take one away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from equipoise.errors import NotPermitted
from equipoise_server.services.trial import agree
from equipoise_server.services.trial.lock_part import lock_part
from equipoise_server.store import study as studies
from equipoise_server.store.locks import Part, is_locked
from equipoise_server.store.queries import checklist, trial
from equipoise_server.store.queries.finalising import Locked, locked
from equipoise_server.store.queries.lockings import Locking, lockings
from equipoise_server.web.finalise.frame import Where, attempt, frame, where
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.part import may, who
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import form_title, said, visit_title
from equipoise_server.web.shared.words import Words

SCOPES: dict[str, Words] = {
    "record": _("Record"),
    "visit": _("Visit"),
    "participant": _("Participant"),
    "site": _("Site"),
    "study": _("Study"),
}
POINTS: dict[str, Words] = {
    "queries": _("No query is open"),
    "incomplete": _("Every record is complete"),
    "unsigned": _("Every required signature is there"),
    "due": _("No form is due or overdue"),
    "unverified": _("Every answer that needs it was compared with its source"),
    "kits": _("Every unit of every kit is accounted for"),
}


SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPoint:
    """One point of the checklist in words, with the first things that are left."""

    words: Words
    total: int
    left: tuple[tuple[Where, str], ...]

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.total == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLock:
    """What was locked or unlocked, by whom, each with a reason if one was given."""

    locked: bool
    scope: Words
    what: str
    persons: tuple[tuple[str, str], ...]
    at: datetime


@page_for("locking")
def locks(page: Page) -> HttpResponse:
    """Locks that stand at the viewer's sites, what was locked and unlocked, and the sites."""
    sites = page.viewer.sites("locking")
    standing = [one for one in locked() if sites is None or one.site in sites]
    parts = [Part(scope=one.scope, **_place(one)) for one in standing[:SHOWN]]  # type: ignore[arg-type]
    closed = {one.site for one in standing if one.scope == "site"}
    here = [one for one in trial.sites() if sites is None or one.code in sites]
    names = trial.names()
    context = {
        **frame(page, "finalise:locks"),
        "locks": [
            (SCOPES[part.scope], _named(page, part), one.at, _url(part))
            for part, one in zip(parts, standing, strict=False)
        ],
        "total": len(standing),
        "told": [_told(page, one, names) for one in lockings(sites, cut=page.moment.cut)],
        "sites": [
            (one.code, said(one.name, page.language), one.code in closed, _url(_site(one.code)))
            for one in here
        ],
        "study_url": reverse("finalise:checklist") + "?scope=study" if sites is None else "",
        "study_locked": page.trial is not None and page.trial.locked_at is not None,
    }
    return render(page, "finalise/locks.html", context)


def _place(one: Locked) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("site", "participant", "visit", "form", "number")}


def _told(page: Page, one: Locking, names: Mapping[str, str]) -> ShownLock:
    part = one.part
    return ShownLock(
        locked=one.locked,
        scope=SCOPES[part.scope if part else "study"],
        what=_named(page, part) if part else page.study.protocol.short_title.say(page.language),
        persons=tuple((names.get(who, who), why) for who, why in one.persons.items()),
        at=one.at,
    )


def _site(code: str) -> Part:
    return Part(scope="site", site=code)


def _url(part: Part) -> str:
    query = QueryDict(mutable=True)
    for name in ("scope", "site", "participant", "visit", "form", "number"):
        value = getattr(part, name)
        if value:
            query[name] = str(value)
    return reverse("finalise:checklist") + "?" + query.urlencode()


def _named(page: Page, part: Part) -> str:
    words = [part.participant or part.site]
    if part.form:
        words.append(form_title(page.study, part.form, page.language, part.number))
    if part.visit:
        words.append(str(visit_title(page.study, part.visit, page.language)))
    return " · ".join(words)


@require_http_methods(["GET", "POST"])
@page_for("locking")
def checklist_of(page: Page) -> HttpResponse:
    """What is left before a part is locked; locking it, or asking to unlock it."""
    part = _asked(page)
    outcome = None
    if page.request.method == "POST":
        reason = page.request.POST.get("reason", "")
        act = page.request.POST.get("act", "")
        outcome = attempt(page, lambda by, at, key: _do(act, part, reason, by, at, key))
        if outcome.error is None:
            where_to = "finalise:locks" if act == "lock" and part else "finalise:proposals"
            return HttpResponseRedirect(reverse(where_to) + f"?done={act}")
    site = part.site if part else None
    shut = page.trial is not None and page.trial.locked_at is not None
    found = checklist.points(part, page.moment.at)
    context = {
        **frame(page, "finalise:locks", outcome),
        "scope": SCOPES[part.scope if part else "study"],
        "what": _named(page, part) if part else page.study.protocol.short_title.say(page.language),
        "reads": page.viewer.may_read("records"),
        "points": [_point(page, one) for one in found],
        "ready": all(one.done for one in found),
        "locked": is_locked(part) if part else shut,
        "may_lock": may(page, "lock a part" if part else "lock", site),
        "may_unlock": may(page, "unlock a part", site) if part else _may_unlock(page),
        "two": part is None,
    }
    status = status_of(outcome.error) if outcome and outcome.error else 200
    return render(page, "finalise/checklist.html", context, status=status)


def _may_unlock(page: Page) -> bool:
    from equipoise_server.services.access import permissions

    user = page.viewer.user
    return user is not None and permissions.may("unlock", by=user, at=timezone.now())


def _do(act: str, part: Part | None, reason: str, by: object, at: object, key: str) -> None:
    given = {"by": by, "at": at, "key": key}
    if act == "lock" and part is not None:
        lock_part(part, **given)  # type: ignore[arg-type]
    elif part is None:
        step = "lock" if act == "lock" else "unlock"
        agree.propose(step, {}, reason=reason, **given)  # type: ignore[arg-type]
    else:
        body = agree.part_body(part)
        agree.propose("unlock a part", body, reason=reason, **given)  # type: ignore[arg-type]


def _asked(page: Page) -> Part | None:
    """The part that the address names; None for the whole study.

    Raises:
        Http404: it names nothing. NotPermitted: another site.

    """
    asked = page.request.GET
    scope, number = asked.get("scope", ""), asked.get("number", "0")
    if scope == "study":
        if page.viewer.sites("locking") is not None:
            raise NotPermitted("lock the study", "a role at every site")
        return None
    if scope not in SCOPES or not number.isdecimal():
        raise Http404
    code = asked.get("participant", "")
    site = who(page, "locking", code).site if code else asked.get("site", "")
    if site not in {one.code for one in trial.sites()}:
        raise Http404
    page.require_site("locking", site)
    return Part(
        scope=scope,  # type: ignore[arg-type]
        site=site,
        participant=code,
        visit=asked.get("visit", "") if scope in ("visit", "record") else "",
        form=asked.get("form", "") if scope == "record" else "",
        number=int(number) if scope == "record" else 0,
    )


def _point(page: Page, point: checklist.Point) -> ShownPoint:
    left = []
    under = studies.of_participants({one.participant for one in point.left})
    for one in point.left:
        study = under[one.participant]
        place = where(study, page.language, one.participant, (one.form, one.visit, one.number))
        form = study.forms.get(one.form)
        item = form.item(one.item) if form and one.item else None
        left.append((place, item.text.say(page.language) if item else one.item))
    return ShownPoint(words=POINTS[point.kind], total=point.total, left=tuple(left))
