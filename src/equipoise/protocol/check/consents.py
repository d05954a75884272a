"""Consent documents that cannot be read section by section, asked about, or signed."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.consent_document import ConsentDocument, Question, read_document
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PARTICIPANTS_FILE
from equipoise.protocol.places import Key


def consent_findings(subject: Subject) -> Iterator[Finding]:
    """Parts that are missing, languages that differ, questions without an answer; the diary."""
    documents = [read_document(one) for one in subject.study.consents]
    for one in documents:
        yield from _parts(subject, one)
    for one in documents:
        first = next(other for other in documents if other.id == one.id)
        if _shape(one) != _shape(first):
            words = (
                f"{one.language} and {first.language} differ in version, sections, questions "
                "or statements: both must say the same."
            )
            yield _at(subject, one, words, "study.consent-differs")
    yield from _plan(subject)


def _shape(one: ConsentDocument) -> tuple[object, ...]:
    asked = tuple((len(question.options), question.right) for question in one.questions)
    stated = tuple(statement.wish for statement in one.statements)
    return one.version, len(one.sections), len(one.glossary), asked, stated


def _parts(subject: Subject, one: ConsentDocument) -> Iterator[Finding]:
    for part, words in (
        (one.sections, "no numbered section (`## 1. ...`)"),
        (one.glossary, "no glossary (`- **word**: meaning`)"),
        (one.questions, "no question for understanding (`1. ...` with `- [x]` options)"),
        (one.statements, "no statement to sign (`- [ ] ...`)"),
    ):
        if not part:
            yield _at(subject, one, f"This document has {words}: write one.")
    for number, question in enumerate(one.questions, start=1):
        wrong = _wrong(question)
        if wrong:
            yield _at(subject, one, f"Question {number} {wrong}.")


def _wrong(question: Question) -> str:
    if len(question.right) != 1:
        return "needs exactly one right answer: mark it `[x]`"
    if len(question.options) < 2:
        return "needs two or more options"
    return "" if question.because else "explains nothing: add a line `> ...` below its options"


def _at(
    subject: Subject, one: ConsentDocument, words: str, code: str = "study.consent-part"
) -> Finding:
    path = (f"consent/{one.id}.{one.language}.md",)
    return subject.finding(code, path, words, severity="warning")


def _plan(subject: Subject) -> Iterator[Finding]:
    plan = subject.study.participants
    for number, name in enumerate(plan.samples):
        if name not in subject.study.forms:
            yield _unknown(subject, ("samples", number), f"`{name}` is no form: correct it.")
    yield from _consent_form(subject)
    if plan.diary is None:
        return
    form = subject.study.forms.get(plan.diary.form)
    if form is None or form.audience != "blinded":
        words = f"`{plan.diary.form}` is no blinded form: name the one that is the diary."
        yield _unknown(subject, ("diary", "form"), words)
        return
    named = (*plan.diary.items, *plan.diary.sliders, plan.diary.at_item, plan.diary.source_item)
    for item in named:
        if item and form.item(item) is None:
            yield _unknown(subject, ("diary",), f"Form `{form.id}` has no item `{item}`.")
    if not any(form.id in one.forms and one.daily for one in subject.protocol.schedule):
        words = f"The schedule does not ask `{form.id}` daily: the diary would never be due."
        yield _unknown(subject, ("diary", "form"), words)


def _consent_form(subject: Subject) -> Iterator[Finding]:
    plan = subject.study.participants.consent
    if plan is None:
        return
    form = subject.study.forms.get(plan.form)
    if form is None or form.audience != "blinded":
        words = f"`{plan.form}` is no blinded form: name the one that says who consented."
        yield _unknown(subject, ("consent", "form"), words)
        return
    for item in plan.items:
        if form.item(item) is None:
            yield _unknown(subject, ("consent",), f"Form `{form.id}` has no item `{item}`.")


def _unknown(subject: Subject, where: tuple[Key, ...], words: str) -> Finding:
    return subject.finding("study.participants", (PARTICIPANTS_FILE, *where), words)
