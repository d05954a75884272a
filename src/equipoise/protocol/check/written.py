"""Every expression of a study: where it stands, what it may name, what it must give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.folder import CLEANING_FILE, PROTOCOL_FILE
from equipoise.protocol.forms import Form
from equipoise.protocol.names import KINDS, Names
from equipoise.protocol.places import Key, Path
from equipoise.rules.items import ItemKind

Part = Literal[
    "eligibility", "derived", "schedule", "dosing", "form", "endpoint", "safety", "set", "cleaning"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One expression. `form` is the form that it belongs to or reads, if there is one."""

    path: Path
    text: str
    names: Names
    wanted: ItemKind
    part: Part
    form: Form | None = None


def expressions(subject: Subject) -> Iterator[Written]:
    """All expressions of a study that must fit its names."""
    yield from _participant(subject)
    yield from _derived(subject)
    for form in subject.study.forms.values():
        yield from _form(subject, form)
    yield from _endpoints(subject)
    yield from _safety(subject)
    yield from _cleaning(subject)


def _participant(subject: Subject) -> Iterator[Written]:
    protocol = subject.protocol
    found: list[tuple[Part, tuple[Key, ...], str | None]] = []
    for number, criterion in enumerate(protocol.eligibility):
        found.append(("eligibility", ("eligibility", number, "rule"), criterion.rule))
    for number, activity in enumerate(protocol.schedule):
        found.append(("schedule", ("schedule", number, "condition"), activity.condition))
        if activity.daily:
            path = ("schedule", number, "daily", "condition")
            found.append(("schedule", path, activity.daily.condition))
    for number, one in enumerate(protocol.analysis.sets):
        found.append(("set", ("analysis", "sets", number, "requires"), one.requires))
    if protocol.dosing:
        for name in ("holds", "stops"):
            rules = protocol.dosing.holds if name == "holds" else protocol.dosing.stops
            for number, rule in enumerate(rules):
                found.append(("dosing", ("dosing", name, number, "rule"), rule.rule))
    for number, report in enumerate(protocol.safety.reports):
        found.append(("schedule", ("safety", "reports", number, "rule"), report.rule))
    for part, at, text in found:
        if text is not None:
            yield _plain(subject, part, at, text)


def _plain(
    subject: Subject, part: Part, keys: tuple[Key, ...], text: str, wanted: ItemKind = "boolean"
) -> Written:
    path = (PROTOCOL_FILE, *keys)
    return Written(path=path, text=text, names=subject.names, wanted=wanted, part=part)


def _derived(subject: Subject) -> Iterator[Written]:
    for number, derived in enumerate(subject.protocol.derived):
        if derived.expression is not None:
            keys = ("derived", number, "expression")
            yield _plain(subject, "derived", keys, derived.expression, KINDS[derived.type])
        for position, row in enumerate(derived.rows):
            yield _plain(
                subject, "derived", ("derived", number, "rows", position, "when"), row.when
            )


def _form(subject: Subject, form: Form) -> Iterator[Written]:
    names = subject.inside(form)
    found: list[tuple[tuple[Key, ...], str | None, ItemKind]] = []
    for number, group in enumerate(form.groups):
        found.append((("groups", number, "shown_if"), group.shown_if, "boolean"))
        for position, item in enumerate(group.items):
            at = ("groups", number, "items", position)
            found.append(((*at, "shown_if"), item.shown_if, "boolean"))
            found.append(((*at, "derive"), item.derive, KINDS[item.type]))
    for number, check in enumerate(form.checks):
        found.append((("checks", number, "rule"), check.rule, "boolean"))
    for keys, text, wanted in found:
        if text is not None:
            path = subject.form_path(form.id, *keys)
            yield Written(path=path, text=text, names=names, wanted=wanted, part="form", form=form)


def _endpoints(subject: Subject) -> Iterator[Written]:
    for number, endpoint in enumerate(subject.protocol.endpoints):
        form = subject.study.forms.get(endpoint.form or "")
        for name in ("rule", "relapse", "requires"):
            text = getattr(endpoint, name)
            if text is not None:
                path = (PROTOCOL_FILE, "endpoints", number, name)
                yield _reading(subject, "endpoint", path, text, form)


def _safety(subject: Subject) -> Iterator[Written]:
    protocol = subject.protocol
    form = subject.study.forms.get(protocol.safety.event_form)
    found: list[tuple[str, str, Iterable[str]]] = [
        ("safety", "special_interest", [one.rule for one in protocol.safety.special_interest]),
        ("safety", "clocks", [one.rule for one in protocol.safety.clocks]),
    ]
    if protocol.safety_board:
        rules = [one.rule for one in protocol.safety_board.triggers]
        found.append(("safety_board", "triggers", rules))
    for owner, name, texts in found:
        for number, text in enumerate(texts):
            path = (PROTOCOL_FILE, owner, name, number, "rule")
            yield _reading(subject, "safety", path, text, form)


def _cleaning(subject: Subject) -> Iterator[Written]:
    plan = subject.study.cleaning
    found = [
        ("cross_checks", number, one.form, one.rule) for number, one in enumerate(plan.cross_checks)
    ]
    found += [
        ("deviations", number, one.form, one.rule) for number, one in enumerate(plan.deviations)
    ]
    for name, number, form_id, text in found:
        form = subject.study.forms.get(form_id)
        if text and form:
            path = (CLEANING_FILE, name, number, "rule")
            yield _reading(subject, "cleaning", path, text, form)


def _reading(subject: Subject, part: Part, path: Path, text: str, form: Form | None) -> Written:
    names = subject.inside(form) if form else subject.names
    return Written(path=path, text=text, names=names, wanted="boolean", part=part, form=form)
