"""What My day says of consent: overdue, to sign anew, problems and wishes that wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from equipoise_server.store.queries import consents
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import plain_text
from equipoise_server.web.shared.words import LEVELS


def consent_tasks(page: Page) -> Iterator[dict[str, Any]]:
    """The fields of one task each; the past of a demonstration has none."""
    if page.moment.past or not page.viewer.may_read("consenting"):
        return
    sites = page.viewer.sites("consenting")
    for problem in consents.problems(sites):
        yield _task(
            str(problem.participant_id),
            _("Urgent problem: answer now") if problem.urgent else _("Problem to answer"),
            _("since %(day)s") % {"day": page.moment.local(problem.at).date()},
            reverse("consent:problem", args=[problem.token]),
            tone="bad" if problem.urgent else "warn",
            icon="alert",
            order=f"{0 if problem.urgent else 1}{problem.at.isoformat()}",
        )
    for later in consents.deferred(sites, page.moment.at):
        yield _task(
            later.code,
            _("Consent overdue: nothing of the study until it is given")
            if later.overdue
            else _("Consent due after its deferral"),
            _clock(page, later),
            reverse("consent:begin", args=[later.code]),
            tone="bad" if later.overdue else "warn",
            icon="pen",
            order=f"{0 if later.overdue else 2}{later.due_at.isoformat()}",
        )
    for wish in consents.wishes(sites):
        yield _task(
            str(wish.participant_id),
            _("Wishes to withdraw: %(level)s") % {"level": LEVELS[wish.level]},
            _("since %(day)s") % {"day": page.moment.local(wish.at).date()},
            reverse("entry:act", args=(wish.participant_id, "withdraw")),
            tone="warn",
            icon="exit",
            order=f"1{wish.at.isoformat()}",
        )
    for code in consents.to_sign_anew(sites, page.moment.at):
        yield _task(
            code,
            _("Consent to sign anew after an amendment"),
            "",
            reverse("consent:begin", args=[code]),
            tone="info",
            icon="pen",
            order=f"3{code}",
        )


def _clock(page: Page, later: consents.Deferred) -> str:
    """How much time is left, or how long ago it ran out; and when, on the clock of the site."""
    hours = abs(later.due_at - page.moment.at) / timedelta(hours=1)
    told = {
        "hours": f"{hours:.0f}" if hours >= 10 else f"{hours:.1f}",
        "day": plain_text(later.due_at, page.moment.zone),
    }
    if later.overdue:
        return _("%(hours)s h overdue, since %(day)s") % told
    return _("%(hours)s h left, until %(day)s") % told


def _task(who: str, what: str, when: str, url: str, **more: str) -> dict[str, Any]:
    return {"who": who, "what": what, "detail": who, "when": when, "url": url, **more}
