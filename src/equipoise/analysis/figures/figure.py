"""One figure, and the look that all charts share.

Charts are Vega-Lite, drawn to static SVG without a browser or a network. Colours are told
apart by people with any common colour blindness (Okabe & Ito, adapted), and every chart also
differs in something other than colour: dashes, position or a written label.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from equipoise.analysis.dataset import Dataset
from equipoise.errors import MissingExtra

INK = "#1d2733"
GREY = "#5c6873"
LINE = "#d5dbe1"
CONTROL = "#64748b"
EXPERIMENTAL = ("#0b7a75", "#c8590a", "#7b4fa3", "#a8861b")
FONT = "Helvetica Neue, Arial, Liberation Sans, Noto Sans, Noto Sans CJK SC, sans-serif"
WIDTH = 620


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawn figure. `description` says in words what it shows, with its numbers."""

    id: str
    title: str
    description: str
    svg: str


def colours(dataset: Dataset) -> dict[str, str]:
    """One colour per arm: grey-blue for the control, teal, orange ... for the others."""
    found, place = {}, 0
    for arm in dataset.arms:
        if arm.role == "control":
            found[arm.id] = CONTROL
        else:
            found[arm.id] = EXPERIMENTAL[place % len(EXPERIMENTAL)]
            place += 1
    return found


def altair() -> Any:
    """The charting library.

    Raises:
        MissingExtra: it is not installed.

    """
    try:
        return importlib.import_module("altair")
    except ImportError:
        raise MissingExtra("report", "A figure") from None


def arm_scale(dataset: Dataset, names: dict[str, str]) -> Any:
    """The colour scale of the arms, by their short names."""
    chosen = colours(dataset)
    return altair().Scale(
        domain=[names[arm] for arm in chosen], range=[chosen[arm] for arm in chosen]
    )


def rows(records: Sequence[dict[str, Any]]) -> Any:
    """Records as inline data of a chart."""
    return altair().Data(values=list(records))


_CONFIG: dict[str, Any] = {
    "background": "white",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12.5,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": GREY,
        "tickColor": GREY,
        "gridColor": "#e9edf0",
        "grid": False,
        "labelFlush": False,
        "titlePadding": 9,
        "labelLimit": 260,
    },
    "axisY": {"titleAlign": "left", "titleAngle": 0, "titleAnchor": "start", "titleY": -12},
    "legend": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelColor": INK,
        "titleColor": INK,
        "labelLimit": 420,
        "symbolStrokeWidth": 2.5,
    },
    "header": {
        "labelFontSize": 12.5,
        "labelFontWeight": "bold",
        "labelColor": INK,
        "title": None,
        "labelAnchor": "start",
    },
    "title": {"fontSize": 12.5, "color": INK, "anchor": "start", "fontWeight": "bold"},
}


def draw(chart: Any, *, id: str, title: str, description: str) -> Figure:
    """A chart as a figure.

    Raises:
        MissingExtra: the drawing library is not installed.

    """
    try:
        converter = importlib.import_module("vl_convert")
    except ImportError:
        raise MissingExtra("report", "A figure") from None
    spec = chart.properties(padding={"left": 6, "right": 10, "top": 8, "bottom": 6}).to_dict(
        validate=False
    )
    spec["config"] = _CONFIG
    svg = converter.vegalite_to_svg(spec)
    return Figure(
        id=id, title=title, description=description, svg=accessible(svg, id, title, description)
    )


def accessible(svg: str, name: str, title: str, description: str) -> str:
    """The SVG as one image with a title and a description; ids made unique to the figure."""
    opening = re.search(r"<svg[^>]*>", svg)
    if opening is None:
        raise ValueError(f"figure {name}: the drawing is no SVG")
    body = svg[opening.end() :]
    for one in sorted(set(re.findall(r'id="([^"]+)"', body)), key=len, reverse=True):
        body = body.replace(f'id="{one}"', f'id="{name}-{one}"')
        body = body.replace(f"url(#{one})", f"url(#{name}-{one})")
    # Marks named one by one would be read out one by one: the description says it in words.
    body = re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", body)
    head = re.sub(r' (?:class|role|aria-[a-z]+)="[^"]*"', "", opening.group())
    head = head[:-1] + f' role="img" aria-labelledby="{name}-title {name}-desc">'
    words = (
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>'
    )
    return head + words + body
