"""Estimators on published examples, and on data that cannot be analysed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from equipoise.analysis import estimators
from equipoise.analysis.estimators import Outcome
from equipoise.errors import EquipoiseError, NotEstimable

# Freireich et al., Blood 1963: weeks of remission under 6-MP and placebo, 21 each.
SIX_MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TIME = np.array(SIX_MP + PLACEBO)
EVENT = np.array(RELAPSED + [1] * 21)
ARM = np.array([True] * 21 + [False] * 21)


def test_logrank_of_the_leukaemia_trial() -> None:
    e = estimators.logrank(TIME, EVENT, ARM)
    assert e.statistic**2 == pytest.approx(16.79, abs=0.005)
    assert e.statistic < 0  # fewer relapses under 6-MP


def test_cox_of_the_leukaemia_trial() -> None:
    assert estimators.cox(TIME, EVENT, ARM).value == pytest.approx(-1.572, abs=5e-4)
    breslow = estimators.cox(TIME, EVENT, ARM, ties="breslow")
    assert breslow.value == pytest.approx(-1.509, abs=5e-4)
    assert breslow.se == pytest.approx(0.410, abs=5e-4)


def test_cox_reports_both_log_likelihoods_of_the_leukaemia_trial() -> None:
    fit = estimators.cox_fit(TIME, EVENT, ARM, ties="breslow")
    chi2 = 2 * (fit.log_likelihood - fit.log_likelihood_start)
    assert chi2 == pytest.approx(15.21, abs=0.005)


def test_kaplan_meier_of_the_leukaemia_trial() -> None:
    curve = estimators.kaplan_meier(SIX_MP, RELAPSED)
    assert curve.time.tolist() == [6, 7, 10, 13, 16, 22, 23]
    expected = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert curve.survival == pytest.approx(expected, abs=5e-4)
    assert curve.se[0] == pytest.approx(0.0764, abs=5e-5)
    assert curve.median() == 23
    assert estimators.kaplan_meier(PLACEBO, [1] * 21).median() == 8
    assert curve.at([0, 5.9, 6, 100]).tolist() == [1, 1, curve.survival[0], curve.survival[-1]]


NEWCOMBE_1998 = [
    ((56, 70, 48, 80), (0.0524, 0.3339), (0.0528, 0.3382)),
    ((9, 10, 3, 10), (0.1705, 0.8090), (0.1700, 0.8406)),
    ((6, 7, 2, 7), (0.0582, 0.8062), (0.0342, 0.8534)),
    ((5, 56, 0, 29), (-0.0381, 0.1926), (-0.0326, 0.1933)),
    ((0, 10, 0, 20), (-0.1611, 0.2775), (-0.1658, 0.2844)),
    ((0, 10, 0, 10), (-0.2775, 0.2775), (-0.2879, 0.2879)),
    ((10, 10, 0, 20), (0.6791, 1.0), (0.7156, 1.0)),
    ((10, 10, 0, 10), (0.6075, 1.0), (0.6636, 1.0)),
]


@pytest.mark.parametrize(("counts", "newcombe", "score"), NEWCOMBE_1998)
def test_risk_difference_limits_of_newcombes_table(
    counts: tuple[int, int, int, int], newcombe: tuple[float, float], score: tuple[float, float]
) -> None:
    a, m, c, n = counts
    event = [1] * a + [0] * (m - a) + [1] * c + [0] * (n - c)
    arm = [1] * m + [0] * n
    hybrid = estimators.risk_difference(event, arm)
    assert (hybrid.ci_low, hybrid.ci_high) == pytest.approx(newcombe, abs=5.1e-5)
    mn = estimators.risk_difference(event, arm, "miettinen-nurminen")
    assert (mn.ci_low, mn.ci_high) == pytest.approx(score, abs=5.1e-5)


def test_nobody_with_an_event_still_has_an_interval_and_no_evidence() -> None:
    e = estimators.risk_difference([0] * 20, [1, 0] * 10)
    assert (e.value, e.statistic, e.p_value) == (0, 0, 1)
    assert e.ci_low < 0 < e.ci_high


def test_exact_limits_after_no_events() -> None:
    e = estimators.exact(0, 10)
    assert (e.ci_low, e.ci_high) == pytest.approx((0, 0.3085), abs=5e-5)
    assert estimators.exact_upper(0, 10) == pytest.approx(1 - 0.05**0.1)
    assert estimators.exact_upper(0, 1000) == pytest.approx(3 / 1000, rel=4e-3)
    assert estimators.exact(10, 10).ci_high == 1
    assert math.isnan(e.p_value)
    assert math.isnan(e.statistic)


@pytest.mark.parametrize(("events", "n"), [(-1, 10), (11, 10), (0, 0), (1.5, 10), (1, 2.5)])
def test_impossible_counts_are_refused(events: float, n: float) -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        estimators.exact(events, n)  # type: ignore[arg-type]


def test_win_ratio_by_hand() -> None:
    # Death first, then the score. Pairs: (e1, c1) e1 outlives; (e1, c2) tie on death, then
    # 5 > 3; (e2, c1) both alive when last seen, 2 < 4; (e2, c2) c2 outlives.
    outcomes = [
        Outcome(value=[28, 10, 20, 28], event=[0, 1, 1, 0]),
        Outcome(value=[5, 2, 4, 3]),
    ]
    shares = estimators.wins(outcomes, [1, 1, 0, 0])
    assert (shares.win, shares.loss, shares.tie) == (0.5, 0.5, 0)
    better = [outcomes[0], Outcome(value=[5, 2, 4, 5])]
    assert estimators.wins(better, [1, 1, 0, 0]).tie == 0.25


def test_dying_on_the_last_day_loses_to_being_alive_on_it() -> None:
    death = Outcome(value=[28, 28], event=[0, 1])
    assert estimators.wins([death], [1, 0]).win == 1


def test_someone_lost_early_is_not_beaten_by_a_later_death() -> None:
    death = Outcome(value=[5, 20], event=[0, 1])
    assert estimators.wins([death], [1, 0]).tie == 1


def test_everything_on_one_day_is_one_comparison_of_two_proportions() -> None:
    event = np.array([1] * 12 + [0] * 8 + [1] * 5 + [0] * 15)
    arm = np.array([1] * 20 + [0] * 20)
    same_day = np.full(40, 3)
    logrank = estimators.logrank(same_day, event, arm)
    pooled = estimators.risk_difference(event, arm)
    assert logrank.statistic == pytest.approx(pooled.statistic * (39 / 40) ** 0.5)
    assert estimators.logrank_score(same_day, event == 1, arm == 1).variance > 0


NOT_ESTIMABLE = {
    "no events": lambda: estimators.logrank([1, 2, 3, 4], [0] * 4, [1, 0, 1, 0]),
    "arms never at risk together": lambda: estimators.logrank(
        [1, 2, 8, 9], [1] * 4, [1, 1, 0, 0], [0, 0, 1, 1]
    ),
    "cox without events": lambda: estimators.cox([1, 2, 3, 4], [0] * 4, [1, 0, 1, 0]),
    "events in one arm only": lambda: estimators.cox(range(40), [1, 0] * 20, [1, 0] * 20),
    "covariate repeats the arm": lambda: estimators.cox(TIME, EVENT, ARM, ARM.astype(float)),
    "constant covariate": lambda: estimators.cox(TIME, EVENT, ARM, np.ones(42)),
    "a covariate that separates": lambda: estimators.cox(TIME, EVENT, ARM, -TIME * 1.0),
    "rmst without events": lambda: estimators.rmst([9, 9, 9, 9], [0] * 4, [1, 0, 1, 0], 5),
    "one level": lambda: estimators.proportional_odds([3] * 9, [1, 0, 1] * 3),
    "arms do not overlap": lambda: estimators.proportional_odds([1, 2, 3, 4] * 5, [0, 0, 1, 1] * 5),
    "ordinal covariate repeats the arm": lambda: estimators.proportional_odds(
        list(range(6)) * 7, ARM, ARM * 2.0
    ),
    "all ranks tied": lambda: estimators.wilcoxon([3] * 6, [1, 0] * 3),
    "no stratum with both arms": lambda: estimators.wilcoxon([1, 2, 3, 4], [1, 0] * 2, [1, 0] * 2),
    "no losses": lambda: estimators.win_ratio([Outcome(value=[3, 4, 1, 2])], [1, 1, 0, 0]),
    "pairs in no stratum": lambda: estimators.win_ratio(
        [Outcome(value=[3, 4, 1, 2])], [1, 1, 0, 0], [1, 1, 0, 0]
    ),
    "risks 1 and 0 by wald": lambda: estimators.risk_difference([1, 0] * 4, [1, 0] * 4, "wald"),
    "nobody has the event": lambda: estimators.mantel_haenszel([0] * 8, [1, 0] * 4, [1] * 8),
    "everybody has the event": lambda: estimators.mantel_haenszel([1] * 8, [1, 0] * 4),
    "constant outcome": lambda: estimators.ancova([5.1] * 8, [1, 0] * 4),
    "exact fit": lambda: estimators.ancova([2e8 + 1, 2e8] * 4, [1, 0] * 4),
    "no degrees of freedom": lambda: estimators.ancova([1, 2, 3], [1, 0, 1], [3, 1, 2]),
    "collinear": lambda: estimators.ancova(TIME, ARM, np.column_stack([EVENT, 3 * EVENT + 2])),
    "constant column": lambda: estimators.ancova(TIME, ARM, np.full(42, 7.0)),
    "arm again": lambda: estimators.ancova(TIME, ARM, ARM * 5.0 - 1),
    "own column": lambda: estimators.ancova(TIME, ARM, np.eye(42)[0], "hc3"),
    "no guesses": lambda: estimators.james(["unknown"] * 4, [1, 0] * 2),
}


@pytest.mark.parametrize("case", NOT_ESTIMABLE.values(), ids=NOT_ESTIMABLE.keys())
def test_what_cannot_be_estimated_is_refused_in_a_sentence(case: object) -> None:
    with pytest.raises(NotEstimable) as caught:
        case()  # type: ignore[operator]
    assert isinstance(caught.value, EquipoiseError)
    said = str(caught.value)
    assert "cannot be estimated" in said
    assert "experimental" not in said
    assert "placebo" not in said


MISUSE = {
    "unknown ties": lambda: estimators.cox(TIME, EVENT, ARM, ties="exact"),  # type: ignore[arg-type]
    "unknown method": lambda: estimators.risk_difference(EVENT, ARM, "score"),  # type: ignore[arg-type]
    "unknown robust": lambda: estimators.ancova(TIME, ARM, None, "HC3"),  # type: ignore[arg-type]
    "unknown measure": lambda: estimators.win_ratio(
        [Outcome(value=TIME)],
        ARM,
        None,
        "difference",  # type: ignore[arg-type]
    ),
    "negative time": lambda: estimators.logrank(TIME - 10, EVENT, ARM),
    "horizon zero": lambda: estimators.rmst(TIME, EVENT, ARM, 0),
    "horizon unknown": lambda: estimators.rmst(TIME, EVENT, ARM, math.nan),
    "level one": lambda: estimators.logrank(TIME, EVENT, ARM, level=1.0),
    "level in per cent": lambda: estimators.ancova(TIME, ARM, level=95),
    "half a cause": lambda: estimators.aalen_johansen([1, 2], [0.5, 1], 1),
    "negative cause": lambda: estimators.aalen_johansen([1, 2], [-1, 1], 1),
    "no outcomes": lambda: estimators.win_ratio([], ARM),
    "negative margin": lambda: estimators.win_ratio([Outcome(value=TIME, margin=-1)], ARM),
    "margin unknown": lambda: estimators.win_ratio([Outcome(value=TIME, margin=math.nan)], ARM),
    "another guess": lambda: estimators.bang(["active", "control"], [1, 0]),
    "time as a table": lambda: estimators.kaplan_meier(np.ones((2, 2)), np.ones((2, 2))),
    "nobody": lambda: estimators.kaplan_meier([], []),
    "days as fractions": lambda: estimators.logrank_score(TIME / 2, EVENT == 1, ARM),
    "events as numbers": lambda: estimators.logrank_score(TIME, EVENT, ARM),
    "negative days": lambda: estimators.logrank_score(TIME - 5, EVENT == 1, ARM),
    "unequal days": lambda: estimators.logrank_score(TIME[1:], EVENT == 1, ARM),
}


@pytest.mark.parametrize("case", MISUSE.values(), ids=MISUSE.keys())
def test_misuse_is_a_value_error(case: object) -> None:
    with pytest.raises(ValueError):
        case()  # type: ignore[operator]


def test_incidence_before_any_event_is_nought_and_causes_add_up() -> None:
    curve = estimators.incidence_curve([2, 4, 4, 6, 9], [1, 2, 1, 0, 2])
    assert curve.at.tolist() == [0, 2, 4, 9]
    assert curve.value[:, 0].tolist() == [0, 0]
    assert curve.se[:, 0].tolist() == [0, 0]
    assert curve.value.sum(axis=0) == pytest.approx([0, 0.2, 0.6, 1.0])
    with pytest.raises(ValueError, match="did not occur"):
        curve.of(3)


def test_nobody_with_any_cause_is_an_empty_incidence() -> None:
    none = estimators.aalen_johansen([3, 4], [0, 0], [1, 5])
    assert none.causes.size == 0
    assert none.value.shape == (0, 2)


def test_a_covariate_far_from_nought_does_not_disturb_the_fits() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=42)
    near, far = (estimators.cox(TIME, EVENT, ARM, x + shift) for shift in (0, 1e6))
    assert near.value == pytest.approx(far.value, rel=1e-7)
    score = rng.integers(0, 5, 42)
    near, far = (estimators.proportional_odds(score, ARM, 1e3 * x + s) for s in (0, 1e8))
    assert near.value == pytest.approx(far.value, rel=1e-6)


def test_a_huge_trial_is_quick_enough_and_right() -> None:
    rng = np.random.default_rng(1)
    n = 100_000
    arm = rng.random(n) < 0.5
    time = rng.exponential(1, n) / np.where(arm, 1.5, 1.0)
    event = rng.random(n) < 0.9
    for value in (estimators.cox(time, event, arm).value,):
        assert value == pytest.approx(math.log(1.5), abs=0.03)
    assert estimators.logrank(time, event, arm).statistic > 20
