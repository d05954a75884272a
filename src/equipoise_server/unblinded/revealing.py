"""Emergency unblinding, and unblinding for one safety report. The arm is in one answer alone.

Two steps. The first names participant and reason, and fetches a nonce. The second gives the PIN
or has a passkey sign; the nonce goes with it, so that a reload, a second click or a copy of the request shows nothing.
Neither step needs a session, the store or mail: the allocator is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError
from django.http import HttpResponse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from equipoise.errors import EquipoiseError, NotRandomised, ReasonRequired, UnknownRecord
from equipoise_server.allocator import asking
from equipoise_server.allocator.asking import Secret
from equipoise_server.store.queries import participants
from equipoise_server.unblinded import devices, frame
from equipoise_server.unblinded.frame import Desk, page, render

LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One of the two doors: its verb and its template."""

    verb: str
    name: str
    event: bool


EMERGENCY = Kind(verb="reveal", name="reveal", event=False)
REPORT = Kind(verb="reveal for a report", name="report", event=True)


@sensitive_post_parameters("pin", "release")
@require_http_methods(["GET", "POST"])
@page
def reveal(here: Desk) -> HttpResponse:
    """Emergency unblinding of one participant."""
    return _answer(here, EMERGENCY)


@sensitive_post_parameters("pin")
@require_http_methods(["GET", "POST"])
@page
def reveal_for_report(here: Desk) -> HttpResponse:
    """Unblinding for the expedited report of one event."""
    return _answer(here, REPORT)


def _answer(here: Desk, kind: Kind) -> HttpResponse:
    posted = here.request.POST
    if here.request.method == "GET":
        given = {"person": here.person.name if here.person else "", "participant": ""}
        given |= {"reason": "", "event": "1"}
        given["participant"] = here.request.GET.get("participant", "")
        return _first(here, kind, given)
    given = {
        "person": posted.get("person", "").strip(),
        "participant": posted.get("participant", "").strip().upper(),
        "reason": posted.get("reason", "").strip()[:LONGEST_REASON],
        "event": posted.get("event", "1").strip(),
    }
    try:
        about = _about(kind, given)
        if "nonce" not in posted:
            return _second(here, kind, given, about)
        return _told(here, kind, given, about)
    except EquipoiseError as problem:
        return _first(here, kind, given, _plainer(given["participant"], problem))


def _about(kind: Kind, given: dict[str, str]) -> dict[str, Any]:
    if not given["reason"]:
        raise ReasonRequired("Unblinding")
    about: dict[str, Any] = {"participant": given["participant"], "reason": given["reason"]}
    if kind.event:
        about["event"] = int(given["event"]) if given["event"].isdecimal() else 0
    return about


def _first(
    here: Desk, kind: Kind, given: dict[str, str], problem: EquipoiseError | None = None
) -> HttpResponse:
    context = {
        "kind": kind,
        "given": given,
        "problem": frame.sentence(problem) if problem else None,
        "limit": problem is not None and problem.code == "refused.reveal-limit",
    }
    status = frame.status_of(problem) if problem else 200
    return render(here, "unblinded/reveal.html", context, status=status)


def _second(here: Desk, kind: Kind, given: dict[str, str], about: dict[str, Any]) -> HttpResponse:
    asked = asking.challenged(given["person"], kind.verb, about)
    context = {"kind": kind, "given": given, **asked, "asks_code": "release" in here.request.POST}
    return render(here, "unblinded/reveal_confirm.html", context)


def _told(here: Desk, kind: Kind, given: dict[str, str], about: dict[str, Any]) -> HttpResponse:
    posted = here.request.POST
    person, code, signed = given["person"], posted.get("release", ""), devices.signed(posted)
    if signed is not None:
        arm = asking.with_passkey(person, kind.verb, about, signed, release_code=code)
    else:
        secret = Secret(person=person, kind="pin", typed=posted.get("pin", ""))
        nonce = posted["nonce"]
        arm = asking.with_secret(secret, kind.verb, about, release_code=code, nonce=nonce)
    shown = {
        "kind": kind,
        "given": given,
        "arm": here.arm_text(arm),
        "at": datetime.now(UTC),
    }
    return render(here, "unblinded/revealed.html", shown)


def _plainer(code: str, problem: EquipoiseError) -> EquipoiseError:
    """Tell a participant without an allocation from a code that nobody has, where the store can."""
    if not isinstance(problem, UnknownRecord):
        return problem
    try:
        known = participants.state(code) is not None
    except DatabaseError:
        return problem
    return NotRandomised(code, "unblinding") if known else problem
