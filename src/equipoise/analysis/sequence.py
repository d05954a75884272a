"""The fixed sequence: which results are confirmatory, and why the others are not.

Each estimand is tested at the full alpha, once, in the order of the plan; with several
experimental arms every estimand is tested arm by arm, in the order of the protocol. The first
test that is not significant, or could not be made, ends the confirmatory part. After interim
looks the level is that of the look at which the trial stopped (`final_look`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtr

from equipoise.analysis.contrasts import Contrast
from equipoise.analysis.final_look import Standing, crossed
from equipoise.analysis.result import Result
from equipoise.errors import listed, say
from equipoise.protocol.estimands import AnalysisPlan


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One step of the sequence. `confirmatory` says whether it was tested with alpha intact."""

    place: int
    estimand: str
    contrast: str
    p_value: float | None
    alpha: float
    sides: int
    confirmatory: bool
    significant: bool
    favours: str | None
    reason: str


def decisions(
    plan: AnalysisPlan,
    results: Sequence[Result],
    contrasts: Sequence[Contrast],
    looks: Standing | None = None,
) -> tuple[Decision, ...]:
    """Go through the sequence of the plan.

    Args:
        plan: alpha over `sides`, and the sequence of estimands.
        results: the results of the plan; the main row of each estimand and contrast is used.
        contrasts: experimental arms against the control, in order.
        looks: the level after interim looks; None where none was taken.

    """
    main = {(one.estimand, one.contrast): one for one in results if one.role == "main"}
    found: list[Decision] = []
    stopped: str | None = None
    for estimand in plan.sequence:
        for contrast in contrasts:
            row = main.get((estimand, contrast.name))
            step = _decide(plan, row, estimand, contrast, len(found) + 1, stopped, looks)
            found.append(step)
            if stopped is None and not step.significant:
                stopped = _named(step, len(contrasts))
    return tuple(found)


def _named(step: Decision, contrasts: int) -> str:
    if contrasts == 1:
        return step.estimand
    return say("{estimand} ({contrast})", estimand=step.estimand, contrast=step.contrast)


def _decide(
    plan: AnalysisPlan,
    row: Result | None,
    estimand: str,
    contrast: Contrast,
    place: int,
    stopped: str | None,
    looks: Standing | None,
) -> Decision:
    early = _early(plan, estimand, contrast, looks)
    p_value = early if early is not None else None if row is None else _p_value(plan, row)
    level = plan.alpha if looks is None else looks.level
    confirmatory = stopped is None and p_value is not None
    significant = confirmatory and p_value is not None and p_value <= level
    return Decision(
        place=place,
        estimand=estimand,
        contrast=contrast.name,
        p_value=p_value,
        alpha=level,
        sides=plan.sides,
        confirmatory=confirmatory,
        significant=significant,
        favours=None if row is None else row.favours,
        reason=listed(
            (
                _reason(row, p_value, (plan.sides, level), stopped, significant=significant),
                *((_AT_THE_LOOK,) if early is not None and stopped is None else ()),
            ),
            " ",
        ),
    )


_AT_THE_LOOK = "Tested at the interim look at which the trial was stopped."


def _early(
    plan: AnalysisPlan, estimand: str, contrast: Contrast, looks: Standing | None
) -> float | None:
    """The p-value at the look that stopped the trial, where this was tested there."""
    stopped = looks.stopped if looks is not None and looks.estimand == estimand else None
    z = None if stopped is None else stopped.z.get(contrast.name)
    if stopped is None or z is None or not crossed(stopped, contrast.name, plan.sides):
        return None
    return float(2 * ndtr(-abs(z)) if plan.sides == 2 else ndtr(-z))


def _p_value(plan: AnalysisPlan, row: Result) -> float | None:
    """Two-sided p, or one-sided towards benefit."""
    if row.p_value is None or plan.sides == 2:
        return row.p_value
    half = row.p_value / 2
    return half if row.favours == "experimental" else 1 - half


def _reason(
    row: Result | None,
    p_value: float | None,
    test: tuple[int, float],
    stopped: str | None,
    *,
    significant: bool,
) -> str:
    if p_value is None:
        why = row.problem if row is not None and row.problem else "it was not computed"
        return say("Not confirmatory: {why}.", why=why)
    if stopped is not None:
        return say("Not confirmatory: the sequence ended at {stopped}.", stopped=stopped)
    sides, level = test
    side = "two-sided" if sides == 2 else "one-sided"
    if significant:
        return say("Confirmatory: significant at {side} {level}.", side=side, level=f"{level:.4g}")
    words = "Confirmatory test made: not significant at {side} {level}; the sequence ends."
    return say(words, side=side, level=f"{level:.4g}")
