"""Drop-out, relapse, missing visits and site effects: both engines agree, and they cost power."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from chain_trial import SCENARIO, plan
from equipoise.analysis.estimators import logrank
from equipoise.errors import ScenarioError
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.load import load
from equipoise.protocol.scenario import Conduct
from equipoise.rehearsal import tables
from equipoise.rehearsal.going_wrong import leaving, site_level, site_levels
from equipoise.rehearsal.kernels import compiled, logrank_compiled, vectorised
from equipoise.rehearsal.safety_stops import safety_stops
from equipoise.rehearsal.setup import keys
from equipoise.rehearsal.sweep import design_of


def _wrong(**more):
    chosen = {
        "leave": np.linspace(0.01, 0.3, 28),
        "absent": np.array([0.2, 0.1]),
        "relapse": 0.2,
        "ends": np.array([60]),
    }
    return plan(1.5, n=120, **(chosen | more))


@pytest.fixture(scope="module")
def both():
    streams = keys(5, SCENARIO, 0, 40)
    return compiled.simulate(_wrong(), streams), vectorised.simulate(_wrong(), streams)


def test_both_engines_lose_the_same_people(both):
    fast, slow = both
    for one, other in zip(fast, slow, strict=True):
        assert (one == other).all()


def test_everybody_is_counted_or_censored_once(both):
    fast, _ = both
    followed = fast.first.sum(axis=(2, 3, 4)) + fast.left.sum(axis=(2, 3, 4))
    assert (followed == 60).all()
    assert (fast.left[..., 0] == 0).all()


def test_the_missing_are_missing_and_the_dead_are_not(both):
    fast, _ = both
    seen = fast.states.sum(axis=(2, 3, 4, 5))
    assert (seen < 120).all()
    dead14, dead28 = fast.states[:, 0, ..., 5].sum(), fast.states[:, 1, ..., 5].sum()
    assert 0 < dead14 <= dead28


def test_censored_tables_agree_with_the_estimator(both):
    fast, _ = both
    first, left = fast.first.sum(axis=1), fast.left.sum(axis=1)
    value, z = tables.logrank(first, left)
    for trial in range(20):
        day, event, arm, stratum = [], [], [], []
        for counts, happened in ((first[trial], True), (left[trial], False)):
            for (s, a, d), n in np.ndenumerate(counts):
                never = happened and d == counts.shape[2] - 1
                day += [d - 1 if never else d] * n
                event += [happened and not never] * n
                arm += [a == 1] * n
                stratum += [s] * n
        expected = logrank(np.array(day, float), np.array(event), np.array(arm), np.array(stratum))
        assert value[trial] == pytest.approx(expected.value, rel=1e-10)
        assert z[trial] == pytest.approx(expected.statistic, rel=1e-10)


def test_the_compiled_logrank_is_the_same_to_the_last_bit(both):
    fast, _ = both
    first, left = fast.first.sum(axis=1), fast.left.sum(axis=1)
    for gone in (left, None):
        for one, other in zip(
            tables.logrank(first, gone), logrank_compiled.logrank(first, gone), strict=True
        ):
            assert (one == other).all()


def test_a_trial_in_which_nobody_leaves_is_the_pure_trial():
    streams = keys(5, SCENARIO, 0, 30)
    pure = compiled.simulate(plan(1.5), streams)
    nobody = compiled.simulate(plan(1.5, leave=np.zeros(28), absent=np.zeros(2)), streams)
    assert (pure.first == nobody.first).all()
    assert (pure.states == nobody.states).all()
    assert nobody.left.sum() == 0


def test_better_sites_see_more_recoveries():
    scenario = replace(SCENARIO, conduct=Conduct(site_sd=0.5))
    streams = keys(5, scenario, 0, 20, 120)
    chosen = plan(1.0, n=120)
    chosen = chosen._replace(cumulative=site_levels(0.5, chosen.cumulative[0]))
    fast, slow = (kernel.simulate(chosen, streams) for kernel in (compiled, vectorised))
    assert (fast.first == slow.first).all()
    for level in (0, 20):
        moved = streams._replace(level=np.full_like(streams.level, level))
        recovered = compiled.simulate(chosen, moved).first[..., :-1].sum()
        assert (recovered > fast.first[..., :-1].sum()) == (level == 0)


def test_site_levels_are_those_of_the_arrivals():
    scenario = replace(SCENARIO, conduct=Conduct(site_sd=0.5))
    some = site_level(scenario, 50, seed=1, first=3, trials=2)
    assert (some[1] == site_level(scenario, 50, seed=1, first=4, trials=1)[0]).all()
    assert (some[0] != some[1]).any()


class _Followed:
    visits = ()


def test_an_impossible_chance_is_refused():
    with pytest.raises(ScenarioError, match="withdrawal"):
        leaving.__wrapped__(_Followed(), Conduct(withdrawal=1.2), 28)


def test_the_boards_triggers_and_deaths_speak_as_often_as_they_should():
    study = load("nct05787288")
    scenario = study.scenarios["era-b-conduct"]
    reaction = next(one for one in scenario.events if one.id == "bronchospasm")
    severe = replace(reaction, id="severe", p=Frozen({"any": 0.1}), grades=Frozen({"3": 1.0}))
    design = design_of(
        study, replace(scenario, events=(replace(severe, related=0.5),)), participants=100
    )
    spoken = {one.rule: one for one in safety_stops(design, trials=300)}
    assert spoken["grade-3"].share == pytest.approx(stats.binom.sf(2, 20, 0.05))
    assert spoken["anaphylaxis"].share == 0
    assert 0 < spoken["deaths"].share < 0.3
    slow = safety_stops(design, trials=20, engine="numpy")
    assert slow == safety_stops(design, trials=20, engine="compiled")


def test_a_product_that_kills_is_noticed():
    study = load("nct05787288")
    harmful, harmless = (
        safety_stops(design_of(study, study.scenarios["era-b-conduct"], effect=effect), trials=300)[
            -1
        ].share
        for effect in (0.4, 1.0)
    )
    assert harmful > harmless + 0.2
