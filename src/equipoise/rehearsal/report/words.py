"""What the figures say, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from equipoise.protocol.model import Study
from equipoise.rehearsal.grid import Cell, CellResult, Guessing, Sweep
from equipoise.rehearsal.summary import Result

OFTEN = (
    (0.995, "almost always"),
    (0.9, "more than nine times in ten"),
    (0.78, "about four times in five or more"),
    (0.7, "about three times in four"),
    (0.6, "about two times in three"),
    (0.45, "about half the time"),
    (0.29, "about one time in three"),
    (0.22, "about one time in four"),
    (0.18, "about one time in five"),
    (0.13, "about one time in six"),
    (0.07, "about one time in ten"),
    (0.03, "about one time in twenty"),
    (0.0, "hardly ever"),
)

MEASURES = {
    "logrank": "rate ratio",
    "cox": "rate ratio",
    "proportional_odds": "odds ratio of a higher score",
    "risk_difference": "difference of proportions",
    "mantel_haenszel": "difference of proportions",
    "ancova": "difference of means",
    "mmrm": "difference of means",
    "wilcoxon": "chance of a higher value than a control",
}


def often(share: float) -> str:
    """A share of trials in words."""
    return next(words for least, words in OFTEN if share >= least)


def measure(method: str) -> str:
    """What a method estimates, in words."""
    return MEASURES.get(method, method.replace("_", " "))


def number(value: float | None, digits: int = 2) -> str:
    """A number as a person reads it."""
    return "" if value is None else f"{value:.{digits}f}"


def share(value: float | None, error: float | None = None) -> str:
    """A share as a person reads it, with its Monte Carlo error."""
    if value is None:
        return ""
    return f"{value:.1%}" if error is None else f"{value:.1%} ± {error:.1%}"


def guessed(one: Guessing) -> str:
    """The guess rate, with its Monte Carlo error where it is not exact."""
    error = f" ± {one.guess_mc_error:.3f}" if one.guess_mc_error else ""
    return f"{one.guess_rate:.3f}{error}"


def comparison(one: Result) -> str:
    """The estimand, with the arm where there are several."""
    return one.estimand if one.any_arm is None else f"{one.estimand}, {one.arm}"


def summary(study: Study, found: Sweep) -> list[str]:
    """The paragraph at the top: what the primary estimand can and cannot see, and how long."""
    name = found.estimands[0]
    first = [cell for cell in found.cells if _same_design(cell, found.cells[0])]
    sentences = [_missed(cell, cell.results[0]) for cell in first if cell.effect != 1]
    null = [cell for cell in first if cell.effect == 1]
    sentences += [_null(cell) for cell in null]
    sentences += _sequence(first)
    sentences += _board(first)
    cell = first[0]
    median, p10, p90 = (cell.duration_days[k] / 30.4375 for k in ("median", "p10", "p90"))
    sentences.append(
        f"It would take about {median:.0f} months from the first site's opening to the last "
        f"participant's primary endpoint (80 % of simulated trials: {p10:.0f} to {p90:.0f})."
    )
    title = next(e.title for e in study.protocol.estimands if e.id == name)
    about = found.cells[0].results[0].result
    against = "" if about.any_arm is None else f", {about.arm} against control"
    opening = f"This is about {name}{against}, {title.get('en') or next(iter(title.values()))}."
    return [opening, *sentences]


def _same_design(one: Cell, other: Cell) -> bool:
    return (one.participants, one.accrual, one.drop_out) == (
        other.participants,
        other.accrual,
        other.drop_out,
    )


def _missed(cell: Cell, row: CellResult) -> str:
    missed = 1 - row.result.power_benefit
    what = measure(row.result.method)
    typical = number(row.result.median_estimate)
    effect = f"a declared effect of {cell.effect:g} (median {what} {typical})"
    if missed < 0.03:
        return f"With {cell.participants} participants this trial would hardly ever miss {effect}."
    return (
        f"With {cell.participants} participants this trial would miss {effect} {often(missed)} "
        f"({missed:.0%} of simulated trials)."
    )


def _null(cell: Cell) -> str:
    one = cell.results[0].result
    said = f"With no effect at all it would still claim one in {one.power:.1%} of trials."
    if one.any_arm is None:
        return said
    return f"{said} Taken arm by arm, {one.any_arm:.1%} would claim one in some arm."


def _sequence(cells: Sequence[Cell]) -> list[str]:
    """How far the fixed sequence carries under the largest effect; nothing where one is tested."""
    cell = max(cells, key=lambda one: one.effect)
    steps = [row.result for row in cell.results if row.result.power_in_sequence is not None]
    if len(steps) < 2:
        return []
    far = ", ".join(f"{comparison(one)} in {one.power_in_sequence:.0%}" for one in steps)
    return [
        f"In the fixed sequence each is confirmed only if all before it are: with a declared "
        f"effect of {cell.effect:g}, {far} of trials."
    ]


def _board(cells: Sequence[Cell]) -> list[str]:
    """How often the safety board ends the trial; nothing where it only advises."""
    ended = [(cell.effect, [one.ended for one in cell.safety if one.ended]) for cell in cells]
    if all(one.ended is None for cell in cells for one in cell.safety):
        return []
    said = ", ".join(f"{sum(shares):.1%} (effect {effect:g})" for effect, shares in ended)
    return [f"The safety board would close randomisation early in {said} of trials."]


def designs(cells: Sequence[Cell]) -> list[str]:
    """A name for each cell's design, telling apart what differs."""
    several = {
        "accrual": len({cell.accrual for cell in cells}) > 1,
        "drop_out": len({cell.drop_out for cell in cells}) > 1,
    }
    names = []
    for cell in cells:
        name = f"{cell.participants} participants"
        if several["accrual"]:
            name += f", accrual x {cell.accrual:g}"
        if several["drop_out"]:
            name += f", {cell.drop_out:.0%} drop out"
        names.append(name)
    return names
