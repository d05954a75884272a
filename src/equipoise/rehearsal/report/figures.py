"""Figures as SVG text. Needs the extra `report`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from equipoise.errors import MissingExtra
from equipoise.rehearsal.grid import Cell
from equipoise.rehearsal.looks import Looks

Chart = dict[str, Any]

WIDTH, HEIGHT = 560, 300
BLUE, ORANGE, GREY = "#0b4f8a", "#b35900", "#555555"
COLOURS = [BLUE, ORANGE, "#2f6b2f", "#7a2f7a", "#8a1c1c", GREY]
DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1], [1, 3]]


def _svg(chart: Chart) -> str:
    try:
        import vl_convert
    except ImportError as missing:
        raise MissingExtra("report", "a report with figures") from missing
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT,
        "background": None,
        "config": {
            "font": "DejaVu Sans, Arial, sans-serif",
            "axis": {"labelFontSize": 13, "titleFontSize": 13, "gridColor": "#dddddd"},
            "legend": {"labelFontSize": 13, "titleFontSize": 13, "symbolStrokeWidth": 2},
        },
        **chart,
    }
    drawn: str = vl_convert.vegalite_to_svg(json.dumps(whole), vl_version="5.20")
    return drawn


def power_curves(rows: Sequence[Chart]) -> str:
    """Power against the declared effect, a line per design with a 95 % Monte Carlo band."""
    x: Chart = {"field": "effect", "type": "quantitative", "title": "declared effect (1 = none)"}
    x["scale"] = {"zero": False}
    percent = {"format": "%", "values": [0, 0.2, 0.4, 0.6, 0.8, 1]}
    y: Chart = {"type": "quantitative", "title": "power, in favour", "axis": percent}
    y["scale"] = {"domain": [0, 1]}
    design: Chart = {"field": "design", "type": "nominal", "title": None, "sort": None}
    return _svg(
        {
            "data": {"values": list(rows)},
            "encoding": {
                "x": x,
                "color": {
                    **design,
                    "scale": {"range": COLOURS},
                    "legend": {"orient": "bottom", "symbolOpacity": 1},
                },
            },
            "layer": [
                {
                    "mark": {"type": "area", "opacity": 0.2},
                    "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}},
                },
                {
                    "mark": {"type": "line", "point": {"size": 40}, "strokeWidth": 2},
                    "encoding": {
                        "y": {**y, "field": "power"},
                        "strokeDash": {**design, "scale": {"range": DASHES}, "legend": None},
                    },
                },
                {
                    "data": {"values": [{"target": 0.8}]},
                    "mark": {"type": "rule", "color": GREY, "strokeDash": [4, 4]},
                    "encoding": {
                        "y": {"field": "target", "type": "quantitative"},
                        "x": None,
                        "color": {"value": GREY},
                    },
                },
            ],
        }
    )


def durations(cells: Sequence[Cell], names: Sequence[str]) -> str:
    """How long trials last, median and 10 to 90 %."""
    rows = [
        {"design": name, **{k: cell.duration_days[k] / 30.4375 for k in ("p10", "median", "p90")}}
        for cell, name in zip(cells, names, strict=True)
    ]
    y: Chart = {"field": "design", "type": "nominal", "title": None, "sort": None}
    y["axis"] = {"labelLimit": 260}
    months: Chart = {
        "type": "quantitative",
        "title": "months from the first site's opening to the end",
    }
    months["scale"] = {"zero": True}
    return _svg(
        {
            "height": {"step": 30},
            "data": {"values": rows},
            "encoding": {"y": y},
            "layer": [
                {
                    "mark": {"type": "bar", "height": 12, "color": BLUE, "opacity": 0.35},
                    "encoding": {"x": {**months, "field": "p10"}, "x2": {"field": "p90"}},
                },
                {
                    "mark": {"type": "tick", "thickness": 3, "size": 18, "color": BLUE},
                    "encoding": {"x": {**months, "field": "median"}},
                },
            ],
        }
    )


def boundary_plot(looks: Looks) -> str:
    """Where the trial stops, by participants in the look."""
    upper: list[Chart] = [
        {"people": n, "z": z, "bound": "stop for efficacy"}
        for n, z in zip(looks.ranks, looks.efficacy_z, strict=True)
    ]
    lower = [{**one, "z": -one["z"], "bound": "stop for harm"} for one in upper]
    weak = [
        {"people": n, "z": z, "bound": "little hope (advice)"}
        for n, z in zip(looks.ranks, looks.futility, strict=False)
    ]
    rows = upper + (lower if looks.sides == 2 else []) + weak
    return _svg(
        {
            "data": {"values": rows},
            "mark": {"type": "line", "point": {"size": 60}, "strokeWidth": 2},
            "encoding": {
                "x": {"field": "people", "type": "quantitative", "title": "participants in look"},
                "y": {"field": "z", "type": "quantitative", "title": "z, positive in favour"},
                "color": {
                    "field": "bound",
                    "type": "nominal",
                    "title": None,
                    "sort": None,
                    "scale": {"range": COLOURS},
                    "legend": {"orient": "bottom"},
                },
                "strokeDash": {"field": "bound", "type": "nominal", "sort": None, "title": None},
            },
        }
    )
