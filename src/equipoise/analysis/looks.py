"""Boundaries at the information that the looks really had.

A spending function says how much error may be used by a fraction of the information, wherever
the look falls (Lan & DeMets 1983, Biometrika 70:659); a boundary of a fixed shape is solved anew
for the looks as they were. What was spent stays spent: the final analysis gets what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.design import Boundaries, boundaries
from equipoise.design.spending import KINDS as SPENDING
from equipoise.errors import DesignError
from equipoise.protocol.estimands import SampleSizeBasis
from equipoise.protocol.model import Protocol

USUAL_POWER = 0.8
_NEAR = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a protocol says about its looks, in plain values that go through JSON.

    `information`: planned fractions, the last is 1. `power`: what the sample size was chosen
    for. `futility`: the conditional power below which stopping is advised, or None.
    """

    information: Sequence[float]
    spending: str
    parameters: Mapping[str, Any]
    alpha: float
    sides: int
    futility: float | None
    power: float


def rule_of(protocol: Protocol) -> Rule:
    """The rule of a protocol.

    Raises:
        DesignError: it plans no interim analysis.

    """
    plan = protocol.analysis
    if plan.interim is None:
        raise DesignError("The protocol plans no interim analysis. Add `analysis: interim:`.")
    basis = basis_of(protocol, plan.interim.estimand or plan.sequence[0])
    return Rule(
        information=plan.interim.information,
        spending=plan.interim.spending,
        parameters=dict(plan.interim.parameters),
        alpha=plan.alpha,
        sides=plan.sides,
        futility=plan.interim.futility_conditional_power,
        power=basis.power if basis else USUAL_POWER,
    )


def basis_of(protocol: Protocol, estimand: str) -> SampleSizeBasis | None:
    """The assumptions behind the sample size for one estimand, where the protocol has them."""
    return next((b for b in protocol.analysis.sample_size if b.estimand == estimand), None)


def interim_boundaries(rule: Rule, taken: Sequence[float]) -> Boundaries:
    """Boundaries of the looks taken, at their own fractions, and of those planned after them.

    Raises:
        DesignError: the fractions do not rise, or the last of them is not below 1.

    """
    later = [
        (number, fraction)
        for number, fraction in enumerate(rule.information)
        if number >= len(taken) and fraction > taken[-1] + _NEAR
    ]
    parameters = dict(rule.parameters)
    if "spent" in parameters:  # a value for each look
        kept = [*range(len(taken)), *(number for number, _ in later)]
        parameters["spent"] = [parameters["spent"][number] for number in kept]
    return boundaries(
        [*taken, *(fraction for _, fraction in later)],
        rule.spending,
        alpha=rule.alpha,
        sides=rule.sides,
        maximum=1.0,
        **parameters,
    )


def final_boundaries(rule: Rule, taken: Sequence[float], last: float, *, whole: bool) -> Boundaries:
    """Boundaries of the looks taken and of the last analysis, at the fraction `last`.

    `whole`: the trial went to its planned end, so that the last analysis spends all that is
    left. Otherwise it was stopped early, and spends what the function allows there. Only the
    ratios of information matter: an over-run is no obstacle.

    Raises:
        DesignError: there was no look before, or the last one has no more information.

    """
    planned = interim_boundaries(rule, taken)
    spent = [float(one) for one in planned.alpha_spent[: len(taken)]]
    spent.append(rule.alpha if whole else max(spent[-1], _allowed(rule, taken, last)))
    return boundaries(
        [*taken, last],
        "user",
        alpha=rule.alpha,
        sides=rule.sides,
        maximum=last,
        spent=spent,
    )


def _allowed(rule: Rule, taken: Sequence[float], last: float) -> float:
    """The error that may be spent by `last`; all of it where no function says."""
    if rule.spending not in SPENDING or rule.spending == "user" or last >= 1:
        return rule.alpha
    return float(interim_boundaries(rule, [*taken, last]).alpha_spent[len(taken)])
