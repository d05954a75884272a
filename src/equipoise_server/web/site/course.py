"""One participant's course so far: state, records, what the schedule expects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from equipoise.forms import Record
from equipoise.participant import ParticipantState, timeline
from equipoise.protocol.model import Study
from equipoise.protocol.remember import Remembered
from equipoise.schedule import Due, due
from equipoise_server.store import documents
from equipoise_server.store import study as studies
from equipoise_server.store.queries import records
from equipoise_server.store.queries.records import Head, Key
from equipoise_server.web.shared.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A participant's state, records by form, visit and number, and everything expected.

    `study`: the protocol version that the participant is under.
    """

    state: ParticipantState
    study: Study
    heads: Mapping[Key, Head]
    dues: tuple[Due, ...]
    zone: str

    def findings(self, forms: Collection[str]) -> int:
        """How many findings are open on these forms."""
        return sum(head.findings for head in self.heads.values() if head.form in forms)


def courses(
    page: Page,
    states: Collection[ParticipantState],
    heads: Mapping[str, list[Head]] | None = None,
) -> tuple[Course, ...]:
    """The courses of several participants, each under their own protocol version.

    `heads`: their records where they are known. Few queries for all of them, and one more for
    every further version.
    """
    codes, cut = [state.code for state in states], page.moment.cut
    under = studies.of_participants(codes, cut=cut)
    known = records.heads(codes, cut=cut) if heads is None else heads
    answered = _answered(under, cut)
    return tuple(
        _course(
            page.moment.on,
            state,
            under[state.code],
            known.get(state.code, []),
            answered.get(state.code, []),
            page.zone_of(state.site),
        )
        for state in states
    )


def _answered(under: Mapping[str, Study], cut: datetime | None) -> dict[str, list[Record]]:
    """The answers that decide what is due, each read under the participant's version."""
    found: dict[str, list[Record]] = {}
    for study in studies.distinct(under.values()):
        codes = [code for code, own in under.items() if own is study]
        found |= records.answers(study, codes, _read_by_schedule(study), cut=cut)
    return found


def _course(
    on: date,
    state: ParticipantState,
    study: Study,
    heads: list[Head],
    answered: list[Record],
    zone: str,
) -> Course:
    kept = {head.key: head for head in heads}
    known = documents.answers(study, answered)
    samples = study.participants.samples
    lived = timeline(state, recorded=kept, answers=known, zone=zone, samples=samples)
    dues = due(study.protocol, lived, on)
    return Course(state=state, study=study, heads=kept, dues=dues, zone=zone)


def _conditions(study: Study) -> frozenset[str]:
    """The forms whose answers decide what is due."""
    rules = [one.condition for one in study.protocol.schedule]
    rules += [one.daily.condition for one in study.protocol.schedule if one.daily]
    return documents.forms_naming(study, tuple(rule for rule in rules if rule))


_read_by_schedule: Remembered[Study, frozenset[str]] = Remembered(_conditions)
