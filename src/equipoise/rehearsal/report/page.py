"""The page: paragraph, figures with their tables, assumptions, and the command that repeats it."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from equipoise.protocol.model import Study
from equipoise.rehearsal.grid import Cell, Sweep
from equipoise.rehearsal.looks import Looks
from equipoise.rehearsal.report import figures, words
from equipoise.rehearsal.report.assumptions import assumptions, board_line
from equipoise.rehearsal.report.style import STYLE
from equipoise.rehearsal.summary import Result
from equipoise.rehearsal.sweep import design_of
from equipoise.rehearsal.trial import looks_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked on the command line, so that the report can say how to ask it again."""

    study: str
    scenario: str
    grid: Mapping[str, Sequence[float]]
    trials: float
    seed: int
    estimands: Sequence[str]

    def command(self) -> str:
        """The exact command."""
        parts = ["equipoise", "rehearse", self.study, "--scenario", self.scenario]
        for axis, values in self.grid.items():
            parts += ["--grid", f"{axis}={','.join(f'{value:g}' for value in values)}"]
        parts += ["--trials", f"{self.trials:g}" if self.trials < 1 else str(int(self.trials))]
        parts += ["--seed", str(self.seed), "--estimands", ",".join(self.estimands)]
        return shlex.join([*parts, "--report", "DIR"])


def report(study: Study, question: Question, found: Sweep) -> str:
    """The whole report as one HTML document that loads nothing.

    Raises:
        MissingExtra: the figures need the extra `report`.

    """
    title = f"Rehearsal of {study.protocol.id} under {found.scenario}"
    body = "\n".join(
        (
            f"<h1>{escape(title)}</h1>",
            _warning(found),
            "".join(f"<p class=lead>{escape(' '.join(words.summary(study, found)))}</p>"),
            *_figures(study, found),
            "<h2>Every design</h2>",
            _table(HEADINGS, _rows(found), "scenario table"),
            _adjusted(found),
            _safety(study, found),
            _randomisation(found),
            "<h2>Assumptions and where they come from</h2>",
            _table(("what", "assumed", "origin", "source"), assumptions(study, found), "origins"),
            "<h2>To repeat it</h2>",
            f"<pre><code>{escape(question.command())}</code></pre>",
            f"<p>Protocol version {escape(study.protocol.version)}, digest "
            f"<code class=digest>{found.digest}</code>, seed {found.seed}.</p>",
        )
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _warning(found: Sweep) -> str:
    unfinished = (
        "" if found.complete else " <strong>Interrupted: these are partial results.</strong>"
    )
    return (
        "<p class=note>Simulated under declared assumptions; nothing here is data. Every rate "
        f"carries its Monte Carlo error (one standard error).{unfinished}</p>"
    )


HEADINGS = (
    "design",
    "effect",
    "trials",
    "estimand",
    "power",
    "± MC",
    "in favour",
    "in sequence, in favour",
    "in sequence, any",
    "median estimate",
    "bias",
    "coverage",
    "mean n",
    "doses",
    "months (10-90 %)",
)


def _rows(found: Sweep) -> Iterable[tuple[str, ...]]:
    for cell, name in zip(found.cells, words.designs(found.cells), strict=True):
        months = [cell.duration_days[k] / 30.4375 for k in ("median", "p10", "p90")]
        lasted = f"{months[0]:.1f} ({months[1]:.1f}-{months[2]:.1f})"
        doses = "" if cell.expected_doses is None else f"{cell.expected_doses:,.0f}"
        for row in cell.results:
            one = row.result
            yield (
                name,
                f"{cell.effect:g}",
                f"{cell.trials:,}",
                words.comparison(one),
                f"{one.power:.1%}",
                f"{one.mc_error:.2%}",
                f"{one.power_benefit:.1%}",
                words.share(one.power_in_sequence, one.sequence_mc_error),
                words.share(one.rejected_in_sequence, one.rejected_mc_error),
                words.number(one.median_estimate, 3),
                words.number(row.bias, 3),
                words.share(row.coverage, row.coverage_mc_error),
                f"{cell.expected_participants:.0f}",
                doses,
                lasted,
            )


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], name: str) -> str:
    head = "".join(f"<th scope=col>{escape(one)}</th>" for one in headings)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(one)}</td>" for one in row) + "</tr>" for row in rows
    )
    return (
        f'<div class=scroll tabindex=0 role=region aria-label="{escape(name)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _figure(svg: str, caption: str, text: str) -> str:
    drawn = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(text)}" ', 1)
    words = f"<figcaption>{escape(caption)} {escape(text)}</figcaption>"
    return f"<figure><div class=drawn tabindex=0>{drawn}</div>{words}</figure>"


def _figures(study: Study, found: Sweep) -> Iterable[str]:
    names = words.designs(found.cells)
    yield "<h2>Power</h2>"
    rows = _points(found, names)
    text = "; ".join(f"{r['design']}, effect {r['effect']:g}: {r['power']:.0%}" for r in rows)
    about = "each estimand" if len(set(names)) == 1 else found.estimands[0]
    caption = f"Power of {about} with its 95 % Monte Carlo band; dashes: 80 %."
    yield _figure(figures.power_curves(rows), caption, f"{text}.")
    yield "<h2>Duration</h2>"
    lasting = _one_per_design(found.cells, names)
    text = "; ".join(
        f"{name}: {cell.duration_days['median'] / 30.4375:.0f} months"
        for name, cell in lasting.items()
    )
    drawn = figures.durations(list(lasting.values()), list(lasting))
    yield _figure(drawn, "Line: median; bar: 80 % of simulated trials.", f"{text}.")
    looks = _looks(study, found)
    if len(looks.ranks) > 1:
        yield "<h2>Interim looks</h2>"
        text = "; ".join(
            f"look at {n} participants: z {z:.3f}"
            for n, z in zip(looks.ranks, looks.efficacy_z, strict=True)
        )
        yield _figure(figures.boundary_plot(looks), "Boundaries.", f"{text}.")
        yield _stops(found)


def _points(found: Sweep, names: Sequence[str]) -> list[dict[str, Any]]:
    """A line for each estimand where there is one design, else one for each design."""
    if len(set(names)) > 1:
        return [
            _point(cell, cell.results[0].result, name)
            for cell, name in zip(found.cells, names, strict=True)
        ]
    return [
        _point(cell, row.result, words.comparison(row.result))
        for cell in found.cells
        for row in cell.results
    ]


def _point(cell: Cell, one: Result, name: str) -> dict[str, Any]:
    power = one.power_benefit
    width = 1.96 * math.sqrt(power * (1 - power) / cell.trials)
    return {
        "design": name,
        "effect": cell.effect,
        "power": power,
        "low": max(0.0, power - width),
        "high": min(1.0, power + width),
    }


def _one_per_design(cells: Sequence[Cell], names: Sequence[str]) -> dict[str, Cell]:
    """The first cell of each design; effects change duration through early stops alone."""
    found: dict[str, Cell] = {}
    for cell, name in zip(cells, names, strict=True):
        found.setdefault(name, cell)
    return found


def _looks(study: Study, found: Sweep) -> Looks:
    scenario = study.scenarios[found.scenario]
    return looks_for(
        design_of(study, scenario, participants=found.cells[0].participants, seed=found.seed)
    )


def _stops(found: Sweep) -> str:
    rows = [
        (
            name,
            f"{cell.effect:g}",
            str(stop.look),
            str(stop.participants),
            words.share(stop.efficacy, stop.mc_errors[0]),
            words.share(stop.harm, stop.mc_errors[1]),
            words.share(stop.futility, stop.mc_errors[2]),
        )
        for cell, name in zip(found.cells, words.designs(found.cells), strict=True)
        for stop in cell.stops
    ]
    headings = ("design", "effect", "look", "participants", "efficacy", "harm", "little hope")
    return _table(headings, rows, "probability of each stop")


def _adjusted(found: Sweep) -> str:
    """Covariates of the protocol's analyses, simulated or not; nothing where there are none."""
    rows = [
        (words.comparison(one.result), ", ".join(one.result.adjusted_for) or "none", left or "none")
        for one in found.cells[0].results
        for left in [", ".join(one.result.not_adjusted_for)]
        if one.result.adjusted_for or left
    ]
    if not rows:
        return ""
    headings = ("estimand", "adjusted for", "not simulated, so not adjusted for")
    return "<h2>Covariates</h2>" + _table(headings, rows, "covariates")


def _safety(study: Study, found: Sweep) -> str:
    """How often the board's rules speak and end trials; nothing where there is no board."""
    rows = [
        (
            name,
            f"{cell.effect:g}",
            one.rule,
            words.share(one.share, one.mc_error),
            words.share(one.ended, one.ended_mc_error) or "advises",
        )
        for cell, name in zip(found.cells, words.designs(found.cells), strict=True)
        for one in cell.safety
    ]
    if not rows:
        return ""
    headings = ("design", "effect", "rule", "would speak in", "ends")
    assumed = board_line(study.protocol, study.scenarios[found.scenario])
    note = f"<p>{escape(assumed)}</p>"
    return "<h2>Safety board</h2>" + note + _table(headings, rows, "safety rules")


def _randomisation(found: Sweep) -> str:
    rows = [
        (str(one.participants), words.guessed(one), f"{one.p95_imbalance:g}")
        for one in found.randomisation
    ]
    return "<h2>Randomisation</h2>" + _table(
        ("participants", "guess rate", "95 % imbalance"), rows, "randomisation"
    )
