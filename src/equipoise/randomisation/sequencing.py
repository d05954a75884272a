"""Sequences of allocations: one, or many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import DesignError
from equipoise.randomisation.atlas import Atlas, TooManyStatesError
from equipoise.randomisation.draws import rehearsal_generator, uniforms
from equipoise.randomisation.minimisation import Minimisation
from equipoise.randomisation.minimised import coded, minimised
from equipoise.randomisation.shape import Covariates, Scheme, State

_AT_ONCE = 5_000_000  # draws held in memory


def sequence(
    scheme: Scheme,
    ratio: Sequence[int],
    n: int,
    seed: int,
    covariates: Sequence[Covariates] | None = None,
) -> NDArray[np.int64]:
    """Arms (0-based) of `n` participants of one stratum, shape (n,); the same for the same seed.

    Args:
        scheme: from `equipoise.randomisation.scheme`.
        ratio: whole numbers, one for each arm, such as (1, 1).
        n: participants.
        seed: any whole number.
        covariates: of each participant, for minimisation. Where left out, every factor has
            two levels, drawn evenly from the same seed.

    Raises:
        DesignError: a ratio that does not fit, a negative `n`, covariates that do not match.

    """
    state = scheme.start(ratio)
    people = _people(scheme, n, seed, covariates)
    arms = np.empty(counting("n", n), dtype=np.int64)
    for place, u in enumerate(uniforms(rehearsal_generator(seed, "sequence"), n)):
        arms[place], state = scheme.step(state, float(u), people[place])
    return arms


def sequences(
    scheme: Scheme,
    ratio: Sequence[int],
    n: int,
    trials: int,
    generator: np.random.Generator,
    covariates: Sequence[Covariates] | None = None,
) -> NDArray[np.int8]:
    """Arms of many trials of one stratum, shape (trials, n).

    Minimisation takes the same `covariates` in each trial; where they are left out, every
    factor has two levels, drawn evenly for each trial.

    Raises:
        DesignError: as `sequence`.

    """
    counting("n", n)
    counting("trials", trials)
    rows = max(1, _AT_ONCE // max(1, n))
    arms = np.empty((trials, n), dtype=np.int8)
    for first in range(0, trials, rows):
        u = generator.random((min(rows, trials - first), n))
        if isinstance(scheme, Minimisation) and covariates is None:
            levels = two_levels(scheme, u.shape, generator)
            arms[first : first + rows] = minimised(scheme, ratio, levels, u).arms
        else:
            arms[first : first + rows] = allocations(scheme, ratio, u, covariates)
    return arms


def allocations(
    scheme: Scheme,
    ratio: Sequence[int],
    u: NDArray[np.float64],
    covariates: Sequence[Covariates] | None = None,
) -> NDArray[np.int8]:
    """Arms for given draws: what `step` gives, for all trials at once.

    Args:
        scheme: any scheme.
        ratio: of the arms.
        u: shape (trials, n), in [0, 1).
        covariates: n mappings, for minimisation.

    Returns:
        Shape (trials, n).

    Raises:
        DesignError: as `sequence`.

    """
    start = scheme.start(ratio)
    if isinstance(scheme, Minimisation):
        people = _matching(covariates, u.shape[1])
        return minimised(scheme, ratio, coded(scheme, people), u).arms
    try:
        return _walks(Atlas(start, lambda state: scheme.branches(state)), u)  # noqa: PLW0108
    except TooManyStatesError:
        return np.array([_stepped(scheme, start, row) for row in u], dtype=np.int8)


def two_levels(
    scheme: Minimisation, shape: tuple[int, ...], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Levels 0 or 1, evenly, shape (*shape, factors)."""
    drawn = generator.random((*shape, len(scheme.factors))) < 0.5
    return drawn.astype(np.int64)


def counting(name: str, number: int, least: int = 0) -> int:
    """`number`, refused unless it is a whole number of at least `least`."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        raise DesignError(f"{name} must be a whole number of {least} or more; got {number!r}")
    return int(number)


def _walks(atlas: Atlas[State], u: NDArray[np.float64]) -> NDArray[np.int8]:
    arms = np.empty(u.shape, dtype=np.int8)
    at = np.zeros(len(u), dtype=np.int64)
    for place in range(u.shape[1]):
        arms[:, place], at = atlas.advance(at, u[:, place])
    return arms


def _stepped(scheme: Scheme, state: State, draws: NDArray[np.float64]) -> list[int]:
    arms = []
    for u in draws:
        arm, state = scheme.step(state, float(u))
        arms.append(arm)
    return arms


def _people(
    scheme: Scheme, n: int, seed: int, covariates: Sequence[Covariates] | None
) -> Sequence[Covariates | None]:
    counting("n", n)
    if not isinstance(scheme, Minimisation):
        return [None] * n
    if covariates is not None:
        return _matching(covariates, n)
    drawn = uniforms(rehearsal_generator(seed, "covariates"), n * len(scheme.factors))
    levels = (drawn < 0.5).astype(int).reshape(n, len(scheme.factors)).tolist()
    return [dict(zip(scheme.factors, row, strict=True)) for row in levels]


def _matching(covariates: Sequence[Covariates] | None, n: int) -> Sequence[Covariates]:
    if covariates is None or len(covariates) != n:
        got = "none" if covariates is None else len(covariates)
        raise DesignError(f"minimisation needs the covariates of all {n} participants; got {got}")
    return covariates
