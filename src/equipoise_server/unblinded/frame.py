"""The frame of every page: who is signed in, the menu, refusals in words, and never a copy kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse, translate_url
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from equipoise.errors import (
    AssertionRefused,
    EquipoiseError,
    ExternalError,
    IntegrityError,
    NotPermitted,
)
from equipoise.protocol.model import Study
from equipoise_server.services.access.permissions import role_needed
from equipoise_server.store import study as studies
from equipoise_server.store.queries import trial as trials
from equipoise_server.store.queries.trial import TrialFacts
from equipoise_server.unblinded import keys, words
from equipoise_server.unblinded.keys import Person
from equipoise_server.web.shared.refusals import told

log = logging.getLogger(__name__)
PREPARERS = ("pharmacist", "unblinded monitor")
ROLES = {
    "reveal": ("investigator",),
    "report": ("safety reporter",),
    "worklist": PREPARERS,
    "prepare": ("pharmacist",),
    "kits": PREPARERS,
    "lots": PREPARERS,
    "accountability": PREPARERS,
    "preparations": PREPARERS,
    "journal": ("unblinded monitor",),
    "board": ("safety-board statistician", "safety-board member"),
    "interim": ("safety-board statistician", "safety-board member"),
}
"""Which roles see which page in the menu. What is told the allocator decides, each time."""

_MENU: tuple[tuple[str, str | Promise], ...] = (
    ("worklist", gettext_lazy("Worklist")),
    ("kits", gettext_lazy("Kits")),
    ("lots", gettext_lazy("Lots")),
    ("accountability", gettext_lazy("Accountability")),
    ("preparations", gettext_lazy("Preparations")),
    ("journal", gettext_lazy("Journal")),
    ("board", gettext_lazy("Safety board")),
    ("interim", gettext_lazy("Interim analysis")),
    ("report", gettext_lazy("Safety report")),
    ("reveal", gettext_lazy("Emergency unblinding")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a view may know about a request. `trial` is None where the store is out of reach."""

    request: HttpRequest
    person: Person | None
    trial: TrialFacts | None

    @property
    def language(self) -> str:
        """The language as study texts name it: `en` or `zh-Hans`."""
        return {"zh-hans": "zh-Hans"}.get(get_language() or "en", "en")

    @property
    def study(self) -> Study:
        """The study that runs here."""
        return studies.active()

    @property
    def me(self) -> Person:
        """The person who is signed in; pages for roles have one."""
        if self.person is None:
            raise AssertionRefused
        return self.person

    def arm_text(self, arm: str) -> str:
        """The title of an arm, or its id where the store is out of reach."""
        try:
            found = next((one for one in self.study.protocol.arms if one.id == arm), None)
        except (DatabaseError, EquipoiseError):
            found = None
        return found.title.say(self.language) if found else arm

    def product_text(self, arm: str) -> str:
        """The title of the product of an arm."""
        protocol = self.study.protocol
        made = {one.id: one for one in protocol.products}
        found = next((one for one in protocol.arms if one.id == arm), None)
        if found is None or found.product not in made:
            return self.arm_text(arm)
        return made[found.product].title.say(self.language)


View = Callable[..., HttpResponse]


def desk(request: HttpRequest) -> Desk:
    """The desk of a request."""
    try:
        trial = trials.trial()
    except DatabaseError:
        log.exception("the store is out of reach")
        trial = None
    return Desk(request=request, person=keys.person_of(request), trial=trial)


def page(view: View) -> View:
    """A view that checks itself who looks. Whatever it answers, no copy is kept."""

    @wraps(view)
    def framed(request: HttpRequest, **given: Any) -> HttpResponse:
        here = desk(request)
        try:
            answer = view(here, **given)
        except EquipoiseError as problem:
            answer = refused(here, problem)
        return unkept(answer)

    return framed


def page_for(name: str) -> Callable[[View], View]:
    """A view for the roles of one row of ROLES."""

    def frame(view: View) -> View:
        def checked(here: Desk, **given: Any) -> HttpResponse:
            if here.person is None:
                where = quote(here.request.get_full_path())
                return HttpResponseRedirect(f"{reverse('sign-in')}?next={where}")
            if not set(here.person.roles) & set(ROLES[name]):
                raise NotPermitted("open this page", role_needed(ROLES[name]))
            return view(here, **given)

        framed = wraps(view)(page(checked))
        framed.readers = ROLES[name]  # type: ignore[attr-defined]
        return framed

    return frame


def unkept(answer: HttpResponse) -> HttpResponse:
    """Tell every cache on the way, the browser's too, to keep nothing of it."""
    answer["Cache-Control"] = "no-store, max-age=0, private"
    answer["Pragma"] = "no-cache"
    answer["Referrer-Policy"] = "same-origin"
    return answer


def render(
    here: Desk, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A whole page."""
    whole = {
        "trial": here.trial,
        "person": here.person,
        "role_words": [words.ROLES.get(one, one) for one in here.person.roles]
        if here.person
        else [],
        "menu": _menu(here),
        "languages": _languages(here.request),
        "text_language": here.language,
        **(context or {}),
    }
    return HttpResponse(render_to_string(template, whole, here.request), status=status)


def _menu(here: Desk) -> list[dict[str, Any]]:
    roles = set(here.person.roles) if here.person else set()
    shown = [one for one in _MENU if roles & set(ROLES[one[0]])]
    return [
        {"url": reverse(name), "label": label, "current": reverse(name) == here.request.path}
        for name, label in shown or [_MENU[-1]]
    ]


def _languages(request: HttpRequest) -> list[dict[str, Any]]:
    path, active = request.get_full_path(), get_language()
    return [
        {"url": translate_url(path, code), "label": name, "code": code, "current": code == active}
        for code, name in settings.LANGUAGES
    ]


def sentence(problem: EquipoiseError) -> dict[str, Any]:
    """A refusal for a page: its code, and its words in the viewer's language."""
    own = words.said(problem.code)
    return {
        "code": problem.code,
        "words": own or told(problem),
        "detail": told(problem) if own and problem.code in words.IN_DETAIL else "",
    }


def status_of(problem: EquipoiseError) -> int:
    """The HTTP status of a refusal."""
    kinds = ((NotPermitted, 403), (ExternalError, 503), (IntegrityError, 500))
    return next((status for kind, status in kinds if isinstance(problem, kind)), 409)


def refused(here: Desk, problem: EquipoiseError) -> HttpResponse:
    """The page of a refusal."""
    status = status_of(problem)
    context = {"problem": sentence(problem), "title": _("This was not done"), "status": status}
    return render(here, "unblinded/problem.html", context, status=status)


def _failed(request: HttpRequest, status: int, title: str) -> HttpResponse:
    problem = {"code": f"http.{status}", "words": ""}
    context = {"problem": problem, "title": title, "status": status}
    return unkept(render(desk(request), "unblinded/problem.html", context, status=status))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _failed(request, 400, _("The request could not be read"))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _failed(request, 403, _("This is not open to you"))


def not_ours(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that did not come from one of these pages."""
    return _failed(request, 403, _("This form is too old. Go back, reload the page and try again."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _failed(request, 404, _("There is nothing at this address"))


def broken(request: HttpRequest) -> HttpResponse:
    """500."""
    return _failed(request, 500, _("Something is wrong here"))
