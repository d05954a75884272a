"""Ids that are given twice, or that cannot be written where they are needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.forms import Form
from equipoise.protocol.moments import DAILY, DOSING, LOG
from equipoise.protocol.places import Key, Path
from equipoise.rules.functions import FUNCTIONS

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
OCCASIONS = frozenset({DAILY, DOSING, LOG})
RESERVED = frozenset({"true", "false", "in", *FUNCTIONS})
LONGEST = 64


def id_findings(subject: Subject) -> Iterator[Finding]:
    """Duplicate, reserved and unusable ids."""
    for path, value in subject.everything:
        if isinstance(value, tuple) and len(value) and all(hasattr(one, "id") for one in value):
            yield from _twice(subject, path, value)
    for form in subject.study.forms.values():
        yield from _form(subject, form)
    yield from _derived(subject)
    yield from _visits(subject)
    yield from _file_names(subject)


def _twice(subject: Subject, path: Path, values: Sequence[Any]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for number, one in enumerate(values):
        here = (*path, number, "id")
        if one.id in seen:
            first = subject.places.value((*path, seen[one.id], "id")).line
            words = f"The id `{one.id}` is already used on line {first}: choose another."
            yield subject.finding("study.duplicate-id", here, words)
        seen.setdefault(one.id, number)
        if not SLUG.fullmatch(one.id) or len(one.id) > LONGEST:
            words = f"The id `{one.id[:70]}` needs letters, digits, - and _ only, 64 at most."
            yield subject.finding("study.bad-id", here, words)


def _form(subject: Subject, form: Form) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for number, group in enumerate(form.groups):
        for position, item in enumerate(group.items):
            path = subject.form_path(form.id, "groups", number, "items", position, "id")
            if seen.get(item.id, group.id) != group.id:
                words = f"The id `{item.id}` is already used in group `{seen[item.id]}`: rename it."
                yield subject.finding("study.duplicate-id", path, words)
            seen.setdefault(item.id, group.id)
            yield from _nameable(subject, path, item.id)
    if not IDENTIFIER.fullmatch(form.id) or form.id in RESERVED:
        words = f"The form id `{form.id}` needs letters, digits and _, as rules may name it."
        yield subject.finding("study.bad-id", subject.form_path(form.id, "id"), words)


def _nameable(subject: Subject, path: Path, name: str) -> Iterator[Finding]:
    if IDENTIFIER.fullmatch(name) and name not in RESERVED:
        return
    why = "is a word of the expression language" if name in RESERVED else "cannot be named by rules"
    words = f"The id `{name}` {why}: use letters, digits and _, starting with a letter."
    yield subject.finding("study.bad-id", path, words)


def _derived(subject: Subject) -> Iterator[Finding]:
    items = {item.id: form for form in subject.study.forms.values() for item in form.items()}
    for number, derived in enumerate(subject.protocol.derived):
        path = (PROTOCOL_FILE, "derived", number, "id")
        yield from _nameable(subject, path, derived.id)
        form = items.get(derived.id)
        own = form.item(derived.id) if form else None
        if form and own and own.derive is None:
            words = f"Form `{form.id}` collects an item `{derived.id}`: give one another id."
            yield subject.finding("study.duplicate-id", path, words)


def _visits(subject: Subject) -> Iterator[Finding]:
    for number, visit in enumerate(subject.protocol.visits):
        if visit.id in OCCASIONS:
            words = f"`{visit.id}` is the name of an occasion that is no visit: choose another id."
            path: tuple[Key, ...] = (PROTOCOL_FILE, "visits", number, "id")
            yield subject.finding("study.bad-id", path, words)


def _file_names(subject: Subject) -> Iterator[Finding]:
    for named, file in subject.files.items():
        if PurePosixPath(file).stem != named.partition("/")[2]:
            words = f"The file holds `{named.partition('/')[2]}`: name it after its id."
            yield subject.finding("study.file-name", (file, "id"), words, severity="warning")
