"""Covariates of the protocol's analyses: those that simulated people have, and those left out."""

import json
from dataclasses import replace

import numpy as np
import pytest

from equipoise.analysis.estimators import proportional_odds
from equipoise.cli.application import run
from equipoise.errors import NotEstimable
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.load import load
from equipoise.protocol.scenario import OutcomeModel
from equipoise.rehearsal import rehearse
from equipoise.rehearsal.chain import walk
from equipoise.rehearsal.grid import sweep
from equipoise.rehearsal.kernels import compiled, vectorised
from equipoise.rehearsal.ordinal_adjusted import adjusted_odds
from equipoise.rehearsal.people import people
from equipoise.rehearsal.report import Question, report
from equipoise.rehearsal.sweep import design_of
from equipoise.rehearsal.trial import _chain, adjusted_by, estimand_of, people_of, simulate

COLUMNS = np.array([[0, 0, 4], [0, 0, 5], [1, 0, 5], [1, 0, 6], [0, 1, 6], [0, 1, 8.0]])


@pytest.fixture(scope="module")
def study():
    return load("nct05787288")


def _person_by_person(table):
    group, arm, score = (np.repeat(axis.ravel(), table.ravel()) for axis in np.indices(table.shape))
    columns = COLUMNS[group]
    columns = columns[:, np.ptp(columns, axis=0) > 0]
    return proportional_odds(score.astype(float), arm == 1, columns if columns.size else None)


@pytest.mark.parametrize("people_in_a_cell", [6, 1.2, 0.4])
def test_the_adjusted_odds_ratio_is_that_of_the_estimator(people_in_a_cell):
    chance = np.random.default_rng(3)
    mean = people_in_a_cell * chance.dirichlet(np.ones(6), size=(6, 2)) * 2
    tables = chance.poisson(mean, size=(60, 6, 2, 6)).astype(np.int32)
    value, z = adjusted_odds(tables, COLUMNS)
    for trial in range(60):
        try:
            expected = _person_by_person(tables[trial])
        except NotEstimable:
            assert np.isnan(value[trial])
            assert z[trial] == 0
        else:
            assert value[trial] == pytest.approx(expected.value, abs=1e-8)
            assert z[trial] == pytest.approx(expected.statistic, abs=1e-7)
    alone = np.array([adjusted_odds(one[None], COLUMNS) for one in tables[:10]])
    assert np.array_equal(alone[:, 0, 0], value[:10], equal_nan=True)  # whoever stands beside


def test_one_arm_and_collinear_covariates_give_no_estimate():
    table = np.ones((3, 6, 2, 4), dtype=np.int32)
    table[0, :, 1] = 0
    value, z = adjusted_odds(table, COLUMNS)
    assert np.isnan(value[0])
    assert np.isfinite(value[1:]).all()
    twice = np.column_stack((COLUMNS, COLUMNS[:, 2]))
    assert np.isnan(adjusted_odds(table, twice)[0]).all()
    assert (z[0], np.abs(z[1:]).max() < 1e-9) == (0, True)


def test_clinical_status_is_adjusted_for_severity_and_the_score_at_baseline(study):
    n, seed = 120, 11
    scenario = study.scenarios["era-b"]
    design = design_of(study, scenario, effect=1.0, participants=n, seed=seed, estimands=("E2",))
    adjusted = adjusted_by(design, estimand_of(study, "E2"))
    assert adjusted.used == ("severity", "baseline.ox.cps")
    assert adjusted.left_out == ()
    (found,) = simulate(design, first=0, trials=2)
    for trial in range(2):
        who = people(scenario, n, seed=seed, trial=trial)
        path = walk(scenario.course, who.start, who.days, 1.0)
        score = np.array(
            [float(scenario.course.readings["cps"][s]) for s in scenario.course.states]
        )
        streams = people_of(design, first=trial, trials=1, engine="numpy")
        plan, _ = _chain(design, (estimand_of(study, "E2"),))
        _, arm = vectorised.arms(plan, streams, 0)
        covariates = np.column_stack(
            (who.stratum == 1, who.stratum == 2, score[path[:, 0]])
        ).astype(float)
        experimental = [a.role for a in study.protocol.arms].index("experimental")
        expected = proportional_odds(score[path[:, 14]], arm == experimental, covariates)
        assert np.log(found.estimate[trial, 0]) == pytest.approx(expected.value, abs=1e-8)
        assert -found.z[trial, 0] == pytest.approx(expected.statistic, abs=1e-7)  # low is better


def test_counting_by_day_0_state_loses_nobody(study):
    asked = ("E1", "E2", "E5")
    design = design_of(
        study, study.scenarios["era-b-conduct"], participants=60, seed=2, estimands=asked
    )
    plan, _ = _chain(design, tuple(estimand_of(study, name) for name in asked))
    streams = people_of(design, first=0, trials=15, engine="compiled")
    fast, slow = compiled.simulate(plan, streams), vectorised.simulate(plan, streams)
    plain = compiled.simulate(plan._replace(by_start=False), streams)
    for one, other in zip(fast, slow, strict=True):
        assert np.array_equal(one, other)
    trials, looks, segments, _, arms, states = fast.states.shape
    grouped = fast.states.reshape(trials, looks, segments, 3, -1, arms, states).sum(axis=4)
    assert np.array_equal(grouped, plain.states)
    assert np.array_equal(fast.first, plain.first)


def test_adjusting_for_what_people_were_like_gains_power(study):
    estimand = next(e for e in study.protocol.estimands if e.id == "E2")
    bare = replace(estimand, main=replace(estimand.main, covariates=()))
    estimands = tuple(bare if e.id == "E2" else e for e in study.protocol.estimands)
    plain = replace(study, protocol=replace(study.protocol, estimands=estimands))
    asked = {"scenario": "era-b", "effect": 1.5, "trials": 1_000, "estimands": ("E2",)}
    with_them, without = (rehearse(one, **asked).results[0] for one in (study, plain))
    assert with_them.power_benefit > without.power_benefit + 0.03
    assert without.adjusted_for == ()


def _asking(study, **changes):
    estimands = tuple(
        replace(e, main=replace(e.main, **changes)) if e.id == "E2" else e
        for e in study.protocol.estimands
    )
    return replace(study, protocol=replace(study.protocol, estimands=estimands))


def test_a_covariate_that_nobody_simulated_is_named_in_the_answer_and_the_report(study):
    changed = _asking(study, covariates=("severity", "age_at_consent", "baseline.ox.cps"))
    grid = {"effect": (1.5,), "participants": (60.0,)}
    found = sweep(changed, scenario="era-b", grid=grid, trials=100, estimands=("E1", "E2"))
    first, second = (row.result for row in found.cells[0].results)
    assert (first.adjusted_for, first.not_adjusted_for) == ((), ())
    assert second.adjusted_for == ("severity", "baseline.ox.cps")
    assert second.not_adjusted_for == ("age_at_consent",)
    question = Question(
        study="x", scenario="era-b", grid=grid, trials=100, seed=1, estimands=("E1", "E2")
    )
    page = report(changed, question, found)
    assert "not simulated, so not adjusted for" in page
    assert "<td>age_at_consent</td>" in page


def test_a_value_at_a_later_visit_is_no_baseline(study):
    design = design_of(
        _asking(study, covariates=("d7.ox.cps",)), study.scenarios["era-b"], estimands=("E2",)
    )
    adjusted = adjusted_by(design, estimand_of(design.study, "E2"))
    assert adjusted.left_out == ("d7.ox.cps",)


def test_a_cox_model_is_rehearsed_by_its_log_rank_test_and_says_so(study):
    changed = _asking(study, estimator="cox", strata=("severity",), covariates=("severity",))
    estimands = tuple(
        replace(e, endpoint="recovery") if e.id == "E2" else e for e in changed.protocol.estimands
    )
    changed = replace(changed, protocol=replace(changed.protocol, estimands=estimands))
    found = rehearse(changed, scenario="era-b", trials=50, estimands=("E2",))
    assert found.results[0].not_adjusted_for == ("severity",)


def test_a_mean_is_adjusted_for_the_stratum_where_the_protocol_says_so(study):
    model = OutcomeModel(
        kind="normal", mean=Frozen({"moderate": 0.0, "severe": 8.0, "critical": 16.0}), sd=1.0,
        per_doubling=1.0,
    )  # fmt: skip
    scenario = replace(study.scenarios["era-b"], outcomes=Frozen({"status_d14": model}))
    power = {}
    for names in (("severity",), ("age_at_consent",)):
        changed = _asking(study, estimator="ancova", covariates=names)
        changed = replace(changed, scenarios=Frozen({"era-b": scenario}))
        found = rehearse(
            changed, scenario="era-b", effect=1.5, participants=60, trials=200, estimands=("E2",)
        )
        power[names] = found.results[0]
    assert power["severity",].power > 0.5
    assert power["age_at_consent",].power < 0.2
    assert power["age_at_consent",].not_adjusted_for == ("age_at_consent",)


def test_the_verb_says_what_is_adjusted_for(capsys):
    asked = ["rehearse", "nct05787288", "--scenario", "era-b", "--estimands", "E1,E2"]
    assert run([*asked, "--trials", "20", "--json"]) == 0
    second = json.loads(capsys.readouterr().out)["results"][1]
    assert second["adjusted_for"] == ["severity", "baseline.ox.cps"]
    assert second["not_adjusted_for"] == []
