"""The CONSORT 2025 flow diagram, drawn box by box."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from equipoise.analysis.figures.figure import FONT, GREY, INK, Figure
from equipoise.analysis.flow import ArmFlow, Flow
from equipoise.analysis.labels import Labels
from equipoise.errors import listed, say

LEADING = 17
PADDING = 11
GAP = 22
GUTTER = 24
EDGE = 8
MOST_REASONS = 9
INDENT = "\u2003"
LETTERS = 5.9
"""Mean width of a letter at the size of the text, in pixels; boxes wrap by it."""
_WIDE = re.compile("[\u2e80-\uffef]")
"""Characters twice as wide, between any two of which a line may end."""
_WORD = re.compile(f" ?(?:{_WIDE.pattern}|[^ {_WIDE.pattern[1:-1]}]+)")


@dataclass(frozen=True, kw_only=True)
class _Box:
    """A box with its first line in bold."""

    x: float
    y: float
    width: float
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        return LEADING * len(self.lines) + 2 * PADDING - 4

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    def draw(self, height: float | None = None) -> str:
        x = self.x + PADDING
        weights = ["600", *(["400"] * (len(self.lines) - 1))]
        text = "".join(
            f'<text x="{x:g}" y="{self.y + PADDING + 10 + LEADING * place:g}" '
            f'font-weight="{weight}">{escape(line)}</text>'
            for place, (line, weight) in enumerate(zip(self.lines, weights, strict=True))
        )
        return (
            f'<rect x="{self.x:g}" y="{self.y:g}" width="{self.width:g}" '
            f'height="{height or self.height:g}" rx="3" fill="white" stroke="{GREY}"/>{text}'
        )


def _box(x: float, y: float, width: float, lines: Sequence[str]) -> _Box:
    room = int((width - 2 * PADDING) / LETTERS)
    kept = [line.replace("(n = ", "(n\u00a0=\u00a0") for line in lines]
    told = [part for line in kept for part in _wrapped(line, room)]
    return _Box(x=x, y=y, width=width, lines=tuple(told))


def _wrapped(line: str, room: int) -> list[str]:
    """The line in pieces no wider than `room` letters; continuations keep the indent."""
    indent = "\u2003" if line.startswith("\u2003") else ""
    found, current = [], ""
    for word in _WORD.findall(line):
        longer = current + word
        if len(longer) + len(_WIDE.findall(longer)) > room and current:
            found.append(current)
            current = f"{indent}\u2002{word.lstrip(' ')}"
        else:
            current = longer
    return [*found, current]


def flow_figure(counted: Flow, labels: Labels, sets: Sequence[tuple[str, str]]) -> Figure:
    """Draw the flow. `sets` are ids and titles of the analysis sets to show."""
    column = 340 if len(counted.arms) <= 2 else 278
    width = len(counted.arms) * (column + GUTTER) - GUTTER + 2 * EDGE
    middle = width / 2
    top = _box(middle - 150, EDGE, 300, [_n(labels, "Assessed for eligibility", counted.assessed)])
    right = _box(middle + 24, top.bottom + 14, width / 2 - 24 - EDGE, _excluded(counted, labels))
    chosen = _box(
        middle - 105, right.bottom + 14, 210, [_n(labels, "Randomised", counted.randomised)]
    )
    parts = [_arrow(middle, top.bottom, middle, chosen.y), top.draw(), chosen.draw()]
    turn = right.y + right.height / 2
    parts += [_arrow(middle, turn, right.x, turn), right.draw()]
    drawn, bottom = _columns(counted, labels, sets, chosen, column)
    return _figure(parts + drawn, width, bottom + EDGE, counted, labels)


def _columns(
    counted: Flow, labels: Labels, sets: Sequence[tuple[str, str]], chosen: _Box, column: float
) -> tuple[list[str], float]:
    """One column of boxes per arm, in rows of equal height; and where they end."""
    stages = [
        [_allocated(arm, labels) for arm in counted.arms],
        [_followed(arm, labels) for arm in counted.arms],
        [_analysed(arm, labels, sets) for arm in counted.arms],
    ]
    y, parts = chosen.bottom + 2 * GAP, _fork(counted, chosen, column)
    for place, stage in enumerate(stages):
        boxes = [
            _box(EDGE + index * (column + GUTTER), y, column, lines)
            for index, lines in enumerate(stage)
        ]
        lowest = max(box.bottom for box in boxes)
        parts += [box.draw(lowest - box.y) for box in boxes]
        if place < len(stages) - 1:
            parts += [_arrow(box.middle, lowest, box.middle, lowest + GAP) for box in boxes]
            y = lowest + GAP
    return parts, lowest


def _fork(counted: Flow, chosen: _Box, column: float) -> list[str]:
    """Lines from randomisation to the first box of every arm."""
    bar = chosen.bottom + GAP
    centres = [EDGE + index * (column + GUTTER) + column / 2 for index in range(len(counted.arms))]
    parts = [_line(chosen.middle, chosen.bottom, chosen.middle, bar)]
    parts.append(_line(centres[0], bar, centres[-1], bar))
    return parts + [_arrow(one, bar, one, bar + GAP) for one in centres]


def _n(labels: Labels, words: str, n: int) -> str:
    return f"{labels.words(words)} (n = {n})"


def _excluded(counted: Flow, labels: Labels) -> list[str]:
    lines = [_n(labels, "Not randomised", counted.not_randomised)]
    reasons = list(counted.reasons.items())
    lines += [INDENT + _n(labels, words, n) for words, n in reasons[:MOST_REASONS]]
    rest = sum(n for _, n in reasons[MOST_REASONS:])
    if rest:
        lines.append(INDENT + _n(labels, "Other reasons", rest))
    if counted.awaiting:
        lines.append(_n(labels, "Still in screening", counted.awaiting))
    return lines


def _allocated(arm: ArmFlow, labels: Labels) -> list[str]:
    lines = [
        _n(labels, say("Allocated to {arm}", arm=labels.arm(arm.arm)), arm.allocated),
        INDENT + _n(labels, "Received at least one dose", arm.received_any),
        INDENT + _n(labels, "Received every planned dose", arm.received_all),
        INDENT + _n(labels, "Received no dose", arm.received_none),
    ]
    if arm.received_other:
        lines.append(INDENT + _n(labels, "Received another product", arm.received_other))
    return lines


def _followed(arm: ArmFlow, labels: Labels) -> list[str]:
    lines = [
        _n(labels, "Followed to the end", arm.completed),
        INDENT + _n(labels, "Died", arm.died),
        INDENT + _n(labels, "Lost to follow-up", arm.lost),
        INDENT + _n(labels, "Withdrew", arm.withdrew),
    ]
    for why, n in arm.ended_early.items():
        lines.append(INDENT + _n(labels, say("Ended early: {why}", why=why), n))
    if arm.still_followed:
        lines.append(INDENT + _n(labels, "Still in follow-up", arm.still_followed))
    return lines


def _analysed(arm: ArmFlow, labels: Labels, sets: Sequence[tuple[str, str]]) -> list[str]:
    found = [INDENT + _n(labels, title, arm.analysed.get(name, 0)) for name, title in sets]
    return [labels.words("Analysed"), *found]


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="{GREY}" fill="none"/>'


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="{GREY}" fill="none" '
        f'marker-end="url(#flow-arrow)"/>'
    )


def _figure(
    parts: Sequence[str], width: float, height: float, counted: Flow, labels: Labels
) -> Figure:
    title = labels.words("Flow of participants (CONSORT 2025)")
    told = _told(counted, labels)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" '
        f'aria-labelledby="flow-title flow-desc">'
        f'<title id="flow-title">{escape(title)}</title><desc id="flow-desc">{escape(told)}</desc>'
        f'<defs><marker id="flow-arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" '
        f'markerHeight="8" orient="auto"><path d="M0 0.6L8 4L0 7.4z" fill="{GREY}"/></marker></defs>'
        f'<rect width="{width:g}" height="{height:g}" fill="white"/>'
        f'<g font-family="{FONT}" font-size="12" fill="{INK}">{"".join(parts)}</g></svg>'
    )
    return Figure(id="flow", title=title, description=told, svg=svg)


def _told(counted: Flow, labels: Labels) -> str:
    arms = [
        say(
            "{arm}: {allocated} allocated, {treated} received a dose, {completed} followed to the "
            "end, {died} died, {lost} lost, {withdrew} withdrew.",
            arm=labels.arm(arm.arm),
            allocated=arm.allocated,
            treated=arm.received_any,
            completed=arm.completed,
            died=arm.died,
            lost=arm.lost,
            withdrew=arm.withdrew,
        )
        for arm in counted.arms
    ]
    begun = say(
        "{assessed} assessed, {left} not randomised, {randomised} randomised.",
        assessed=counted.assessed,
        left=counted.not_randomised,
        randomised=counted.randomised,
    )
    return labels.words(listed([begun, *arms], " "))
