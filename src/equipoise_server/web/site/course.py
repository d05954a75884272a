"""One participant's course so far: state, records, what the schedule expects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from equipoise.forms import Record
from equipoise.participant import ParticipantState, timeline
from equipoise.protocol.model import Study
from equipoise.protocol.remember import Remembered
from equipoise.schedule import Due, due
from equipoise_server.store import documents
from equipoise_server.store.queries import records, trial
from equipoise_server.store.queries.records import Head, Key
from equipoise_server.web.shared.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A participant's state, records by form, visit and number, and everything expected."""

    state: ParticipantState
    heads: Mapping[Key, Head]
    dues: tuple[Due, ...]
    zone: str

    def findings(self, forms: Collection[str]) -> int:
        """How many findings are open on these forms."""
        return sum(head.findings for head in self.heads.values() if head.form in forms)


def courses(page: Page, states: Collection[ParticipantState]) -> tuple[Course, ...]:
    """The courses of several participants, with three queries for all of them."""
    codes = [state.code for state in states]
    study, cut = page.study, page.moment.cut
    heads = records.heads(codes, cut=cut)
    answered = records.answers(study, codes, _read_by_schedule(study), cut=cut)
    zones = {site.code: site.timezone for site in trial.sites()}
    return tuple(
        _course(page, state, heads.get(state.code, []), answered.get(state.code, []), zones)
        for state in states
    )


def _course(
    page: Page,
    state: ParticipantState,
    heads: list[Head],
    answered: list[Record],
    zones: Mapping[str, str],
) -> Course:
    zone = zones.get(state.site, "UTC")
    kept = {head.key: head for head in heads}
    known = documents.answers(page.study, answered)
    samples = page.study.participants.samples
    lived = timeline(state, recorded=kept, answers=known, zone=zone, samples=samples)
    dues = due(page.study.protocol, lived, page.moment.on)
    return Course(state=state, heads=kept, dues=dues, zone=zone)


def _conditions(study: Study) -> frozenset[str]:
    """The forms whose answers decide what is due."""
    rules = [one.condition for one in study.protocol.schedule]
    rules += [one.daily.condition for one in study.protocol.schedule if one.daily]
    return documents.forms_naming(study, tuple(rule for rule in rules if rule))


_read_by_schedule: Remembered[Study, frozenset[str]] = Remembered(_conditions)
