"""Every scheme in tier 1: the arms of the product's own step, in both engines."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.stats import norm

from analysis_trial import dataset_of
from equipoise.analysis.plan import carry_out, trial_of
from equipoise.errors import ScenarioError
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.load import load
from equipoise.rehearsal import rehearse
from equipoise.rehearsal.conduct import PaperDesk, run
from equipoise.rehearsal.factors import level_names, levels_of
from equipoise.rehearsal.kernels.vectorised import allocate
from equipoise.rehearsal.lists import automaton_of, given_arms, ratio_of, scheme_of, stepped
from equipoise.rehearsal.streams import key, trial_keys, uniform_table
from equipoise.rehearsal.sweep import design_of
from equipoise.rehearsal.trial import simulate

N, TRIALS, SEED = 60, 4, 9
OLD = Frozen({"old": Frozen({"yes": 0.35, "no": 0.65})})
THREE = ("severity", "site", "old")
CASES = {
    "simple": ("simple", {}, ("severity",)),
    "permuted": ("permuted-block", {"size": 4}, ("severity",)),
    "random-block": ("random-block", {"sizes": (2, 4)}, ("severity",)),
    "big-stick": ("big-stick", {"limit": 3}, ("severity",)),
    "block-urn": ("block-urn", {"lambda_": 3}, ("severity",)),
    "wei-urn": ("wei-urn", {"initial": 1, "added": 1}, ("severity",)),
    "efron": ("efron", {"p": 2 / 3}, ("severity",)),
    "chen": ("chen", {"limit": 3, "p": 0.7}, ("severity",)),
    "range": ("minimisation", {"factors": THREE, "p": 0.8}, THREE),
    "sd": ("minimisation", {"factors": THREE, "p": 0.9, "measure": "sd"}, THREE),
    "weights": (
        "minimisation",
        {"factors": ("old", "severity"), "weights": (2.0, 1.0), "measure": "variance"},
        ("severity", "old"),
    ),
    "several strata": ("permuted-block", {"size": 4}, ("severity", "site")),
    "no strata": ("big-stick", {"limit": 2}, ()),
}


@cache
def _reference():
    return load("nct05787288")


def _using(name, parameters, strata, factors=OLD):
    study = _reference()
    plan = replace(
        study.protocol.randomisation, scheme=name, parameters=Frozen(parameters), strata=strata
    )
    scenario = replace(study.scenarios["era-b"], factors=factors)
    protocol = replace(study.protocol, randomisation=plan)
    return replace(study, protocol=protocol, scenarios=Frozen({"era-b": scenario}))


def _levels(study, names):
    scenario = study.scenarios["era-b"]
    return levels_of(study.protocol, scenario, names, N, seed=SEED, first=0, trials=TRIALS)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("compiled", [True, False])
def test_every_scheme_gives_the_arms_of_its_step(case, compiled):
    study = _using(*case)
    protocol, scenario = study.protocol, study.scenarios["era-b"]
    rule, ratio, names = scheme_of(protocol), ratio_of(protocol), case[2]
    levels = _levels(study, names)
    where = {"seed": SEED, "first": 0, "trials": TRIALS}
    given = given_arms(protocol, scenario, N, compiled=compiled, **where)
    u = uniform_table(trial_keys(key(SEED, "era-b", "allocation"), 0, TRIALS), N)
    if not given.shape[1]:
        table = automaton_of(protocol, N)
        given = np.array([allocate(table, levels[t, :, 0], u[t]) for t in range(TRIALS)])
    labels = [level_names(protocol, scenario, name) for name in names]
    for trial in range(TRIALS):
        states = {}
        for person in range(N):
            row = levels[trial, person].tolist()
            known = {n: labels[k][row[k]] for k, n in enumerate(names)}
            cell = () if rule.uses_covariates else tuple(row)
            state = states.get(cell, rule.start(ratio))
            arm, states[cell] = rule.step(state, float(u[trial, person]), covariates=known)
            assert given[trial, person] == arm


@pytest.mark.parametrize("case", ["range", "several strata"])
def test_a_trial_with_given_arms_is_the_same_in_every_engine_and_chunking(case):
    study = _using(*CASES[case])
    design = design_of(
        study, study.scenarios["era-b"], participants=N, seed=3, estimands=("E1", "E4")
    )
    whole = simulate(design, first=0, trials=12, engine="compiled")
    slow = simulate(design, first=0, trials=12, engine="numpy")
    later = simulate(design, first=5, trials=7, engine="compiled")
    for one, other, part in zip(whole, slow, later, strict=True):
        assert np.array_equal(one.z, other.z)
        assert np.array_equal(one.z[5:], part.z)


def test_a_minimised_trial_on_paper_has_the_kernels_arms_and_statistic():
    factors = ("severity", "site")
    study = _using("minimisation", {"factors": factors, "p": 0.8}, factors)
    scenario, n = study.scenarios["era-b"], 16
    desk = PaperDesk(study=study, scenario=scenario, seed=SEED)
    run(study, scenario, desk, participants=n, seed=SEED, effect=1.5)
    where = {"seed": SEED, "first": 0, "trials": 1}
    expected = given_arms(study.protocol, scenario, n, compiled=True, **where)[0]
    ids = [arm.id for arm in study.protocol.arms]
    dataset = dataset_of(desk)
    given = sorted((row.stratum["site"], row.arm) for row in dataset.participants)
    sites = level_names(study.protocol, scenario, "site")
    at = levels_of(study.protocol, scenario, ("site",), n, **where)[0, :, 0]
    assert given == sorted((sites[at[k]], ids[expected[k]]) for k in range(n))
    design = design_of(study, scenario, effect=1.5, participants=n, seed=SEED)
    (outcome,) = simulate(design, first=0, trials=1)
    found = next(
        one
        for one in carry_out(trial_of(dataset))
        if one.estimand == "E1" and one.method == "logrank"
    )
    assert found.p_value == pytest.approx(2 * norm.sf(abs(outcome.z[0, 0])), rel=1e-8)


def test_minimisation_balances_what_it_looks_at():
    study = _using(*CASES["range"])
    scenario = study.scenarios["era-b"]
    arms = given_arms(study.protocol, scenario, N, seed=SEED, first=0, trials=TRIALS, compiled=True)
    levels = _levels(study, ("severity", "old"))
    for column, level in ((0, 0), (0, 1), (1, 0), (1, 1)):
        here = levels[..., column] == level
        apart = np.where(arms == 1, 1, -1)
        assert np.abs((apart * here).sum(axis=1)).max() <= 6


def test_a_factor_that_the_scenario_does_not_share_out_is_refused():
    study = _using("minimisation", {"factors": ("severity", "hair")}, ("severity", "hair"))
    with pytest.raises(ScenarioError, match=r"hair.*`factors:"):
        rehearse(study, scenario="era-b", trials=10)
    crooked = Frozen({"hair": Frozen({"red": -1.0, "grey": 2.0})})
    study = _using("minimisation", {"factors": ("hair",)}, ("severity", "hair"), crooked)
    with pytest.raises(ScenarioError, match="hair"):
        rehearse(study, scenario="era-b", trials=10)


def test_an_item_of_the_same_name_shares_a_factor_out():
    study = _using("minimisation", {"factors": ("sex",)}, ("severity", "sex"), Frozen())
    levels = _levels(study, ("sex",))
    assert 0.3 < levels.mean() < 0.5  # women, the second of the choices
    assert level_names(study.protocol, study.scenarios["era-b"], "sex") == ("male", "female")


def test_a_scheme_with_more_states_than_a_table_is_stepped(monkeypatch):
    from equipoise.rehearsal import lists

    rule = scheme_of(_using(*CASES["wei-urn"]).protocol)
    cell = np.zeros((3, N), dtype=np.int64)
    u = uniform_table(trial_keys(key(1, "u"), 0, 3), N)
    mapped = stepped(rule, (1, 1), cell, u)
    monkeypatch.setattr(lists, "MOST_STATES", 5)
    lists._map.cache_clear()
    assert np.array_equal(stepped(rule, (1, 1), cell, u), mapped)
    lists._map.cache_clear()
