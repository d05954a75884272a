"""The frame of every view: session, roles, moment, refusals. A view only says what it shows.

A view is written `def view(page: Page, ...)` under `@page_for("kind")`, where the kind is a
row of `access.READERS`, or under `@open_page`. A view without either cannot be reached: the
tests walk the addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language

from equipoise.errors import EquipoiseError, NotPermitted, say
from equipoise.participant import ParticipantState
from equipoise.protocol.model import Study
from equipoise_server.services.access.permissions import role_needed
from equipoise_server.store import study as studies
from equipoise_server.store.queries import participants
from equipoise_server.store.queries import trial as trials
from equipoise_server.store.queries.trial import TrialFacts
from equipoise_server.web.shared import session
from equipoise_server.web.shared.access import READERS
from equipoise_server.web.shared.moment import Moment, moment_of
from equipoise_server.web.shared.viewer import NOBODY, Viewer, viewer_of

_STUDY = "equipoise_study"
TEXT_LANGUAGES = {"zh-hans": "zh-Hans"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything a view may know about a request."""

    request: HttpRequest
    viewer: Viewer
    trial: TrialFacts | None
    moment: Moment

    @property
    def language(self) -> str:
        """The language as study texts name it: `en` or `zh-Hans`."""
        return text_language()

    @property
    def study(self) -> Study:
        """The study as it runs here, looked up once a request.

        A page about one participant (`code` in its address) has the version they are under;
        staff of one site see that of their site.
        """
        found: Study | None = getattr(self.request, _STUDY, None)
        if found is None:
            match = self.request.resolver_match
            code = str(match.kwargs.get("code", "")) if match else ""
            if self.trial is not None and not code:
                found = studies.of_digest(self.digest)
            else:
                found = studies.reading(code)
            setattr(self.request, _STUDY, found)
        return found

    @property
    def digest(self) -> str:
        """The version of this page: a participant's, that of the viewer's only site, or the newest."""
        found: Study | None = getattr(self.request, _STUDY, None)
        if found is not None:
            return found.digest
        if self.trial is None:
            return ""
        here = {site for _, site in self.viewer.held}
        only = here.pop() if len(here) == 1 else None
        if only is None or self.trial.digest == self.trial.first:
            return self.trial.digest
        return trials.in_force(only, self.moment.on) or self.trial.first

    def about(self, code: str) -> None:
        """Show the rest of this page under the version of one participant, as their own pages."""
        setattr(self.request, _STUDY, studies.reading(code))

    def participant(self, code: str) -> ParticipantState | None:
        """A participant now, or None; the rest of the page is shown under their version."""
        found = participants.known(code)
        if found is None:
            return None
        setattr(self.request, _STUDY, studies.of_digest(found.study))
        return found.state

    def zone_of(self, site: str) -> str:
        """The time zone of a site; UTC of an unknown one."""
        return self.trial.zone_of(site) if self.trial else "UTC"

    def require_site(self, kind: str, site: str) -> None:
        """Refuse a page about another site's data.

        Raises:
            NotPermitted: the viewer holds no fitting role there.

        """
        if not self.viewer.sees_site(kind, site):
            raise NotPermitted(say("read data of site {site}", site=site), "a role at that site")


View = Callable[..., HttpResponseBase]


def text_language() -> str:
    """The active language as study texts name it."""
    return TEXT_LANGUAGES.get(get_language() or "en", "en")


def look(request: HttpRequest) -> Page:
    """The page of a request, whoever asks."""
    trial = trials.trial()
    now = timezone.now()
    viewer = viewer_of(getattr(request, "user", None), now)
    if viewer.user is not None and not session.same_roles(request, viewer.held):
        viewer = NOBODY
    seen = viewer.sites("participants") or None
    moment = moment_of(request, trial, seen)
    return Page(request=request, viewer=viewer, trial=trial, moment=moment)


def open_page(view: View) -> View:
    """A view that everybody may open."""

    @wraps(view)
    def framed(request: HttpRequest, **given: Any) -> HttpResponseBase:
        session.keep_alive(request)
        return _answer(view, request, given)

    framed.readers = None  # type: ignore[attr-defined]
    return framed


def page_for(kind: str) -> Callable[[View], View]:
    """A view for the roles that may read this kind of page."""

    def frame(view: View) -> View:
        @wraps(view)
        def framed(request: HttpRequest, **given: Any) -> HttpResponseBase:
            lively = session.keep_alive(request)
            if not request.user.is_authenticated:
                return _to_sign_in(request, ended=not lively)
            response = _answer(view, request, given, kind)
            patch_cache_control(response, private=True, no_store=True)
            return response

        framed.readers = READERS[kind]  # type: ignore[attr-defined]
        return framed

    return frame


def _answer(
    view: View, request: HttpRequest, given: dict[str, Any], kind: str | None = None
) -> HttpResponseBase:
    from equipoise_server.web.shared.errors import problem, refused

    if any("\x00" in str(one) for one in (*given.values(), *request.GET.values())):
        return problem(request, 400)
    try:
        page = look(request)
        if kind is not None and page.viewer.user is None:
            return _to_sign_in(request, ended=True)
        if kind is not None and not page.viewer.may_read(kind):
            raise NotPermitted("open this page", role_needed(READERS[kind]))
        return view(page, **given)
    except EquipoiseError as error:
        return refused(request, error)


def _to_sign_in(request: HttpRequest, *, ended: bool) -> HttpResponseBase:
    where = quote(request.get_full_path())
    why = "&ended=1" if ended else ""
    return HttpResponseRedirect(f"{reverse('shared:sign-in')}?next={where}{why}")
