"""Group-sequential boundaries: one entry for every kind.

Kinds and their parameter: obrien-fleming, pocock, wang-tsiatis (`delta`), haybittle-peto
(`z`, default 3), lan-demets-obrien-fleming, lan-demets-pocock, hwang-shih-decani (`gamma`),
kim-demets (`rho`), user (`spent`: cumulative, one value a look, or a function of the
fraction). The first four use all of alpha by the last look given. Sources are named in the
module of each family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtr

from equipoise.design import futility as lower_side
from equipoise.design import haybittle_peto, wang_tsiatis
from equipoise.design.checks import Array, flag, inside_unit, known, level, needed
from equipoise.design.looks import Looks, looks
from equipoise.design.spending import KINDS as SPENDING
from equipoise.design.spending import spend
from equipoise.design.sweep import Efficacy, Futility, Swept, given_futility, spending, sweep
from equipoise.errors import DesignError

KINDS: Mapping[str, str | None] = {
    "obrien-fleming": None,
    "pocock": None,
    "wang-tsiatis": "delta",
    "haybittle-peto": "z",
    **SPENDING,
}
"""Every kind of efficacy boundary, and the parameter that it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundaries:
    """Stopping boundaries on the scale of the standardised statistic Z; arrays (looks,).

    `information` is as given and `maximum` full information in the same unit. A trial stops
    for efficacy at Z >= `efficacy_z` (two-sided: |Z|), for futility at Z <= `futility_z`
    (two-sided: |Z|); `futility_z` is None without a futility boundary, and its last value is
    the efficacy boundary. `nominal_p` is the p-value, over `sides`, at which a look would
    stop for efficacy; `alpha_spent` is cumulative, over all sides, under no effect.
    `drift` is the mean of Z at full information at which type II error is `beta` (None
    without spending of type II error).
    """

    information: Array
    efficacy_z: Array
    futility_z: Array | None
    nominal_p: Array
    alpha_spent: Array
    alpha: float
    sides: int
    maximum: float
    binding: bool
    drift: float | None

    @property
    def fractions(self) -> Array:
        """Information over full information, shape (looks,)."""
        return self.information / self.maximum


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What was asked, checked."""

    kind: str
    alpha: float
    sides: int
    beta: float | None
    futility: str | None
    binding: bool
    final: bool
    parameters: Mapping[str, Any]


def boundaries(
    information: object,
    kind: str,
    *,
    alpha: float = 0.025,
    sides: int = 1,
    futility: str | None = None,
    beta: float | None = None,
    binding: bool = False,
    maximum: float | None = None,
    final: bool = False,
    **parameter: Any,
) -> Boundaries:
    """Stopping boundaries of a group-sequential trial.

    `information`: the looks, increasing, as fractions of full information or in any absolute
    unit (events, participants); `maximum` is full information in that unit (default: 1 where
    values begin below 1, else the last). A last look beyond full information spends what is
    left; one short of it what the spending function allows there, or with `final` all.
    `kind` and its parameter are listed in the module; `alpha` is the total over `sides`.
    `futility`: a spending kind for `beta`, with its parameter prefixed (`futility_gamma`), or
    `fixed` with `futility_z`. `binding` lets the efficacy boundary take credit for it.
    Two-sided futility is an inner wedge: the trial stops where |Z| is small.
    Raises `DesignError`.
    """
    total, count = level(alpha, sides)
    question = _Question(
        kind=_known_kind(kind),
        alpha=total,
        sides=count,
        beta=None if beta is None else inside_unit(beta, "beta"),
        futility=futility,
        binding=flag(binding, "binding"),
        final=flag(final, "final"),
        parameters=parameter,
    )
    _refuse_strangers(question)
    plan = _complete(looks(information, maximum), question)
    return _answer(plan, question, *_solve(plan, question))


def _answer(plan: Looks, question: _Question, swept: Swept, drift: float | None) -> Boundaries:
    return Boundaries(
        information=plan.information,
        efficacy_z=swept.efficacy,
        futility_z=swept.futility,
        nominal_p=np.asarray(question.sides * ndtr(-swept.efficacy)),
        alpha_spent=swept.alpha_spent,
        alpha=question.alpha,
        sides=question.sides,
        maximum=plan.maximum,
        binding=question.binding and question.futility is not None,
        drift=drift,
    )


def _known_kind(kind: object) -> str:
    if not isinstance(kind, str) or kind not in KINDS:
        raise DesignError(
            f"There is no boundary of kind {kind!r}. Choose one of {', '.join(KINDS)}."
        )
    return kind


def _refuse_strangers(question: _Question) -> None:
    own = KINDS[question.kind]
    allowed = (() if own is None else (own,)) + lower_side.parameters_of(question.futility)
    known(question.parameters, allowed, f"A boundary of kind {question.kind}")
    if question.futility is None and (question.beta is not None or question.binding):
        raise DesignError(
            "beta and binding describe a futility boundary, and none was asked for. "
            "Give futility=, or leave them out."
        )
    spends = question.futility not in (None, lower_side.FIXED)
    if spends and question.beta is None:
        raise DesignError("A futility boundary spends type II error. Give beta=, such as 0.2.")
    if spends and question.beta is not None and question.beta >= 1 - question.alpha:
        raise DesignError(
            f"beta is {question.beta:g}: with alpha {question.alpha:g} that needs no effect at "
            "all. Give a smaller beta, such as 0.2."
        )


def _complete(plan: Looks, question: _Question) -> Looks:
    """A plan of a fixed shape is complete at its last look; type II error needs one that is."""
    short = float(plan.fractions[-1]) < 1
    shaped = question.kind not in SPENDING
    if short and shaped:
        last = float(plan.information[-1])
        return replace(plan, maximum=last, fractions=plan.information / last)
    if short and question.futility is not None and not question.final:
        raise DesignError(
            f"The last look lies at {plan.fractions[-1]:g} of full information; a futility "
            "boundary needs the whole plan. Add the look at full information, or give final=True."
        )
    return plan


def _solve(plan: Looks, question: _Question) -> tuple[Swept, float | None]:
    times = plan.fractions
    plain_spending = question.kind in SPENDING and question.futility is None
    if not plan.overruns or plain_spending or question.kind == "haybittle-peto":
        return _solve_planned(times, question)
    return _solve_overrun(times, question)


def _solve_planned(times: Array, question: _Question) -> tuple[Swept, float | None]:
    def solver(lower: Futility | None) -> Swept:
        return _efficacy(times, question, lower)

    if question.futility is None:
        return solver(None), None
    if question.futility == lower_side.FIXED:
        values = needed(question.parameters, "futility_z", "A fixed futility boundary")
        plan = lower_side.given_plan(times, values, question.binding)
        swept = solver(plan)
        lower_side.refuse_crossed(swept.efficacy, plan.z)
        return swept, None
    type_two = lower_side.spent(question.futility, times, question.beta or 0.0, question.parameters)
    if question.binding and question.kind in wang_tsiatis.KINDS and times.size > 1:
        at_once = wang_tsiatis.solve_binding(
            times, question.alpha, question.sides, _delta(question), type_two
        )
        if at_once is not None:
            return at_once
    return lower_side.solve(solver, times, question.sides, type_two, question.binding)


def _efficacy(times: Array, question: _Question, lower: Futility | None) -> Swept:
    alpha, sides = question.alpha, question.sides
    if question.kind in SPENDING:
        spent = spend(question.kind, times, alpha, sides, question.parameters).copy()
        if question.final:
            spent[-1] = alpha
        return sweep(times, sides, spending(spent), lower)
    if question.kind == "haybittle-peto":
        z = question.parameters.get("z", haybittle_peto.DEFAULT_Z)
        return sweep(times, sides, haybittle_peto.plan(times.size, alpha, z), lower)
    return wang_tsiatis.solve(times, alpha, sides, _delta(question), lower)


def _delta(question: _Question) -> float:
    """The shape of a boundary that has one."""
    delta = None
    if question.kind == "wang-tsiatis":
        delta = needed(question.parameters, "delta", "A Wang-Tsiatis boundary")
    return wang_tsiatis.delta_of(question.kind, delta)


def _solve_overrun(times: Array, question: _Question) -> tuple[Swept, float | None]:
    """Keep the looks before the last as planned; let the last one spend what is left."""
    planned, drift = _solve_planned(np.append(times[:-1], 1.0), question)
    spent = np.full(times.size, np.nan)
    spent[-1] = planned.alpha_spent[-1]
    interim = planned.efficacy.copy()
    interim[-1] = np.nan
    lower = None
    if planned.futility is not None:
        kept = planned.futility.copy()
        kept[-1] = np.nan
        lower = given_futility(kept, binding=question.binding, drift=drift or 0.0)
    return sweep(times, question.sides, Efficacy(z=interim, spent=spent), lower), drift
