"""Tier 1 and tier 2: the kernel's trial is the trial that the whole conduct and analysis see.

Recovery, clinical status and death follow from the daily course, so both tiers give the same
number for the same people. Relief of symptoms and the change of the CT score do not: tier 2
reads them from diaries and scans that it draws item by item, tier 1 from `outcomes:`, a model
fitted to them; there only who takes part, where and when is the same.
"""

import numpy as np
import pytest
from scipy.stats import norm

from analysis_trial import conducted
from equipoise.analysis.contrasts import compared, covariates_of
from equipoise.analysis.estimators import proportional_odds
from equipoise.analysis.plan import carry_out, trial_of
from equipoise.protocol.load import load
from equipoise.rehearsal.sweep import design_of
from equipoise.rehearsal.trial import simulate

SEQUENCE = ("E1", "E2", "E3", "E4", "E5")
PEOPLE, SEED = 60, 23


@pytest.fixture(scope="module", params=[1.0, 1.8])
def both(request):
    """The paper trial, its main results, and tier 1's outcomes by estimand."""
    study = load("nct05787288")
    trial = trial_of(conducted(study, "era-b", PEOPLE, SEED, request.param))
    design = design_of(
        study, study.scenarios["era-b"], effect=request.param, participants=PEOPLE, seed=SEED,
        estimands=SEQUENCE,
    )  # fmt: skip
    results = {one.estimand: one for one in carry_out(trial) if one.role == "main"}
    return trial, results, {one.estimand: one for one in simulate(design, first=0, trials=1)}


@pytest.mark.parametrize("estimand", ["E1", "E5"])
def test_the_protocols_analysis_of_a_conducted_trial_gives_the_kernels_statistic(both, estimand):
    _, results, simulated = both
    found, expected = results[estimand], simulated[estimand]
    assert found.n == PEOPLE
    assert found.estimate == pytest.approx(float(expected.estimate[0, 0]), rel=1e-9)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(expected.z[0, 0])), rel=1e-8)


def _as_the_course_reads(score, course):
    """Scores as `readings:` of the scenario's course give them, one for each state.

    The whole product spreads one state over several scores (at home 0 to 3, ventilated 7 to
    9).
    """
    read = sorted({float(one) for one in course.readings["cps"].values()})
    spread = {0.0: 2.0, 1.0: 2.0, 3.0: 2.0, 7.0: 8.0, 9.0: 8.0}
    found = np.array([spread.get(float(one), float(one)) for one in score])
    assert set(found) <= set(read)
    return found


def test_clinical_status_is_the_same_once_scores_of_one_state_count_as_one(both):
    trial, _, simulated = both
    study = trial.dataset.study
    estimand = next(e for e in study.protocol.estimands if e.id == "E2")
    variable = trial.variable(estimand.endpoint)
    rows = compared(trial.sets[estimand.set], variable, trial.contrasts[0])
    assert rows.n == PEOPLE
    course = study.scenarios["era-b"].course
    severity = covariates_of(trial.dataset, trial.baseline, ("severity",), rows.rows).values
    people = [trial.dataset.randomised[row] for row in rows.rows]
    baseline = [trial.baseline.value(one, "baseline.ox.cps") for one in people]
    assert estimand.main.covariates == ("severity", "baseline.ox.cps")
    found = proportional_odds(
        _as_the_course_reads(variable.value[rows.rows], course),
        rows.arm,
        np.column_stack((severity, _as_the_course_reads(baseline, course))),
    )
    expected = simulated["E2"]
    assert found.value == pytest.approx(float(np.log(expected.estimate[0, 0])), abs=1e-8)
    assert found.statistic == pytest.approx(-float(expected.z[0, 0]), abs=1e-7)


@pytest.mark.parametrize("estimand", ["E3", "E4"])
def test_what_tier_2_draws_item_by_item_is_another_number_for_the_same_people(both, estimand):
    _, results, simulated = both
    found, expected = results[estimand], simulated[estimand]
    assert 0.9 * PEOPLE <= found.n <= PEOPLE
    assert found.estimate != pytest.approx(float(expected.estimate[0, 0]), rel=1e-6)
