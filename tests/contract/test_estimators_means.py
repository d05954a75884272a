"""Analysis of covariance against statsmodels, and blinding indices against first principles."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from equipoise.analysis import estimators
from equipoise.analysis.independent import independent


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("robust", [None, "hc0", "hc1", "hc2", "hc3"])
def test_ancova_equals_statsmodels(seed: int, robust: str | None) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 120))
    arm = np.arange(n) % 3 == 0
    x = np.column_stack([rng.normal(1e4, 2, n), rng.random(n) < 0.5])
    y = 1e3 + 2 * arm + x @ [0.5, 1.0] + rng.normal(size=n) * (1 + arm)
    for covariates in (None, x):
        arguments = {"y": y, "arm": arm, "covariates": covariates, "robust": robust}
        ours = estimators.ancova(**arguments)  # type: ignore[arg-type]
        theirs = independent("ancova", **arguments)
        assert ours.value == pytest.approx(theirs.estimate, rel=1e-7)
        assert ours.p_value == pytest.approx(theirs.p_value, rel=1e-6)


def test_ancova_interval_equals_statsmodels() -> None:
    rng = np.random.default_rng(5)
    arm, x = np.arange(30) % 2 == 0, rng.normal(size=30)
    y = arm + x + rng.normal(size=30)
    ours = estimators.ancova(y, arm, x, level=0.9)
    fit = OLS(y, np.column_stack([np.ones(30), arm, x])).fit()
    assert (ours.ci_low, ours.ci_high) == pytest.approx(fit.conf_int(0.1)[1], rel=1e-10)


def guesses(table: list[list[int]]) -> tuple[list[str], list[bool]]:
    words = ("experimental", "control", "unknown")
    said = [w for row in table for w, k in zip(words, row, strict=True) for _ in range(k)]
    arm = [row == 0 for row in (0, 1) for _ in range(sum(table[row]))]
    return said, arm


def james_by_the_book(share: np.ndarray) -> float:
    """James 1996 with weights 0, 0.5 and 1, term by term."""
    unknown = share[:, 2].sum()
    observed = expected = 0.0
    for i in range(2):
        for j in range(2):
            weight = 0.5 * (i != j)
            observed += weight * share[i, j] / (1 - unknown)
            arm = share[i].sum() - share[i, 2]
            expected += weight * share[:, j].sum() * arm / (1 - unknown) ** 2
    kappa = (observed - expected) / expected
    return float((1 + unknown + (1 - unknown) * kappa) / 2)


@pytest.mark.parametrize("seed", range(10))
def test_james_index_equals_its_published_formula_and_a_numerical_delta_method(seed: int) -> None:
    table = np.random.default_rng(seed).integers(3, 40, (2, 3))
    share, n = table / table.sum(), table.sum()
    ours = estimators.james(*guesses(table.tolist()))
    assert ours.value == pytest.approx(james_by_the_book(share), rel=1e-12)
    slope = np.zeros((2, 3))
    for cell in np.ndindex(2, 3):
        step = np.zeros((2, 3))
        step[cell] = 1e-6
        up, down = ((share + s) / (share + s).sum() for s in (step, -step))
        slope[cell] = (james_by_the_book(up) - james_by_the_book(down)) / 2e-6
    variance = ((slope**2 * share).sum() - (slope * share).sum() ** 2) / n
    assert ours.se == pytest.approx(variance**0.5, rel=1e-6)


def test_blinding_indices_at_their_landmarks() -> None:
    random = guesses([[20, 20, 10], [20, 20, 10]])
    assert estimators.bang(*random).experimental.value == 0
    assert estimators.james(*guesses([[20, 20, 0], [20, 20, 0]])).value == pytest.approx(0.5)
    known = estimators.bang(*guesses([[30, 0, 0], [0, 30, 0]]))
    assert (known.experimental.value, known.control.value) == (1, 1)
    wishful = estimators.bang(*guesses([[30, 5, 5], [30, 5, 5]]))
    assert wishful.experimental.value == -wishful.control.value > 0


def test_bang_index_is_a_mean_of_plus_one_minus_one_and_nought() -> None:
    said, arm = guesses([[21, 9, 7], [11, 13, 6]])
    ours = estimators.bang(said, arm).experimental
    marks = np.array([1] * 21 + [-1] * 9 + [0] * 7)
    assert ours.value == pytest.approx(marks.mean())
    assert ours.se == pytest.approx(marks.std() / 37**0.5)
