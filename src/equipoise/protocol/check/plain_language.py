"""Public texts that are too hard to read."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.errors import Place
from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.readability import (
    LONGEST,
    MOST_CHARACTERS,
    MOST_GRADE,
    MOST_RARE,
    Reading,
    measure,
)

EXPERT = ("background",)
"""Pages for those who want the science; they may be harder."""


def plain_language_findings(subject: Subject) -> Iterator[Finding]:
    """Pages that need more than eight years of school, or the like in Chinese."""
    for page in subject.study.pages:
        reading = measure(page.markdown, page.language)
        if page.id not in EXPERT and not reading.plain:
            file = f"pages/{page.id}.{page.language}.md"
            words = _chinese(reading) if page.language.startswith("zh") else _english(reading)
            yield subject.at("study.hard-to-read", Place(file, 1, 1), words, "warning")


def _english(reading: Reading) -> str:
    return (
        f"This page needs {reading.grade:g} years of school (at most {MOST_GRADE:g}), with "
        f"{reading.per_sentence:g} words a sentence: write shorter sentences and words."
    )


def _chinese(reading: Reading) -> str:
    return (
        f"This page has {reading.per_sentence:g} characters a sentence (at most "
        f"{MOST_CHARACTERS:g}), {reading.longest} in the longest (at most {LONGEST}) and "
        f"{reading.rare:.1%} rare characters (at most {MOST_RARE:.0%}): write more simply."
    )
