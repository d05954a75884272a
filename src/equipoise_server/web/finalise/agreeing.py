"""Steps that wait for a second person, and what is asked of them; ordering a redaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from equipoise.errors import UnknownRecord
from equipoise_server.services.access import permissions
from equipoise_server.services.trial import agree
from equipoise_server.store.queries import records, trial
from equipoise_server.store.queries.entries import written
from equipoise_server.store.queries.finalising import Proposed, proposals, removed
from equipoise_server.store.save import Place
from equipoise_server.web.finalise.frame import Where, attempt, frame, where
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.part import me, who
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import form_title, visit_title
from equipoise_server.web.shared.visibility import visible_forms
from equipoise_server.web.shared.words import Words

STEPS: dict[str, Words] = {
    "unlock a part": _("Unlock"),
    "redact": _("Remove an identifier"),
    "lock": _("Lock the study"),
    "unlock": _("Unlock the study"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One step that waits: what, about what, who asked and why."""

    id: int
    step: Words
    about: str
    by: str
    own: bool
    reason: str
    at: object


@page_for("agreeing")
def waiting(page: Page) -> HttpResponse:
    """Every step that waits for a second person and that the viewer may see."""
    shown = [_shown(page, one) for one in proposals() if _sees(page, one)]
    return render(
        page, "finalise/proposals.html", {**frame(page, "finalise:proposals"), "waiting": shown}
    )


def _sees(page: Page, one: Proposed) -> bool:
    site = _site(one.body)
    if one.body and not site:
        return False
    return page.viewer.sees_site("agreeing", site) if site else _everywhere(page)


def _everywhere(page: Page) -> bool:
    return page.viewer.sites("agreeing") is None


def _site(body: Mapping[str, Any]) -> str:
    if body.get("site"):
        return str(body["site"])
    from equipoise_server.store.queries import participants

    state = participants.state(str(body.get("participant", "")))
    return state.site if state else ""


def _shown(page: Page, one: Proposed) -> Shown:
    body = one.body
    words = [str(body.get("participant") or body.get("site") or "")]
    if body.get("form"):
        words.append(
            form_title(page.study, body["form"], page.language, int(body.get("number", 0)))
        )
    if body.get("visit"):
        words.append(str(visit_title(page.study, body["visit"], page.language)))
    form = page.study.forms.get(str(body.get("form", "")))
    for item in body.get("items", ()):
        found = form.item(item) if form else None
        words.append(found.text.say(page.language) if found else item)
    words += [_("reason of version %(n)s") % {"n": one} for one in body.get("reasons", ())]
    texts = len(body.get("turns", ()))
    words += [_("texts: %(n)s") % {"n": texts}] if texts else []
    return Shown(
        id=one.id,
        step=STEPS[one.step],
        about=" · ".join(word for word in words if word),
        by=trial.names().get(one.by, one.by),
        own=one.by == me(page).username,
        reason=one.reason,
        at=one.at,
    )


@require_http_methods(["GET", "POST"])
@page_for("agreeing")
def answer(page: Page, number: int) -> HttpResponse:
    """One step: agree to it with a reason, or decline."""
    found = next((one for one in proposals() if one.id == number and _sees(page, one)), None)
    if found is None:
        raise Http404
    outcome = None
    if page.request.method == "POST":
        asked = page.request.POST
        agrees = asked.get("act") == "agree"
        reason = asked.get("reason", "")
        outcome = attempt(
            page,
            lambda by, at, key: (
                agree.agree(number, by=by, reason=reason, at=at, key=key)
                if agrees
                else agree.decline(number, by=by, at=at, key=key)
            ),
        )
        if outcome.error is None:
            done = "agreed" if agrees else "declined"
            return HttpResponseRedirect(reverse("finalise:proposals") + f"?done={done}")
    context = {
        **frame(page, "finalise:proposals", outcome),
        "one": _shown(page, found),
        "redacts": found.step == "redact",
    }
    status = status_of(outcome.error) if outcome and outcome.error else 200
    return render(page, "finalise/proposal.html", context, status=status)


@require_http_methods(["GET", "POST"])
@page_for("redacting")
def redact(page: Page, code: str, form: str, visit: str, number: int) -> HttpResponse:
    """Choose answers of a record to remove for good, and say why; a second person decides."""
    state = who(page, "redacting", code)
    if form not in visible_forms(page.study, page.viewer.roles_at(state.site)):
        raise Http404
    versions = records.versions(code, form, visit, number, reading=page.study.digest)
    if not versions:
        raise Http404
    outcome = None
    if page.request.method == "POST":
        chosen = page.request.POST
        outcome = attempt(
            page,
            lambda by, at, key: _order(
                Place(participant=code, form=form, visit=visit, number=number),
                chosen,
                by=by,
                at=at,
                key=key,
                reason=page.request.POST.get("reason", ""),
            ),
        )
        if outcome.error is None:
            return HttpResponseRedirect(reverse("finalise:proposals") + "?done=asked")
    talked = written(code, (form, visit, number))
    held = {name for one in versions for name, value in (one.answers or {}).items() if value}
    held |= {name for one in versions for name, v in (one.answers or {}).items() if v in (0, False)}
    reasons = [(one.version, one.reason) for one in versions if one.removable]
    items = [
        (item.id, item.text.say(page.language))
        for item in page.study.forms[form].items()
        if item.id in held
    ]
    context = {
        **frame(page, "finalise:proposals", outcome),
        "something": bool(items or reasons or talked),
        "place": where(page.study, page.language, code, (form, visit, number)),
        "items": items,
        "reasons": reasons,
        "turns": [(one.digest, one.by, one.at, one.text) for one in talked],
        "removed": removed(code, form, visit, number),
        "may": not page.moment.past
        and permissions.may("order a redaction", by=me(page), at=page.moment.at, site=state.site),
    }
    status = status_of(outcome.error) if outcome and outcome.error else 200
    return render(page, "finalise/redact.html", context, status=status)


@require_http_methods(["GET", "POST"])
@page_for("redacting")
def redact_texts(page: Page, code: str) -> HttpResponse:
    """Choose what was written in the history of a participant, to remove for good."""
    state = who(page, "redacting", code)
    outcome = None
    if page.request.method == "POST":
        chosen = page.request.POST
        nowhere = Place(participant=code, form="", visit="", number=0)
        reason = chosen.get("reason", "")
        outcome = attempt(
            page,
            lambda by, at, key: _order(nowhere, chosen, by=by, at=at, key=key, reason=reason),
        )
        if outcome.error is None:
            return HttpResponseRedirect(reverse("finalise:proposals") + "?done=asked")
    turns = [(one.digest, one.by, one.at, one.text) for one in written(code)]
    url = reverse("site:participant", args=[code])
    context = {
        **frame(page, "finalise:proposals", outcome),
        "something": bool(turns),
        "place": Where(participant=code, title=str(_("History")), visit="", url=url),
        "turns": turns,
        "may": not page.moment.past
        and permissions.may("order a redaction", by=me(page), at=page.moment.at, site=state.site),
    }
    status = status_of(outcome.error) if outcome and outcome.error else 200
    return render(page, "finalise/redact.html", context, status=status)


def _order(place: Place, chosen: QueryDict, *, reason: str, **given: Any) -> None:
    items, turns = chosen.getlist("item"), chosen.getlist("turn")
    versions = [
        int(one) for one in chosen.getlist("of-version") if one.isdecimal() and len(one) < 9
    ]
    if not items and not turns and not versions:
        raise UnknownRecord("answer chosen to be removed")
    body = agree.redaction_body(place, items, versions, turns)
    agree.propose("redact", body, reason=reason, **given)
