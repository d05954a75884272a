"""The protocol as people read it: sections of prose and tables, with the origin of each value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from equipoise.protocol.explain.blocks import Block, Figure, Paragraph, Section, Subtitle, Table
from equipoise.protocol.explain.conduct import forms, safety
from equipoise.protocol.explain.html import to_html
from equipoise.protocol.explain.markdown import to_markdown
from equipoise.protocol.explain.questions import analysis, questions
from equipoise.protocol.explain.synopsis import arms, synopsis
from equipoise.protocol.explain.timetable import timetable
from equipoise.protocol.explain.treatment import blinding, dosing, eligibility, randomisation
from equipoise.protocol.explain.words import word
from equipoise.protocol.model import Study

__all__ = [
    "SECTIONS",
    "Block",
    "Figure",
    "Paragraph",
    "Section",
    "Subtitle",
    "Table",
    "explain",
    "to_html",
    "to_markdown",
]

SECTIONS: Mapping[str, tuple[str, Callable[[Study, str], tuple[Block, ...]]]] = {
    "synopsis": ("Synopsis", synopsis),
    "arms": ("Arms and products", arms),
    "questions": ("Objectives, endpoints and estimands", questions),
    "eligibility": ("Eligibility", eligibility),
    "schedule": ("Schedule of activities", timetable),
    "randomisation": ("Randomisation", randomisation),
    "blinding": ("Blinding", blinding),
    "dosing": ("Dosing", dosing),
    "safety": ("Safety", safety),
    "analysis": ("Analysis", analysis),
    "forms": ("Forms", forms),
}
"""Every section in order: its heading, and what writes it."""


def explain(
    study: Study, language: str = "en", extras: Mapping[str, Sequence[Block]] | None = None
) -> tuple[Section, ...]:
    """The readable protocol in one language.

    Args:
        study: a loaded study.
        language: a language tag; texts that lack it are shown in English.
        extras: more blocks for a section, by its key in `SECTIONS`: the design adds the
            figures of the randomisation here.

    Returns:
        The sections that have something to say.
    """
    more = extras or {}
    found = []
    for name, (title, write) in SECTIONS.items():
        blocks = (*write(study, language), *more.get(name, ()))
        if blocks:
            found.append(Section(id=name, title=word(title, language), blocks=blocks))
    return tuple(found)
