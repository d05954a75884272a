"""Text that is missing in one of the study's languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.frozen import Text
from equipoise.protocol.model import ConsentText, Page
from equipoise.protocol.places import Path

TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def language_findings(subject: Subject) -> Iterator[Finding]:
    """Texts, pages and consent documents that a language lacks, or that are empty."""
    languages = subject.protocol.languages
    path: Path = (PROTOCOL_FILE, "languages")
    if not languages:
        words = "A study needs at least one language: write `languages: [en]`."
        yield subject.finding("study.missing-language", path, words)
    for number, language in enumerate(languages):
        if not TAG.fullmatch(language) or language in languages[:number]:
            words = f"`{language[:40]}` is no language tag of its own: write each once, such as en."
            yield subject.finding("study.language", (*path, number), words)
    for at, value in subject.everything:
        if isinstance(value, Text):
            yield from _text(subject, at, value, languages)
    yield from _documents(subject, "pages", subject.study.pages)
    yield from _documents(subject, "consent", subject.study.consents)
    if not subject.study.consents:
        words = "There is no consent document: add consent/NAME.LANGUAGE.md."
        yield subject.finding("study.missing-file", path, words, severity="warning")


def _text(subject: Subject, path: Path, text: Text, languages: Sequence[str]) -> Iterator[Finding]:
    missing = [one for one in languages if not text.get(one, "").strip()]
    if missing:
        words = f"This text is missing in {', '.join(missing)}: add it."
        yield subject.finding(
            "study.missing-language",
            path,
            words,
            severity="error" if len(missing) == len(languages) else "warning",
        )
    for language in text:
        if language not in languages:
            words = f"`{language}` is not a language of this study ({', '.join(languages)})."
            yield subject.finding(
                "study.language", (*path, language), words, severity="warning", key=True
            )


def _documents(
    subject: Subject, folder: str, documents: Sequence[Page | ConsentText]
) -> Iterator[Finding]:
    languages = subject.protocol.languages
    found: dict[str, set[str]] = {}
    for one in documents:
        found.setdefault(one.id, set()).add(one.language)
        path: Path = (f"{folder}/{one.id}.{one.language}.md",)
        if one.language not in languages:
            words = f"`{one.language}` is not a language of this study: add or remove it."
            yield subject.finding("study.language", path, words, severity="warning")
        if not one.markdown.strip():
            yield subject.finding("study.missing-language", path, "This file is empty: write it.")
    for name, have in found.items():
        for language in languages:
            if language not in have:
                words = f"`{name}` is missing in {language}: add this file."
                at: Path = (f"{folder}/{name}.{language}.md",)
                yield subject.finding("study.missing-language", at, words, severity="warning")
