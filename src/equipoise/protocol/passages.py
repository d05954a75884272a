"""Paragraphs of public texts by name, and where one has gone in a later version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

ALIKE = 0.85
"""From this share of equal text on, a changed paragraph counts as the same one."""

Fate = Literal["same", "moved", "changed", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One paragraph: `id` is the page and its number there, as in `summary.3`."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a quoted paragraph is now. `changed`: a similar text is in its place."""

    fate: Fate
    passage: Passage | None


def passages(page: str, markdown: str) -> tuple[Passage, ...]:
    """The paragraphs of a page in order; headings are left out, a list or table is one."""
    blocks = [one.strip() for one in re.split(r"\n\s*\n", markdown)]
    kept = [one for one in blocks if one and not _heading(one)]
    return tuple(
        Passage(id=f"{page}.{number}", text=" ".join(one.split()))
        for number, one in enumerate(kept, 1)
    )


def _heading(block: str) -> bool:
    return block.startswith("#") and "\n" not in block


def find_again(quote: str, known_as: str, now: Sequence[Passage]) -> Found:
    """Where a paragraph quoted from an earlier version is: the same place, moved, changed, gone."""
    exact = [one for one in now if one.text == quote]
    stayed = next((one for one in exact if one.id == known_as), None)
    if stayed is not None:
        return Found(fate="same", passage=stayed)
    if exact:
        return Found(fate="moved", passage=exact[0])
    best = max(now, key=lambda one: _alike(quote, one.text), default=None)
    if best is not None and _alike(quote, best.text) >= ALIKE:
        return Found(fate="changed", passage=best)
    return Found(fate="gone", passage=None)


def _alike(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()
