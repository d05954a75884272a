"""Tier 1 and tier 2: the kernel's trial is the trial that the whole conduct and analysis see."""

import pytest
from scipy.stats import norm

from analysis_trial import conducted
from equipoise.analysis.plan import carry_out, trial_of
from equipoise.protocol.load import load
from equipoise.rehearsal.sweep import design_of
from equipoise.rehearsal.trial import simulate


@pytest.mark.parametrize("effect", [1.0, 1.8])
def test_the_protocols_analysis_of_a_conducted_trial_gives_the_kernels_statistic(effect):
    study, n, seed = load("nct05787288"), 30, 23
    dataset = conducted(study, "era-b", n, seed, effect)
    design = design_of(study, study.scenarios["era-b"], effect=effect, participants=n, seed=seed)
    (expected,) = simulate(design, first=0, trials=1)
    found = next(
        one
        for one in carry_out(trial_of(dataset))
        if one.estimand == "E1" and one.method == "logrank"
    )
    assert found.n == n
    assert found.estimate == pytest.approx(float(expected.estimate[0, 0]), rel=1e-9)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(expected.z[0, 0])), rel=1e-8)
