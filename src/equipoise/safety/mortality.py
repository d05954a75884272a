"""Deaths by group against the board's mortality boundaries. For the closed report only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.protocol.conduct_rules import SafetyBoard


@dataclass(frozen=True, slots=True, kw_only=True)
class Mortality:
    """Deaths in two groups and what the boundaries say.

    `p_harm` and `p_benefit` are one-sided Fisher exact p-values: more, or fewer, deaths in
    the experimental group than chance gives. `probability` is the posterior probability that
    its risk of death is higher, under uniform priors. A boundary that the board does not
    have is never crossed.
    """

    deaths: tuple[int, int]
    participants: tuple[int, int]
    p_harm: float
    p_benefit: float
    probability: float
    harm: bool
    benefit: bool


def mortality(board: SafetyBoard, died: Sequence[bool], experimental: Sequence[bool]) -> Mortality:
    """Judge deaths at a review.

    Args:
        board: gives `mortality_harm_p`, `mortality_benefit_p` and `mortality_probability`.
        died: shape (n,), True where the participant has died.
        experimental: shape (n,), True in the experimental group. Figures are given for the
            experimental group first, then for the control group.

    Raises:
        ValueError: the lengths differ.

    Source: Fisher's exact test; posterior of two binomial risks with Beta(1, 1) priors.
    Both are checked against SciPy in tests/unit/test_safety_mortality.py.

    """
    pairs = [(bool(dead), bool(arm)) for dead, arm in zip(died, experimental, strict=True)]
    deaths = (pairs.count((True, True)), pairs.count((True, False)))
    people = (
        deaths[0] + pairs.count((False, True)),
        deaths[1] + pairs.count((False, False)),
    )
    p_harm = _tail(deaths, people)
    p_benefit = _tail(deaths[::-1], people[::-1])
    probability = higher_risk(deaths, people)
    by_p = board.mortality_harm_p is not None and p_harm < board.mortality_harm_p
    limit = board.mortality_probability
    return Mortality(
        deaths=deaths,
        participants=people,
        p_harm=p_harm,
        p_benefit=p_benefit,
        probability=probability,
        harm=by_p or (limit is not None and probability > limit),
        benefit=board.mortality_benefit_p is not None and p_benefit < board.mortality_benefit_p,
    )


def _tail(deaths: tuple[int, int], people: tuple[int, int]) -> float:
    """P(at least `deaths[0]` of all deaths fall in the first group), both margins fixed."""
    total, dead = sum(people), sum(deaths)
    ways = sum(
        math.comb(people[0], k) * math.comb(people[1], dead - k)
        for k in range(deaths[0], min(dead, people[0]) + 1)
    )
    return ways / math.comb(total, dead)


def higher_risk(deaths: tuple[int, int], people: tuple[int, int]) -> float:
    """P(risk of the first group > risk of the second), each risk Beta(1 + d, 1 + n - d).

    The exact finite sum over the first group's deaths: no simulation, no quadrature.
    """
    a, b = 1 + deaths[0], 1 + people[0] - deaths[0]
    c, d = 1 + deaths[1], 1 + people[1] - deaths[1]
    terms = (
        math.exp(_log_beta(c + k, b + d) - math.log(b + k) - _log_beta(1 + k, b) - _log_beta(c, d))
        for k in range(a)
    )
    return min(1.0, math.fsum(terms))


def _log_beta(x: float, y: float) -> float:
    return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)
