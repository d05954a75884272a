"""Tier 1 and tier 2: the kernel's trial is the trial that the whole conduct and analysis see.

Recovery, death and status on the eight-point scale follow from the daily course, so both tiers
give the same number for the same people. The WHO scale tells apart what the course does not
(at home 0 to 3, recovered but still in hospital 4, ventilated 7 to 9): there the states agree
and the scores need not. Relief of symptoms and the change of the CT score tier 2 reads from
diaries and scans that it draws item by item, tier 1 from `outcomes:`, a model fitted to them.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from analysis_trial import conducted
from equipoise.analysis.contrasts import compared, covariates_of
from equipoise.analysis.estimators import proportional_odds
from equipoise.analysis.plan import carry_out, trial_of
from equipoise.protocol.load import load
from equipoise.rehearsal.kernels import vectorised
from equipoise.rehearsal.sweep import design_of
from equipoise.rehearsal.trial import _chain, people_of, simulate

SEQUENCE = ("E1", "E2", "E3", "E4", "E5")
PEOPLE, SEED = 45, 23


@pytest.fixture(scope="module", params=[pytest.param(1.0, marks=pytest.mark.prove), 1.8])
def both(request):
    """The paper trial, its main results, tier 1's outcomes by estimand, and the effect."""
    study = load("nct05787288")
    trial = trial_of(conducted(study, "era-b", PEOPLE, SEED, request.param))
    design = _design(study, request.param, SEQUENCE)
    results = {one.estimand: one for one in carry_out(trial) if one.role == "main"}
    simulated = {one.estimand: one for one in simulate(design, first=0, trials=1)}
    return trial, results, simulated, request.param


def _design(study, effect, estimands):
    return design_of(
        study, study.scenarios["era-b"], effect=effect, participants=PEOPLE, seed=SEED,
        estimands=estimands,
    )  # fmt: skip


@pytest.mark.parametrize("estimand", ["E1", "E5"])
def test_the_protocols_analysis_of_a_conducted_trial_gives_the_kernels_statistic(both, estimand):
    _, results, simulated, _ = both
    found, expected = results[estimand], simulated[estimand]
    assert found.n == PEOPLE
    assert found.estimate == pytest.approx(float(expected.estimate[0, 0]), rel=1e-9)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(expected.z[0, 0])), rel=1e-8)


def _on_the_scale_of_the_course(study):
    """The study with clinical status on the eight-point scale, which the course decides."""
    protocol = study.protocol
    endpoints = tuple(
        replace(e, item="actt", death_value=8) if e.id == "status_d14" else e
        for e in protocol.endpoints
    )
    estimands = tuple(
        replace(e, main=replace(e.main, covariates=("severity", "baseline.ox.actt")))
        if e.id == "E2"
        else e
        for e in protocol.estimands
    )
    return replace(study, protocol=replace(protocol, endpoints=endpoints, estimands=estimands))


def test_clinical_status_on_the_scale_of_the_course_gives_the_kernels_adjusted_statistic(both):
    trial, _, _, effect = both
    study = _on_the_scale_of_the_course(trial.dataset.study)
    trial = trial_of(replace(trial.dataset, study=study))
    (expected,) = simulate(_design(study, effect, ("E2",)), first=0, trials=1)
    main = next(e for e in study.protocol.estimands if e.id == "E2").main
    variable = trial.variable("status_d14")
    rows = compared(trial.sets["itt"], variable, trial.contrasts[0])
    covariates = covariates_of(trial.dataset, trial.baseline, main.covariates, rows.rows)
    found = proportional_odds(
        np.maximum(variable.value[rows.rows], 3),  # recovered: 1 to 3, one state of the course
        rows.arm,
        covariates.values,
    )
    assert found.n == PEOPLE
    assert covariates.filled == 0
    assert found.value == pytest.approx(float(np.log(expected.estimate[0, 0])), abs=1e-8)
    assert found.statistic == pytest.approx(-float(expected.z[0, 0]), abs=1e-7)


def test_on_the_who_scale_only_the_recovered_and_the_ventilated_may_differ(both):
    trial, _, _, effect = both
    study = trial.dataset.study
    design = _design(study, effect, ("E2",))
    plan, _ = _chain(design, (next(e for e in study.protocol.estimands if e.id == "E2"),))
    streams = people_of(design, first=0, trials=1, engine="numpy")
    here = vectorised.simulate(plan, streams).states.sum(axis=(0, 1, 2, 3, 4))  # by state
    score = trial.variable("status_d14").value
    told = [(score <= 4).sum(), *((score == value).sum() for value in (5, 6))]
    told += [np.isin(score, (7, 8, 9)).sum(), (score == 10).sum()]
    assert told == [here[0] + here[1], *here[2:]]
    assert (score < 2).any()  # at home and well, where the course reads 2


@pytest.mark.parametrize("estimand", ["E2", "E3", "E4"])
def test_what_tier_2_reads_item_by_item_is_another_number_for_the_same_people(both, estimand):
    _, results, simulated, _ = both
    found, expected = results[estimand], simulated[estimand]
    assert 0.9 * PEOPLE <= found.n <= PEOPLE
    assert found.estimate != pytest.approx(float(expected.estimate[0, 0]), rel=1e-6)
