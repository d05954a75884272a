"""Laws that estimators obey on any data that hypothesis can think of."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from equipoise.analysis import estimators
from equipoise.analysis.estimators import Estimate, Outcome
from equipoise.errors import NotEstimable
from thorough import thorough

participant = st.tuples(
    st.integers(0, 12), st.booleans(), st.booleans(), st.integers(0, 2), st.integers(-2, 2)
)
trial = st.lists(participant, min_size=1, max_size=40).map(
    lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True))
)
quick = thorough(150)


def outcome(call: Any) -> tuple[float, ...] | str:
    """The numbers, or the reason why there are none."""
    try:
        result: Estimate = call()
    except NotEstimable as refusal:
        return refusal.why
    numbers = dataclasses.astuple(result)
    assert all(math.isfinite(x) for x in numbers)
    assert result.ci_low <= result.value <= result.ci_high
    assert 0 <= result.p_value <= 1
    return numbers


def same(
    one: tuple[float, ...] | str, two: tuple[float, ...] | str, relative: float = 1e-8
) -> bool:
    if isinstance(one, str) or isinstance(two, str):
        return one == two
    return one == pytest.approx(two, rel=relative, abs=1e-8)


@quick
@given(trial)
def test_every_estimator_answers_or_refuses_and_never_breaks(data: Any) -> None:
    time, event, arm, strata, score = data
    for call in (
        lambda: estimators.logrank(time, event, arm, strata),
        lambda: estimators.cox(time, event, arm, score, strata),
        lambda: estimators.cox(time, event, arm, ties="breslow"),
        lambda: estimators.rmst(time, event, arm, 7.0),
        lambda: estimators.proportional_odds(score, arm, time),
        lambda: estimators.wilcoxon(score, arm, strata),
        lambda: estimators.win_ratio([Outcome(value=time, event=event)], arm, strata),
        lambda: estimators.win_ratio([Outcome(value=score)], arm, measure="odds"),
        lambda: estimators.ancova(time, arm, score),
        lambda: estimators.ancova(time, arm, score, "hc3"),
        lambda: estimators.risk_difference(event, arm),
        lambda: estimators.risk_difference(event, arm, "wald"),
        lambda: estimators.risk_difference(event, arm, "miettinen-nurminen"),
        lambda: estimators.mantel_haenszel(event, arm, strata),
    ):
        found = outcome(call)
        if isinstance(found, str):
            assert found.strip(), "a refusal says why"
        else:
            assert found[-1] >= 1, "somebody was counted"
            assert found[-1] <= len(time)


@quick
@given(trial)
def test_only_the_order_of_times_counts(data: Any) -> None:
    time, event, arm, strata, score = data
    later = np.exp(time / 3.0) * 100
    for call in (
        lambda t: estimators.logrank(t, event, arm, strata),
        lambda t: estimators.cox(t, event, arm, score, strata),
    ):
        assert same(outcome(lambda c=call: c(time)), outcome(lambda c=call: c(later)))


@quick
@given(trial)
def test_only_the_order_of_scores_counts(data: Any) -> None:
    _, _, arm, strata, score = data
    stretched = np.sinh(score * 2.0)
    for call in (
        lambda s: estimators.wilcoxon(s, arm, strata),
        lambda s: estimators.proportional_odds(s, arm),
        lambda s: estimators.win_ratio([Outcome(value=s)], arm, strata),
    ):
        assert same(outcome(lambda c=call: c(score)), outcome(lambda c=call: c(stretched)))


@quick
@given(trial)
def test_turning_a_scale_round_turns_its_sign(data: Any) -> None:
    _, _, arm, _, score = data
    up = outcome(lambda: estimators.proportional_odds(score, arm))
    down = outcome(lambda: estimators.proportional_odds(-score, arm))
    if isinstance(up, str) or isinstance(down, str):
        assert up == down
    else:
        assert up[0] == pytest.approx(-down[0], rel=1e-7, abs=1e-8)


@quick
@given(trial)
def test_each_participant_twice_keeps_the_estimate_and_halves_its_variance(data: Any) -> None:
    _, event, arm, strata, score = data
    for call in (
        lambda e, a, g, s: estimators.proportional_odds(s, a, g),
        lambda e, a, g, s: estimators.risk_difference(e, a),
        lambda e, a, g, s: estimators.mantel_haenszel(e, a, g),
    ):
        one = outcome(lambda c=call: c(event, arm, strata, score))
        two = outcome(lambda c=call: c(*(np.tile(x, 2) for x in (event, arm, strata, score))))
        if isinstance(one, str) or isinstance(two, str):
            assert one == two
        else:
            assert two[0] == pytest.approx(one[0], rel=1e-7, abs=1e-8)
            assert two[1] == pytest.approx(one[1] / 2**0.5, rel=1e-6, abs=1e-9)


@quick
@given(trial)
def test_counting_days_and_sorting_times_agree_to_the_last_bit(data: Any) -> None:
    time, event, arm, strata, _ = data
    score = estimators.logrank_score(time, event, arm, strata)
    try:
        slow = estimators.logrank(time, event, arm, strata)
    except NotEstimable:
        assert arm.all() or not arm.any() or score.variance == 0
        return
    assert (slow.value, slow.se) == (
        score.observed_minus_expected / score.variance,
        score.variance**-0.5,
    )


@quick
@given(trial)
def test_an_incidence_rises_and_the_causes_never_exceed_one(data: Any) -> None:
    time, event, arm, _, _ = data
    curve = estimators.incidence_curve(time, event.astype(int) * (1 + arm))
    assert np.all(np.diff(curve.value, axis=1) >= 0)
    assert np.all(curve.value.sum(axis=0) <= 1 + 1e-12)
    assert np.all((curve.ci_low <= curve.value) & (curve.value <= curve.ci_high))
    assert np.all((curve.ci_low >= 0) & (curve.ci_high <= 1))


@quick
@given(st.integers(0, 60), st.integers(1, 60), st.floats(0.5, 0.999))
def test_exact_limits_hold_their_promise_exactly(events: int, n: int, level: float) -> None:
    events = min(events, n)
    e = estimators.exact(events, n, level=level)
    assert 0 <= e.ci_low <= e.value <= e.ci_high <= 1
    tail = (1 - level) / 2
    if events:
        assert binom.sf(events - 1, n, e.ci_low) == pytest.approx(tail, rel=1e-8)
    if events < n:
        assert binom.cdf(events, n, e.ci_high) == pytest.approx(tail, rel=1e-8)
