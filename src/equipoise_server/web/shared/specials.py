"""Special situations of participants, such as a pregnancy: what is to be reported, and by when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from equipoise.forms import Record
from equipoise.participant import ParticipantState
from equipoise.protocol.derive import with_derived
from equipoise.protocol.finalising import SpecialReport
from equipoise.protocol.model import Study
from equipoise.safety import Special, needs, special
from equipoise.schedule.matrix import LOG
from equipoise_server.store import documents
from equipoise_server.store import study as studies
from equipoise_server.store.queries import records
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.words import Words

STAGES: dict[str, Words] = {
    "to-report": _("to be reported"),
    "to-submit": _("to be sent to the sponsor"),
    "followed": _("followed to its outcome"),
    "closed": _("outcome known"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSpecial:
    """One situation of one participant. `url` leads to its form, or to its record."""

    code: str
    title: str
    words: Words
    stage: str
    due_at: datetime | None
    url: str

    @property
    def waits(self) -> bool:
        """Whether its clock runs."""
        return self.due_at is not None


def specials(
    page: Page, people: Collection[tuple[ParticipantState, Study]]
) -> dict[str, tuple[ShownSpecial, ...]]:
    """The situations of some participants, each under their own protocol version, by code.

    Only who was randomised has been exposed; of others nothing is asked.
    """
    found: dict[str, tuple[ShownSpecial, ...]] = {}
    exposed = [(state, study) for state, study in people if state.randomised]
    for study in studies.distinct(study for _state, study in exposed):
        reports = study.protocol.safety.reports
        if not reports:
            continue
        here = [state for state, own in exposed if own is study]
        rules = tuple(one.rule for one in reports)
        forms = documents.forms_naming(study, rules) | {one.form for one in reports}
        codes = [one.code for one in here]
        answered = records.answers(study, codes, forms, cut=page.moment.cut)
        for state in here:
            kept = answered.get(state.code, [])
            every = (_one(page, study, one, state, kept) for one in reports)
            found[state.code] = tuple(one for one in every if one is not None)
    return found


def _one(
    page: Page, study: Study, report: SpecialReport, state: ParticipantState, kept: list[Record]
) -> ShownSpecial | None:
    known = with_derived(study.protocol, documents.answers(study, kept))
    own = [one for one in kept if one.form == report.form and one.visit == LOG]
    if not own and not needs(report, known):
        return None
    newest = own[-1] if own else None
    stands = special(report, newest.values if newest else None, _since(page, study, report, kept))
    return ShownSpecial(
        code=state.code,
        title=report.title.say(page.language),
        words=STAGES[stands.stage],
        stage=stands.stage,
        due_at=stands.due_at,
        url=_url(page, report, state, stands, newest.number if newest else 0),
    )


def _since(page: Page, study: Study, report: SpecialReport, kept: list[Record]) -> datetime:
    """When the newest record that the rule reads was first saved: from then the site could know."""
    read = documents.forms_naming(study, (report.rule,))
    named = [one for one in kept if one.form in read] or kept
    one = named[-1]
    saves = records.versions(one.participant, one.form, one.visit, one.number, cut=page.moment.cut)
    return saves[-1].at if saves else page.moment.at


def _url(
    page: Page, report: SpecialReport, state: ParticipantState, stands: Special, number: int
) -> str:
    place = (state.code, report.form, LOG, number)
    works = page.viewer.may("record", state.site) and not page.moment.past
    if works and stands.stage != "closed":
        return reverse("entry:form", args=place)
    if stands.stage == "to-report":
        return reverse("site:participant", args=[state.code]) + "#specials"
    return reverse("site:record", args=place)


def reports_on(study: Study) -> Mapping[str, SpecialReport]:
    """The reports of a version by the form that they are made on."""
    return {one.form: one for one in study.protocol.safety.reports}
