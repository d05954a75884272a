"""The fixed sequence: which results are confirmatory, and why the others are not.

Each estimand is tested at the full alpha, once, in the order of the plan; with several
experimental arms every estimand is tested arm by arm, in the order of the protocol. The first
test that is not significant, or could not be made, ends the confirmatory part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from equipoise.analysis.contrasts import Contrast
from equipoise.analysis.result import Result
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
    plan: AnalysisPlan, results: Sequence[Result], contrasts: Sequence[Contrast]
) -> tuple[Decision, ...]:
    """Go through the sequence of the plan.

    Args:
        plan: alpha over `sides`, and the sequence of estimands.
        results: the results of the plan; the main row of each estimand and contrast is used.
        contrasts: experimental arms against the control, in order.

    """
    main = {(one.estimand, one.contrast): one for one in results if one.role == "main"}
    found: list[Decision] = []
    stopped: str | None = None
    for estimand in plan.sequence:
        for contrast in contrasts:
            step = _decide(plan, main, estimand, contrast, len(found) + 1, stopped)
            found.append(step)
            if stopped is None and not step.significant:
                stopped = _named(step, len(contrasts))
    return tuple(found)


def _named(step: Decision, contrasts: int) -> str:
    return step.estimand if contrasts == 1 else f"{step.estimand} ({step.contrast})"


def _decide(
    plan: AnalysisPlan,
    main: Mapping[tuple[str, str | None], Result],
    estimand: str,
    contrast: Contrast,
    place: int,
    stopped: str | None,
) -> Decision:
    row = main.get((estimand, contrast.name))
    p_value = None if row is None else _p_value(plan, row)
    confirmatory = stopped is None and p_value is not None
    significant = confirmatory and p_value is not None and p_value <= plan.alpha
    return Decision(
        place=place,
        estimand=estimand,
        contrast=contrast.name,
        p_value=p_value,
        alpha=plan.alpha,
        sides=plan.sides,
        confirmatory=confirmatory,
        significant=significant,
        favours=None if row is None else row.favours,
        reason=_reason(row, p_value, plan, stopped, significant=significant),
    )


def _p_value(plan: AnalysisPlan, row: Result) -> float | None:
    """Two-sided p, or one-sided towards benefit."""
    if row.p_value is None or plan.sides == 2:
        return row.p_value
    half = row.p_value / 2
    return half if row.favours == "experimental" else 1 - half


def _reason(
    row: Result | None,
    p_value: float | None,
    plan: AnalysisPlan,
    stopped: str | None,
    *,
    significant: bool,
) -> str:
    if p_value is None:
        why = row.problem if row is not None and row.problem else "it was not computed"
        return f"Not confirmatory: {why}."
    if stopped is not None:
        return f"Not confirmatory: the sequence ended at {stopped}."
    side = "two-sided" if plan.sides == 2 else "one-sided"
    if significant:
        return f"Confirmatory: significant at {side} {plan.alpha:g}."
    return f"Confirmatory test made: not significant at {side} {plan.alpha:g}; the sequence ends."
