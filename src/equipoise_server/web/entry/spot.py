"""Where somebody is about to write: participant, form, visit, number, and whether they may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.http import Http404
from django.utils import timezone

from equipoise.errors import Refused, UnknownRecord
from equipoise.forms import from_json
from equipoise.forms.record import Value
from equipoise.participant import ParticipantState
from equipoise.protocol.forms import Form
from equipoise.schedule.matrix import DAILY, DOSING, LOG
from equipoise_server.services.records.record import require_author
from equipoise_server.store import documents
from equipoise_server.store.models import User
from equipoise_server.store.queries import records
from equipoise_server.store.queries.records import Version
from equipoise_server.store.save import Place, standing, visits_of
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.visibility import visible_forms

KIND = "site work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One record as it stands. `versions` are newest first; `why_not` is set where it is read-only.

    `at` is now; `zone` and `today` are the site's.
    """

    state: ParticipantState
    form: Form
    visit: str
    number: int
    zone: str
    at: datetime
    versions: tuple[Version, ...]
    why_not: Refused | None

    @property
    def today(self) -> date:
        """The calendar date at the site."""
        return self.at.astimezone(ZoneInfo(self.zone)).date()

    @property
    def version(self) -> int:
        """The newest version, 0 where nothing is saved."""
        return self.versions[0].version if self.versions else 0

    def saved(self, version: int | None = None) -> dict[str, Value]:
        """The answers of a version (None: the newest), empty where there is none."""
        wanted = self.version if version is None else version
        found = next((one for one in self.versions if one.version == wanted), None)
        return from_json(self.form, found.answers or {}) if found else {}


def who(page: Page, code: str) -> ParticipantState:
    """A participant at a site where the viewer works.

    Raises:
        Http404: nobody has this code.
        NotPermitted: another site's participant.

    """
    state = page.participant(code)
    if state is None:
        raise Http404
    page.require_site(KIND, state.site)
    return state


def me(page: Page) -> User:
    """The person who is signed in; pages of this package are behind the sign-in."""
    user = page.viewer.user
    if user is None:
        raise Http404
    return user


def spot(page: Page, code: str, form: str, visit: str, number: int) -> Spot:
    """The record at that place, existing or not.

    Raises:
        Http404: there is no such place, or not for the viewer's roles.
        NotPermitted: another site's participant.

    """
    state, study = who(page, code), page.study
    if form not in visible_forms(study, page.viewer.roles_at(state.site)):
        raise Http404
    found, at = study.forms[form], timezone.now()
    if visit not in visits_of(study, form) or (number > 0) != _numbered(found, visit):
        raise Http404
    return Spot(
        state=state,
        form=found,
        visit=visit,
        number=number,
        zone=page.zone_of(state.site),
        at=at,
        versions=records.versions(code, form, visit, number, reading=study.digest),
        why_not=_why_not(Place(participant=code, form=form, visit=visit, number=number), page, at),
    )


def _numbered(form: Form, visit: str) -> bool:
    """Whether records of the form are numbered there: by day, by dose, or in a log."""
    return form.repeats and visit in (DAILY, DOSING, LOG)


def _why_not(place: Place, page: Page, at: datetime) -> Refused | None:
    """What would refuse a save now, or None. Asked of the same functions as the save itself."""
    with connection.cursor() as cursor:
        try:
            found = standing(cursor, place, step="record", at=at)
            require_author(cursor, found, by=me(page), at=at)
        except UnknownRecord as problem:
            raise Http404 from problem
        except Refused as refusal:
            return refusal
    return None


def around(page: Page, here: Spot) -> dict[str, object]:
    """What the rules of the form read of the participant's other records."""
    return documents.context(
        page.study,
        here.form,
        participant=here.state.code,
        visit=here.visit,
        number=here.number,
    )


def before(page: Page, here: Spot) -> dict[str, Value]:
    """The answers of the record of the same form that came before this one."""
    kept = records.answers(page.study, [here.state.code], [here.form.id])
    limit = here.versions[0].on if here.versions else here.today
    earlier = [
        one
        for one in kept.get(here.state.code, [])
        if (one.visit, one.number) != (here.visit, here.number) and one.on <= limit
    ]
    return dict(earlier[-1].values) if earlier else {}
