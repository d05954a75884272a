"""What is wrong with the plan for files and their masked readings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from equipoise.errors import ExpressionError, Place
from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import IMAGING_FILE
from equipoise.protocol.forms import Form, Item
from equipoise.protocol.imaging import Reading
from equipoise.protocol.places import Key
from equipoise.protocol.recipe import problems
from equipoise.rules import Expression, parse

MOST_TOTALS = 80
"""Rules are tried over pairs of so many totals at most."""


def imaging_findings(subject: Subject) -> Iterator[Finding]:
    """Names that lead nowhere, sheets that do not fit, recipes that cannot be followed."""
    plan = subject.study.imaging
    for number, rule in enumerate(plan.files):
        yield from _file_rule(subject, number)
        if rule.recipe and rule.recipe not in subject.study.recipes:
            words = f"There is no recipes/{rule.recipe}.dicom: write it, or leave `recipe` out."
            yield _wrong(subject, ("files", number, "recipe"), words)
    for number, reading in enumerate(plan.readings):
        yield from _reading(subject, number, reading)
    yield from _twice(subject, "files", [one.id for one in plan.files])
    yield from _twice(subject, "readings", [one.id for one in plan.readings])
    for name, text in subject.study.recipes.items():
        for line, words in problems(text):
            yield subject.at("study.recipe", Place(f"recipes/{name}.dicom", line, 1), words)


def _file_rule(subject: Subject, number: int) -> Iterator[Finding]:
    rule = subject.study.imaging.files[number]
    form = subject.study.forms.get(rule.form)
    if form is None or form.audience != "blinded":
        words = f"`{rule.form}` is no blinded form: name the one to whose records files belong."
        yield _wrong(subject, ("files", number, "form"), words)
    for key in ("modalities", "windows", "recipe"):
        if getattr(rule, key) and "dicom" not in rule.kinds:
            words = f"`{key}` is about DICOM, which `{rule.id}` does not take: remove it."
            yield _wrong(subject, ("files", number, key), words)
    if len({one.id for one in rule.windows}) < len(rule.windows):
        words = "Two windows have one id: choose another."
        yield subject.finding("study.duplicate-id", (IMAGING_FILE, "files", number), words)


def _reading(subject: Subject, number: int, reading: Reading) -> Iterator[Finding]:
    where: tuple[Key, ...] = ("readings", number)
    rule = subject.study.imaging.rule(reading.files)
    if rule is None:
        words = f"`{reading.files}` is no rule under `files`: correct the name."
        yield _wrong(subject, (*where, "files"), words)
        return
    if "pdf" in rule.kinds:
        words = "A PDF cannot be shown to a masked reader: leave `pdf` out of its `kinds`."
        yield _wrong(subject, (*where, "files"), words)
    if rule.dates == "shift":
        words = "Shifted dates keep the order of visits, and readers are masked to it: blank them."
        yield _wrong(subject, (*where, "files"), words)
    others = [one.id for one in subject.study.imaging.readings[:number] if one.files == rule.id]
    if others:
        words = f"`{others[0]}` reads these files already: one reading for each rule."
        yield _wrong(subject, (*where, "files"), words)
    form = subject.study.forms.get(rule.form)
    if form is not None:
        yield from _items(subject, where, reading, form)


def _items(
    subject: Subject, where: tuple[Key, ...], reading: Reading, form: Form
) -> Iterator[Finding]:
    wanted = {reading.adjudicated: ("integer", "decimal"), reading.masked: ("boolean",)}
    wanted |= {sheet.reader: ("text",) for sheet in reading.sheets}
    for name, types in wanted.items():
        if name:
            yield from _item(subject, where, form, name, types)
    found = []
    for place, sheet in enumerate(reading.sheets):
        here = (*where, "sheets", place)
        for name in sheet.items:
            yield from _item(subject, here, form, name, ("integer",))
        scored = [form.item(name) for name in sheet.items]
        bounds = [(one.low, one.high) for one in scored if one is not None]
        if any(None in pair for pair in bounds):
            yield _wrong(subject, here, "Every scored item needs `low` and `high`.")
        found.append(bounds)
        yield from _total(subject, here, form, sheet.total, sheet.items)
    if found[0] != found[1]:
        words = "The two sheets score within different bounds: make their items alike."
        yield _wrong(subject, (*where, "sheets"), words)
    elif all(None not in pair for pair in found[0]):
        yield from _threshold(subject, where, reading, form, found[0])
    if set(reading.sheets[0].items) & set(reading.sheets[1].items):
        yield _wrong(
            subject, (*where, "sheets"), "An item stands on both sheets: each has its own."
        )


def _item(
    subject: Subject, where: tuple[Key, ...], form: Form, name: str, types: tuple[str, ...]
) -> Iterator[Finding]:
    item = form.item(name)
    if item is None:
        yield _wrong(subject, where, f"Form `{form.id}` has no item `{name}`: correct the name.")
    elif item.type not in types or item.derive is not None:
        words = f"`{name}` must be of type {' or '.join(types)} and not derived: correct it."
        yield _wrong(subject, where, words)


def _total(
    subject: Subject, where: tuple[Key, ...], form: Form, name: str, items: tuple[str, ...]
) -> Iterator[Finding]:
    item = form.item(name)
    rule = _parsed(item)
    if rule is None or set(rule.names) != set(items):
        words = f"`{name}` must be derived on form `{form.id}` from the items of its sheet alone."
        yield _wrong(subject, (*where, "total"), words)


def _threshold(
    subject: Subject,
    where: tuple[Key, ...],
    reading: Reading,
    form: Form,
    bounds: list[tuple[float | None, float | None]],
) -> Iterator[Finding]:
    """The form asks for the third total exactly where the plan has the third reader read."""
    item = form.item(reading.adjudicated)
    totals = [sheet.total for sheet in reading.sheets]
    rule = None if item is None or item.shown_if is None else _expression(item.shown_if)
    if rule is None or set(rule.names) != set(totals):
        return
    low, high = (int(sum(pair[side] or 0 for pair in bounds)) for side in (0, 1))
    every = range(low, min(high, low + MOST_TOTALS) + 1)
    for one, two in product(every, every):
        asked = rule.run(dict(zip(totals, (one, two), strict=True))) is True
        if asked is not (abs(one - two) > reading.adjudicate_above):
            words = (
                f"For totals {one} and {two} the form {'asks' if asked else 'does not ask'} for "
                f"`{reading.adjudicated}`, and this plan says otherwise: make them agree."
            )
            yield _wrong(subject, (*where, "adjudicate_above"), words)
            return


def _parsed(item: Item | None) -> Expression | None:
    return None if item is None or item.derive is None else _expression(item.derive)


def _expression(text: str) -> Expression | None:
    try:
        return parse(text)
    except ExpressionError:
        return None


def _twice(subject: Subject, part: str, ids: list[str]) -> Iterator[Finding]:
    for number, one in enumerate(ids):
        if one in ids[:number]:
            path = (IMAGING_FILE, part, number, "id")
            yield subject.finding(
                "study.duplicate-id", path, f"`{one}` is used twice: choose another id."
            )


def _wrong(subject: Subject, where: tuple[Key, ...], words: str) -> Finding:
    return subject.finding("study.imaging", (IMAGING_FILE, *where), words)
