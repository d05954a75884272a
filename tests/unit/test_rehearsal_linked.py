"""Endpoints that go with the course: relief of symptoms and the change of the CT score."""

from dataclasses import replace

import numpy as np
import pytest

from equipoise.analysis.estimators import wilcoxon
from equipoise.errors import ScenarioError
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.load import load
from equipoise.protocol.scenario import OutcomeModel
from equipoise.rehearsal import rehearse, tables
from equipoise.rehearsal.chunks import run_chunk
from equipoise.rehearsal.kernels import linked as slow
from equipoise.rehearsal.kernels import linked_compiled as fast
from equipoise.rehearsal.sweep import design_of
from equipoise.rehearsal.trial import _linked, _linked_keys, estimand_of, people_of

SEQUENCE = ("E1", "E2", "E3", "E4", "E5")


@pytest.fixture(scope="module")
def study():
    return load("nct05787288")


def _counts(study, scenario, estimand, n=120, trials=60, effect=1.0, engine=fast):
    design = design_of(study, study.scenarios[scenario], effect=effect, participants=n, seed=5)
    chosen = estimand_of(study, estimand)
    plan, model = _linked(design, chosen)
    people = people_of(design, first=0, trials=trials, engine="compiled")
    return engine.simulate(plan, _linked_keys(design, chosen, people, (0, trials))), model, plan


@pytest.mark.parametrize("estimand", ["E3", "E4"])
@pytest.mark.parametrize("scenario", ["era-b", "era-b-conduct"])
def test_both_engines_count_the_same_people(study, scenario, estimand):
    one, _, _ = _counts(study, scenario, estimand, n=60, trials=12, effect=1.4)
    other, _, _ = _counts(study, scenario, estimand, n=60, trials=12, effect=1.4, engine=slow)
    assert np.array_equal(one.seen, other.seen)
    assert np.array_equal(one.left, other.left)
    assert one.seen.sum() > 0


def test_engines_agree_on_the_whole_sequence_with_interims(study):
    design = design_of(
        study, study.scenarios["era-b-conduct"], effect=1.5, participants=60, estimands=SEQUENCE
    )
    for one, other in zip(
        *(run_chunk(design, (3, 20), engine) for engine in ("compiled", "numpy")), strict=True
    ):
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def test_relief_comes_as_it_does_in_participants_simulated_in_full(study):
    counts, _, plan = _counts(study, "era-b", "E3", trials=200)
    by_day = counts.seen.sum(axis=(0, 1, 3))  # (strata, days)
    relieved = by_day[:, 1:15].sum(axis=1) / by_day.sum(axis=1)
    assert relieved[:2] == pytest.approx([0.76, 0.71], abs=0.04)
    assert 0.4 < relieved[2] < 0.6
    whole = np.cumsum(by_day.sum(axis=0)) / by_day.sum()
    assert int(np.argmax(whole >= 0.5)) in {8, 9}
    assert by_day[:, 13:15].sum() == 0  # not confirmed for 48 hours by day 14
    share = by_day.sum() / (200 * 120)
    assert share == pytest.approx(0.95, abs=0.01)
    assert plan.evaluable == pytest.approx([0.94, 0.96, 0.965])


def test_the_dead_rank_worst_in_the_change_of_the_ct_score(study):
    counts, model, plan = _counts(study, "era-b", "E4", trials=200)
    assert model.values[plan.dead] == 26
    assert model.values[:-1].max() < 26
    dead = counts.seen[..., plan.dead].sum(axis=(0, 1, 3)) / counts.seen.sum(axis=(0, 1, 3, 4))
    assert dead == pytest.approx([0.014, 0.075, 0.19], abs=0.02)
    alive = counts.seen.sum(axis=(0, 1, 3))[:, :-1]
    mean = alive @ model.values[:-1] / alive.sum(axis=1)
    spread = np.sqrt(alive @ model.values[:-1] ** 2 / alive.sum(axis=1) - mean**2)
    assert mean == pytest.approx([-1.5, -2.5, -1.0], abs=0.15)
    assert spread == pytest.approx([3.8, 3.8, 3.8], abs=0.2)


def test_scans_are_missed_as_the_conduct_says(study):
    pure, _, _ = _counts(study, "era-b", "E4")
    real, _, _ = _counts(study, "era-b-conduct", "E4")
    assert pure.seen.sum() == 60 * 120
    assert 0.7 < real.seen.sum() / pure.seen.sum() < 0.9


def test_the_stratified_rank_sum_is_that_of_the_estimator(study):
    counts, model, _ = _counts(study, "era-b", "E4", trials=5, effect=1.6)
    table = counts.seen[:, 0][..., np.argsort(model.values)]
    value, z = tables.rank_sum(table)
    for trial in range(5):
        score, arm, stratum = [], [], []
        for (s, a, k), people in np.ndenumerate(table[trial]):
            score += [k] * int(people)
            arm += [a == 1] * int(people)
            stratum += [s] * int(people)
        expected = wilcoxon(np.array(score), np.array(arm), np.array(stratum))
        assert value[trial] == pytest.approx(expected.value, rel=1e-12)
        assert z[trial] == pytest.approx(expected.statistic, rel=1e-9)


def test_a_rank_sum_of_nobody_rejects_nothing():
    value, z = tables.rank_sum(np.zeros((2, 1, 2, 3), dtype=np.int32))
    assert np.isnan(value).all()
    assert (z == 0).all()


def test_the_whole_sequence_is_rehearsed_and_only_gets_rarer(study):
    found = rehearse(study, scenario="era-b", effect=1.8, trials=1_000, estimands=SEQUENCE)
    assert [one.estimand for one in found.results] == list(SEQUENCE)
    passed = [one.power_in_sequence for one in found.results]
    assert passed == sorted(passed, reverse=True)
    assert passed[0] == found.results[0].power_benefit
    for one in found.results:
        assert one.power_in_sequence <= one.power_benefit
        assert one.rejected_in_sequence >= one.power_in_sequence
    # outcomes go with the course, so passing all is likelier than if they were unrelated
    product = np.prod([one.power_benefit for one in found.results[2:]])
    assert passed[-1] > 1.5 * product


def test_without_an_effect_the_sequence_is_kept(study):
    found = rehearse(study, scenario="era-b", effect=1.0, trials=4_000, estimands=SEQUENCE)
    for one in found.results:
        assert one.power == pytest.approx(0.05, abs=0.013)
        assert one.rejected_in_sequence <= found.results[0].power


def test_more_estimands_do_not_change_the_first(study):
    asked = {"scenario": "era-b", "effect": 1.5, "trials": 500, "seed": 7, "participants": 80}
    alone = rehearse(study, **asked).results[0]
    first = rehearse(study, **asked, estimands=SEQUENCE).results[0]
    assert alone == first


def _changed(study, endpoint, **changes):
    scenario = study.scenarios["era-b"]
    model = replace(scenario.outcomes[endpoint], **changes)
    outcomes = Frozen({**scenario.outcomes, endpoint: model})
    return replace(study, scenarios=Frozen({"era-b": replace(scenario, outcomes=outcomes)}))


@pytest.mark.parametrize(
    ("endpoint", "changes", "words"),
    [
        ("ct_change", {"by_state": Frozen({"R": 0.0, "9": 1.0})}, "names 9"),
        ("ct_change", {"by_state": Frozen({"R": 0.0})}, "says nothing of 4, 5, 6, 7"),
        ("ct_change", {"evaluable": Frozen({"any": 1.5})}, "between 0 and 1"),
        ("ct_change", {"sd": 0.0}, "above 0"),
        ("symptom_relief", {"hazards": Frozen({"any": (-0.1, 0.1, 0.1, 0.1, 0.0)})}, "below 0"),
        ("symptom_relief", {"hazards": Frozen({"any": (0.0,) * 5})}, "not all 0"),
    ],
)
def test_impossible_models_are_refused(study, endpoint, changes, words):
    estimand = {"ct_change": "E4", "symptom_relief": "E3"}[endpoint]
    with pytest.raises(ScenarioError, match=words):
        rehearse(
            _changed(study, endpoint, **changes),
            scenario="era-b",
            trials=10,
            estimands=(estimand,),
        )


def test_binary_and_ordinal_outcomes_can_go_with_the_course(study):
    states = Frozen({"R": 3.0, "4": 1.0, "5": 0.7, "6": 0.5, "7": 0.2})
    models = {
        "serious_d28": OutcomeModel(kind="binary", p=Frozen({"any": 0.3}), by_state=states),
        "status_d7": OutcomeModel(
            kind="ordinal", shares=Frozen({"any": (0.3, 0.4, 0.3)}), by_state=states
        ),
    }
    scenario = study.scenarios["era-b"]
    scenario = replace(scenario, outcomes=Frozen({**scenario.outcomes, **models}))
    death = {"serious_d28": "event", "status_d7": "worst"}
    endpoints = tuple(replace(e, death=death.get(e.id, e.death)) for e in study.protocol.endpoints)
    estimands = tuple(
        replace(e, endpoint="status_d7") if e.id == "E2" else e for e in study.protocol.estimands
    )
    protocol = replace(study.protocol, endpoints=endpoints, estimands=estimands)
    changed = replace(study, protocol=protocol, scenarios=Frozen({"era-b": scenario}))
    asked = {"scenario": "era-b", "effect": 2.5, "trials": 100, "estimands": ("E2", "S2")}
    found = rehearse(changed, **asked)
    assert found.results == rehearse(changed, **asked, engine="numpy").results
    for one in found.results:
        assert one.power_benefit > 0.2


def test_death_must_count_as_something(study):
    endpoints = tuple(
        replace(e, death="never") if e.id == "ct_change" else e for e in study.protocol.endpoints
    )
    changed = replace(study, protocol=replace(study.protocol, endpoints=endpoints))
    with pytest.raises(ScenarioError, match="what death"):
        rehearse(changed, scenario="era-b", trials=10, estimands=("E4",))
