"""The CONSORT 2025 flow diagram, drawn box by box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from equipoise.analysis.figures.figure import FONT, GREY, INK, Figure
from equipoise.analysis.flow import ArmFlow, Flow
from equipoise.analysis.labels import Labels

LEADING = 17
PADDING = 11
GAP = 22
GUTTER = 24
EDGE = 8
MOST_REASONS = 9
INDENT = "\u2003"
LETTERS = 5.9
"""Mean width of a letter at the size of the text, in pixels; boxes wrap by it."""


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
    """The line in pieces no longer than `room`; continuations keep the indent."""
    indent = "\u2003" if line.startswith("\u2003") else ""
    found, current = [], ""
    for word in line.split(" "):
        longer = f"{current} {word}" if current else word
        if len(longer) > room and current:
            found.append(current)
            current = f"{indent}\u2002{word}"
        else:
            current = longer
    return [*found, current]


def flow_figure(counted: Flow, labels: Labels, sets: Sequence[tuple[str, str]]) -> Figure:
    """Draw the flow. `sets` are ids and titles of the analysis sets to show."""
    column = 340 if len(counted.arms) <= 2 else 278
    width = len(counted.arms) * (column + GUTTER) - GUTTER + 2 * EDGE
    middle = width / 2
    top = _box(middle - 150, EDGE, 300, [f"Assessed for eligibility (n = {counted.assessed})"])
    right = _box(middle + 24, top.bottom + 14, width / 2 - 24 - EDGE, _excluded(counted))
    chosen = _box(middle - 105, right.bottom + 14, 210, [f"Randomised (n = {counted.randomised})"])
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
        [_followed(arm) for arm in counted.arms],
        [_analysed(arm, sets) for arm in counted.arms],
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


def _excluded(counted: Flow) -> list[str]:
    lines = [f"Not randomised (n = {counted.not_randomised})"]
    reasons = list(counted.reasons.items())
    lines += [f"{INDENT}{words} (n = {n})" for words, n in reasons[:MOST_REASONS]]
    rest = sum(n for _, n in reasons[MOST_REASONS:])
    if rest:
        lines.append(f"{INDENT}Other reasons (n = {rest})")
    if counted.awaiting:
        lines.append(f"Still in screening (n = {counted.awaiting})")
    return lines


def _allocated(arm: ArmFlow, labels: Labels) -> list[str]:
    lines = [
        f"Allocated to {labels.arm(arm.arm)} (n = {arm.allocated})",
        f"{INDENT}Received at least one dose (n = {arm.received_any})",
        f"{INDENT}Received every planned dose (n = {arm.received_all})",
        f"{INDENT}Received no dose (n = {arm.received_none})",
    ]
    if arm.received_other:
        lines.append(f"{INDENT}Received another product (n = {arm.received_other})")
    return lines


def _followed(arm: ArmFlow) -> list[str]:
    lines = [f"Followed to the end (n = {arm.completed})", f"{INDENT}Died (n = {arm.died})"]
    lines.append(f"{INDENT}Lost to follow-up (n = {arm.lost})")
    lines.append(f"{INDENT}Withdrew (n = {arm.withdrew})")
    lines += [f"{INDENT}Ended early: {why} (n = {n})" for why, n in arm.ended_early.items()]
    if arm.still_followed:
        lines.append(f"{INDENT}Still in follow-up (n = {arm.still_followed})")
    return lines


def _analysed(arm: ArmFlow, sets: Sequence[tuple[str, str]]) -> list[str]:
    found = [f"{INDENT}{title} (n = {arm.analysed.get(name, 0)})" for name, title in sets]
    return ["Analysed", *found]


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
    title = "Flow of participants (CONSORT 2025)"
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
    arms = " ".join(
        f"{labels.arm(arm.arm)}: {arm.allocated} allocated, {arm.received_any} received a dose, "
        f"{arm.completed} followed to the end, {arm.died} died, {arm.lost} lost, "
        f"{arm.withdrew} withdrew."
        for arm in counted.arms
    )
    return (
        f"{counted.assessed} assessed, {counted.not_randomised} not randomised, "
        f"{counted.randomised} randomised. {arms}"
    )
