"""The eligibility text of a record, split into criteria. The words stay as they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["inclusion", "exclusion"]

MOST = 200
_KIND = r"(inclusion|exclusion)"
_TITLED = re.compile(rf"^\W*(?:\w+\W+){{0,4}}?{_KIND}\b[^:：]{{0,40}}[:：]\W*?(\w.*)?$", re.I)
_BARE = re.compile(rf"^\W*(?:\w+\s+){{0,3}}?{_KIND}\s+criteria\W*$", re.I)
_BULLET = re.compile(r"^(\s*)(?:[*•·▪◦‣–—-]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+(.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One criterion as written. `number` counts from 1 within its kind."""

    kind: Kind
    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The criteria of a text, and what could not be placed under either heading."""

    criteria: tuple[Written, ...]
    unplaced: tuple[str, ...]
    dropped: int


def split(text: str) -> Split:
    r"""Split at headings and bullets; what is indented under a bullet stays with it.

    Text before any heading is not guessed to be either kind.

    >>> [one.text for one in split("Inclusion Criteria:\n\n* Adult\n* Ill").criteria]
    ['Adult', 'Ill']
    """
    sections: dict[Kind | None, list[str]] = {None: [], "inclusion": [], "exclusion": []}
    kind: Kind | None = None
    kept: list[str] = []
    for line in text.split("\n"):
        heading = _heading(line)
        if heading is None:
            kept.append(line)
            continue
        sections[kind] += _pieces(kept)
        kind, first = heading
        kept = [first] if first else []
    sections[kind] += _pieces(kept)
    found = [
        Written(kind=one, number=number, text=words)
        for one in ("inclusion", "exclusion")
        for number, words in enumerate(sections[one], 1)
    ]
    return Split(
        criteria=tuple(found[:MOST]),
        unplaced=tuple(sections[None][:MOST]),
        dropped=max(0, len(found) - MOST),
    )


def _heading(line: str) -> tuple[Kind, str] | None:
    """The kind that a line announces, and what stands behind it on the same line.

    A bullet that only mentions inclusion or exclusion is a criterion, no heading.
    """
    match = _TITLED.match(line) or _BARE.match(line)
    if match is None:
        return None
    first = (match[2] or "") if match.re is _TITLED else ""
    if _BULLET.match(line) and (first or match.re is _BARE):
        return None
    return ("inclusion" if match[1].lower() == "inclusion" else "exclusion"), first


def _pieces(lines: list[str]) -> list[str]:
    """One text per bullet, or per paragraph where there are no bullets."""
    bullets = [len(match[1]) for line in lines if (match := _BULLET.match(line))]
    if not bullets:
        blocks = "\n".join(lines).split("\n\n")
        return [" ".join(block.split()) for block in blocks if block.strip()]
    outer = min(bullets)
    found: list[list[str]] = []
    for line in lines:
        match = _BULLET.match(line)
        if (match and len(match[1]) <= outer) or not found:
            found.append([])
        found[-1].append(match[2] if match else line)
    return [" ".join(" ".join(part).split()) for part in found if " ".join(part).strip()]
