"""Small drawings as coordinates. Templates draw them as SVG; a table says the same in numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis: where, and what it says."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series in drawing coordinates: a path, and the points on it."""

    path: str
    points: tuple[Point, ...]
    kind: str = "actual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing of `width` by `height`; the plot lies between the given edges."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    range: tuple[float, float] | None = None  # upper edge and height of a reference range

    @property
    def inner(self) -> float:
        """How wide the plot is."""
        return self.right - self.left


def chart(
    series: Sequence[tuple[str, Sequence[Point]]],
    *,
    width: float = 320,
    height: float = 120,
    margin: tuple[float, float, float, float] = (8, 10, 20, 34),
    floor_at: float | None = None,
    usual: tuple[float | None, float | None] = (None, None),
) -> Chart:
    """Series of (x, y) in data units, scaled to fit; `margin` is top, right, bottom, left.

    `usual`: a reference range, None where it has no limit on that side.
    """
    top, right, bottom, left = margin
    xs = [x for _, points in series for x, _ in points] or [0.0, 1.0]
    ys = [y for _, points in series for _, y in points] or [0.0, 1.0]
    low_x, high_x = _apart(min(xs), max(xs))
    ys += [one for one in usual if one is not None]
    marks_y = nice(min(ys) if floor_at is None else floor_at, max(ys), 4)
    low_y, high_y = _apart(marks_y[0], marks_y[-1])

    def place(x: float, y: float) -> Point:
        across = left + (x - low_x) / (high_x - low_x) * (width - left - right)
        up = height - bottom - (y - low_y) / (high_y - low_y) * (height - top - bottom)
        return round(across, 1), round(up, 1)

    lines = tuple(_line(kind, [place(*one) for one in points]) for kind, points in series)
    return Chart(
        width=width,
        height=height,
        left=left,
        right=width - right,
        top=top,
        bottom=height - bottom,
        lines=lines,
        across=tuple(
            Tick(at=place(x, low_y)[0], label=f"{x:g}")
            for x in nice(low_x, high_x, 5, least=1)
            if low_x <= x <= high_x
        ),
        up=tuple(Tick(at=place(low_x, y)[1], label=f"{y:g}") for y in marks_y),
        range=_range(usual, (low_y, high_y), lambda y: place(low_x, y)[1]),
    )


def _range(
    usual: tuple[float | None, float | None], axis: Point, up: Callable[[float], float]
) -> Point | None:
    low, high = usual
    if low is None and high is None:
        return None
    top = up(axis[1] if high is None else high)
    return top, round(up(axis[0] if low is None else low) - top, 1)


def _line(kind: str, points: list[Point]) -> Line:
    path = " ".join(f"{'L' if n else 'M'}{x} {y}" for n, (x, y) in enumerate(points))
    return Line(path=path, points=tuple(points), kind=kind)


def _apart(low: float, high: float) -> Point:
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def nice(low: float, high: float, wanted: int, *, least: float = 0) -> tuple[float, ...]:
    """Round numbers that span `low` to `high`, about `wanted` of them, `least` or more apart.

    >>> nice(0, 23, 4)
    (0.0, 10.0, 20.0, 30.0)
    """
    if high <= low:
        return (low, low + 1)
    rough = (high - low) / max(wanted - 1, 1)
    size = 10 ** floor(log10(rough))
    step = max(least, next(size * k for k in (1, 2, 5, 10) if size * k >= rough))
    first = floor(low / step)
    return tuple(round(step * k, 10) for k in range(first, ceil(high / step) + 1))
