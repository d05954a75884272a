"""One record as people read it: answers, findings, history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from equipoise.forms import from_json
from equipoise.participant import ParticipantState
from equipoise.protocol.derive import with_derived
from equipoise.protocol.forms import Form, Group, Item
from equipoise.protocol.model import Study
from equipoise.rules import parse
from equipoise.safety import judge
from equipoise_server.store import documents
from equipoise_server.store import study as studies
from equipoise_server.store.queries import records, trial
from equipoise_server.store.queries.records import Version
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import (
    form_title,
    said,
    unit_text,
    value_text,
    visit_title,
)
from equipoise_server.web.shared.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One item: `standing` says what there is: value, empty, missing (required) or not-asked."""

    label: str
    value: str
    unit: str
    standing: str
    derived: bool
    note: str
    findings: tuple[str, ...]
    typed: bool  # in somebody's own words


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGroup:
    """Items under one heading."""

    title: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One answer that a version changed."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One version: who, when (UTC and on the site's clock), why, what changed."""

    version: int
    by: str
    at: datetime
    at_site: datetime
    on: date
    reason: str
    changes: tuple[Change, ...]
    removed: bool
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRecord:
    """A record with everything that can be read of it."""

    title: str
    visit: Words
    help: str
    on: date
    version: int
    groups: tuple[ShownGroup, ...]
    general: tuple[str, ...]
    history: tuple[Past, ...]
    zone: str
    older_form: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent:
    """One adverse event under the safety rules."""

    number: int
    term: str
    onset: str
    grade: str
    serious: bool | None
    related: bool | None
    emergent: bool | None
    outcome: str
    special: tuple[str, ...]


def record(
    page: Page, state: ParticipantState, form_id: str, visit: str, number: int
) -> ShownRecord | None:
    """The record as it stands at the moment of the page, or None."""
    versions = records.versions(state.code, form_id, visit, number, cut=page.moment.cut)
    if not versions:
        return None
    study = studies.of_digest(versions[0].study)  # what was collected is read as it was asked
    form = study.forms[form_id]
    zone = page.zone_of(state.site)
    open_ones = [
        one
        for one in records.findings(code=state.code, cut=page.moment.cut)
        if (one.form, one.visit, one.number) == (form_id, visit, number)
    ]
    reader = _Reader(page, study, form, zone)
    newest = versions[0]
    asked = _asked(study, form, newest, (state.code, visit, number))
    found: dict[str, list[str]] = {}
    for one in open_ones:
        found.setdefault(one.item, []).append(said(one.message, page.language))
    return ShownRecord(
        title=form_title(study, form_id, page.language, number),
        visit=visit_title(study, visit, page.language),
        help=form.help.say(page.language) if form.help else "",
        on=newest.on,
        version=newest.version,
        groups=tuple(reader.group(one, newest.answers or {}, asked, found) for one in form.groups),
        general=tuple(found.get("", ())),
        history=tuple(reader.past(versions)),
        zone=zone,
        older_form=newest.form_digest != page.study.form_digests.get(form_id),
    )


def _asked(
    study: Study, form: Form, version: Version, place: tuple[str, str, int]
) -> Mapping[str, bool]:
    """Whether the skip logic asks for each item, given the answers of this version."""
    code, visit, number = place
    around = documents.context(study, form, participant=code, visit=visit, number=number)
    own = from_json(form, version.answers or {})
    known = with_derived(study.protocol, {**around, **own})
    return {
        item.id: all(
            rule is None or parse(rule).run(known) is True
            for rule in (group.shown_if, item.shown_if)
        )
        for group in form.groups
        for item in group.items
    }


class _Reader:
    """Reads documents of one form for one viewer."""

    def __init__(self, page: Page, study: Study, form: Form, zone: str) -> None:
        self._study, self._form, self._zone = study, form, zone
        self._language, self._names = page.language, trial.names()

    def group(
        self,
        group: Group,
        values: Mapping[str, Any],
        asked: Mapping[str, bool],
        findings: Mapping[str, list[str]],
    ) -> ShownGroup:
        answers = tuple(
            self._answer(item, values, asked[item.id], tuple(findings.get(item.id, ())))
            for item in group.items
        )
        return ShownGroup(title=group.title.say(self._language), answers=answers)

    def _answer(
        self, item: Item, values: Mapping[str, Any], asked: bool, findings: tuple[str, ...]
    ) -> Answer:
        there = item.id in values
        missing = "missing" if item.required else "empty"
        return Answer(
            label=item.text.say(self._language),
            value=self.text(item, values) if there else "",
            unit=unit_text(item.unit) if there else "",
            standing="value" if there else (missing if asked else "not-asked"),
            derived=item.derive is not None,
            note=item.note.say(self._language) if item.note else "",
            findings=findings,
            typed=item.type == "text",
        )

    def text(self, item: Item, values: Mapping[str, Any]) -> str:
        """One stored answer in words."""
        typed = from_json(self._form, {item.id: values[item.id]})
        return value_text(self._study, item, typed[item.id], self._language, self._zone)

    def past(self, versions: tuple[Version, ...]) -> list[Past]:
        """Every version, newest first, with what it changed against the one before."""
        before: list[Version | None] = [*versions[1:], None]
        return [self._past(one, two) for one, two in zip(versions, before, strict=True)]

    def _past(self, version: Version, before: Version | None) -> Past:
        return Past(
            version=version.version,
            by=self._names.get(version.by, version.by),
            at=version.at,
            at_site=version.at.astimezone(ZoneInfo(self._zone)),
            on=version.on,
            reason=version.reason,
            changes=self._changes(version, before) if before else (),
            removed=version.answers is None,
            digest=version.digest,
        )

    def _changes(self, version: Version, before: Version) -> tuple[Change, ...]:
        now, then = version.answers or {}, before.answers or {}
        found = [
            Change(
                label=item.text.say(self._language),
                before=self.text(item, then) if item.id in then else "",
                after=self.text(item, now) if item.id in now else "",
            )
            for item in self._form.items()
            if now.get(item.id) != then.get(item.id)
        ]
        if version.on != before.on:
            days = before.on.isoformat(), version.on.isoformat()
            found.insert(0, Change(label=_("Date of the record"), before=days[0], after=days[1]))
        return tuple(found)


def events(page: Page, state: ParticipantState) -> tuple[ShownEvent, ...]:
    """The adverse events of a participant, judged by the safety rules."""
    rules = page.study.protocol.safety
    form = page.study.forms[rules.event_form]
    reader = _Reader(page, page.study, form, "UTC")
    kept = records.answers(page.study, [state.code], [form.id], cut=page.moment.cut)
    special = {one.id: one.text.say(page.language) for one in rules.special_interest}
    shown = []
    for one in kept.get(state.code, []):
        judged = judge(rules, one.values, first_dose_at=state.first_dose_at)
        outcome = form.item(rules.outcome_item)
        value = one.values.get(rules.outcome_item)
        shown.append(
            ShownEvent(
                number=one.number,
                term=judged.term or "",
                onset=str(one.values.get(rules.onset_item, "")),
                grade="" if judged.grade is None else str(judged.grade),
                serious=judged.serious,
                related=judged.related,
                emergent=judged.treatment_emergent,
                outcome=reader.text(outcome, {outcome.id: value}) if outcome and value else "",
                special=tuple(special[name] for name in judged.special_interest),
            )
        )
    return tuple(shown)
