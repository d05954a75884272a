"""Interim analyses and the last one after them, against computations of another kind."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import cache

import numpy as np
import pytest
from lifelines.statistics import multivariate_logrank_test
from scipy import integrate, optimize, stats

from analysis_trial import reference as whole_reference
from analysis_trial import three_arms
from equipoise.analysis import interim, interim_cut
from equipoise.analysis.dataset import Dataset, Taken
from equipoise.analysis.final_look import standing
from equipoise.analysis.interim_cut import Gathered, Progress, forms_that_count, interim_of
from equipoise.analysis.looks import Rule, final_boundaries, interim_boundaries, rule_of
from equipoise.analysis.plan import carry_out, trial_of
from equipoise.analysis.report.contents import analyse
from equipoise.analysis.report.document import results_document
from equipoise.analysis.sequence import decisions
from equipoise.errors import DesignError

RULE = Rule(
    information=(0.5, 1.0),
    spending="lan-demets-obrien-fleming",
    parameters={},
    alpha=0.05,
    sides=2,
    futility=0.15,
    power=0.8,
)


PLANNED = 48
EVENTS = PLANNED * 0.84


@cache
def reference() -> Dataset:
    """A small trial of the reference study, planned as small as it is."""
    data = whole_reference(PLANNED)
    planned = replace(data.study.protocol.planned, value=PLANNED)
    protocol = replace(data.study.protocol, planned=planned)
    return replace(data, study=replace(data.study, protocol=protocol))


def spent(fraction: float, alpha: float = 0.05) -> float:
    """Lan and DeMets 1983, over two sides; nothing of ours."""
    return float(4 * stats.norm.sf(stats.norm.isf(alpha / 4) / np.sqrt(fraction)))


def crossing_later(first: float, last: float, correlation: float) -> float:
    """P(|Z1| < first and |Z2| >= last) under no effect, by numerical integration."""

    def beyond(z: float) -> float:
        sd = np.sqrt(1 - correlation**2)
        tails = stats.norm.sf((last - correlation * z) / sd) + stats.norm.cdf(
            (-last - correlation * z) / sd
        )
        return float(stats.norm.pdf(z) * tails)

    return float(integrate.quad(beyond, -first, first, epsabs=1e-12)[0])


def independent_bounds(first: float, last: float) -> tuple[float, float]:
    one = float(stats.norm.isf(spent(first) / 2))
    correlation = np.sqrt(first / last)
    left = 0.05 - spent(first)
    return one, optimize.brentq(lambda z: crossing_later(one, z, correlation) - left, 1, 4)


def test_the_published_boundaries_follow_from_one_look_at_half():
    assert interim_boundaries(RULE, [0.5]).efficacy_z == pytest.approx([2.963, 1.969], abs=5e-4)


@pytest.mark.parametrize(("first", "last"), [(0.5, 1.0), (0.43, 0.97), (0.62, 1.19), (0.5, 3.0)])
def test_boundaries_at_the_information_that_looks_really_had(first: float, last: float):
    expected = independent_bounds(first, last)
    found = final_boundaries(RULE, [first], last, whole=True)
    assert found.efficacy_z == pytest.approx(expected, abs=1e-6)
    assert interim_boundaries(RULE, [first]).efficacy_z[0] == pytest.approx(expected[0], abs=1e-8)


def test_a_trial_that_stopped_early_spends_what_its_information_allows():
    found = final_boundaries(RULE, [0.5], 0.8, whole=False)
    assert found.alpha_spent[-1] == pytest.approx(spent(0.8))
    assert found.efficacy_z[-1] > final_boundaries(RULE, [0.5], 0.8, whole=True).efficacy_z[-1]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("obrien-fleming", {}),
        ("haybittle-peto", {"z": 3.0}),
        ("hwang-shih-decani", {"gamma": -4.0}),
        ("user", {"spent": (0.001, 0.01, 0.05)}),
    ],
)
def test_no_kind_of_boundary_spends_more_than_alpha(kind: str, parameters: dict):
    rule = replace(RULE, spending=kind, parameters=parameters, information=(0.3, 0.6, 1.0))
    found = final_boundaries(rule, [0.33, 0.7], 1.02, whole=True)
    assert found.alpha_spent[-1] == pytest.approx(0.05, abs=1e-6)
    one = final_boundaries(rule, [0.7], 1.02, whole=True)
    assert one.alpha_spent[-1] == pytest.approx(0.05, abs=1e-6)


def test_a_look_with_all_the_information_is_refused():
    with pytest.raises(DesignError):
        interim_boundaries(RULE, [0.5, 0.5])
    with pytest.raises(DesignError):
        interim_boundaries(RULE, [1.0, 1.1, 1.2])


# ----------------------------------------------------------------------------- what goes in

DUE = 26


def at(day: int, data=None) -> datetime:
    """The moment at which the participant randomised `day`-th is just past day 28."""
    rows = sorted((data or reference()).randomised, key=lambda one: one.randomised_on)
    return datetime.combine(rows[day].randomised_on + timedelta(days=29), time(4), UTC)


def gathered(moment: datetime, data=None) -> Gathered:
    data = data or reference()
    return Gathered(data, moment, interim_of(data.study.protocol))


@pytest.fixture(scope="module")
def cut():
    return gathered(at(DUE)).cut(1)


@pytest.fixture(scope="module")
def letters():
    return {one.code: {"vesicles": "Y"}.get(one.arm, "X") for one in reference().randomised}


def test_only_who_is_past_the_minimum_day_enters(cut):
    rows = {one.code: one.randomised_on for one in reference().randomised}
    last = at(DUE).date()
    assert {(last - rows[one]).days > 28 for one in cut.participants} == {True}
    inside = sum((last - on).days > 28 for on in rows.values())
    assert len(cut.participants) == inside < len(rows)
    before = gathered(at(DUE) - timedelta(days=1)).progress
    assert before.participants < len(cut.participants)


def test_what_is_frozen_holds_no_arm_and_goes_through_json(cut):
    text = json.dumps(interim_cut.document(cut))
    assert not [one for one in ("vesicles", "saline", "arm") if f'"{one}' in text]
    assert interim_cut.document(interim_cut.read(json.loads(text))) == json.loads(text)


def test_arms_change_nothing_of_what_is_frozen(cut):
    data = reference()
    other = {"vesicles": "saline", "saline": "vesicles", None: None}
    turned = [
        replace(one, arm=other[one.arm], received=other[one.received]) for one in data.participants
    ]
    assert gathered(at(DUE), replace(data, participants=tuple(turned))).cut(1) == cut
    nobody = [replace(one, arm=None, received=None) for one in data.participants]
    assert gathered(at(DUE), replace(data, participants=tuple(nobody))).cut(1) == cut


def test_information_is_events_over_the_events_that_were_planned(cut):
    assert cut.planned == pytest.approx(EVENTS)
    assert cut.information == sum(cut.arguments["event"])
    assert 0.5 <= cut.fraction < 0.75


def test_the_forms_that_count_give_the_same_progress_as_all():
    data = reference()
    forms = forms_that_count(data.study.protocol)
    some = replace(data, records=[one for one in data.records if one.form in forms])
    assert len(some.records) < len(data.records) / 4
    assert gathered(at(DUE), some).progress == gathered(at(DUE)).progress


@pytest.mark.parametrize(
    ("information", "taken", "due"),
    [(99, 0, None), (100, 0, 1), (100, 1, None), (151, 1, 2), (151, 0, 2), (151, 2, None), (200, 1, None)],
)  # fmt: skip
def test_a_look_is_due_once_and_one_that_was_passed_is_not_made_up_for(information, taken, due):
    now = Progress(
        estimand="E", unit="events", participants=1, information=information, planned=200.0,
        looks=(0.5, 0.75),
    )  # fmt: skip
    assert now.due(taken) == due


# ------------------------------------------------------------------------ what is worked out


def test_the_statistic_is_the_one_of_the_plan_and_of_another_library(cut, letters):
    found = interim.conduct(cut, letters)
    (pair,) = found.comparisons
    data = reference()
    people = {one.code for one in data.randomised if one.code in set(cut.participants)}
    kept = replace(data, participants=tuple(one for one in data.participants if one.code in people))
    main = next(
        one for one in carry_out(trial_of(kept)) if one.estimand == "E1" and one.role == "main"
    )
    forward = next(one for one in pair.readings if one.experimental == "Y")
    assert pair.p_value == pytest.approx(main.p_value, rel=1e-9)
    assert 1 / pair.estimate == pytest.approx(main.estimate, rel=1e-9)
    assert (forward.z > 0) == (main.favours == "experimental")
    stratum = np.unique(cut.arguments["strata"], return_inverse=True)[1]
    chi = stratified(cut, np.array([letters[one] == "Y" for one in cut.participants]), stratum)
    assert forward.z**2 == pytest.approx(chi, rel=1e-6)


def stratified(cut, arm, stratum) -> float:
    """The stratified log-rank statistic summed by hand, its parts checked against lifelines."""
    time, event = np.array(cut.arguments["time"]), np.array(cut.arguments["event"])
    difference = variance = 0.0
    for level in np.unique(stratum):
        t, e, a = (column[stratum == level] for column in (time, event, arm))
        o = v = 0.0
        for day in np.unique(t[e]):
            risk, hit = t >= day, (t == day) & e
            n, n1, d = risk.sum(), (risk & a).sum(), hit.sum()
            o += (hit & a).sum() - d * n1 / n
            v += d * n1 / n * (1 - n1 / n) * (n - d) / max(n - 1, 1)
        if v > 0:
            theirs = multivariate_logrank_test(t, a, e).test_statistic
            assert o**2 / v == pytest.approx(theirs, rel=1e-6)
        difference, variance = difference + o, variance + v
    return float(difference**2 / variance)


def test_conditional_power_is_what_integration_gives(cut, letters):
    found = interim.conduct(cut, letters)
    now, last = cut.fraction, float(interim_boundaries(RULE, [cut.fraction]).efficacy_z[-1])
    drift = with_power(now, found.boundary_z, last)
    for one in found.comparisons[0].readings:
        for mean, said in ((drift, one.power_design), (one.z / np.sqrt(now), one.power_trend)):
            ahead = stats.norm(one.z * np.sqrt(now) + mean * (1 - now), np.sqrt(1 - now))
            by_hand = integrate.quad(ahead.pdf, last, 12, epsabs=1e-12)[0]
            assert said == pytest.approx(by_hand, abs=1e-7)


def with_power(now: float, first: float, last: float) -> float:
    """The mean of the last statistic at which either upper boundary is crossed with power 0.8."""

    def power(drift: float) -> float:
        mean, sd = drift * np.sqrt(now), np.sqrt(1 - now)

        def later(z: float) -> float:
            step = last - z * np.sqrt(now) - drift * (1 - now)
            return float(stats.norm.pdf(z, mean) * stats.norm.sf(step / sd))

        inside = integrate.quad(later, -first, first, epsabs=1e-12)[0]
        return float(stats.norm.sf(first, mean) + inside)

    return float(optimize.brentq(lambda d: power(d) - 0.8, 1, 5, xtol=1e-12))


def test_exchanged_letters_turn_the_sign_and_nothing_else(cut, letters):
    one = interim.conduct(cut, letters)
    turned = {code: {"X": "Y", "Y": "X"}[letter] for code, letter in letters.items()}
    other = interim.conduct(cut, turned)
    assert one.recommendation == other.recommendation
    first, second = one.comparisons[0], other.comparisons[0]
    assert first.estimate == pytest.approx(1 / second.estimate)
    for a, b in zip(first.readings, reversed(second.readings), strict=True):
        assert (a.z, a.power_design, a.power_trend) == pytest.approx((b.z, b.power_design, b.power_trend))  # fmt: skip
        assert a.advice == b.advice


@pytest.mark.parametrize(
    ("z", "power", "sides", "advice"),
    [
        (2.97, 0.99, 2, "efficacy"),
        (-2.97, 0.0, 2, "harm"),
        (-2.97, 0.0, 1, "futility"),
        (0.1, 0.149, 2, "futility"),
        (0.1, 0.151, 2, "continue"),
        (2.96, 0.99, 2, "continue"),
    ],
)
def test_the_rule(z: float, power: float, sides: int, advice: str):
    assert interim.advised(replace(RULE, sides=sides), z, 2.963, power) == advice


def test_without_a_limit_futility_is_never_advised():
    assert interim.advised(replace(RULE, futility=None), -2.0, 2.963, 0.0) == "continue"


def test_with_three_groups_every_pair_is_compared_both_ways():
    data = three_arms(96)
    whole = data.study.protocol
    small = replace(whole, planned=replace(whole.planned, value=120))
    data = replace(data, study=replace(data.study, protocol=small))
    moment = max(one.randomised_on for one in data.randomised) + timedelta(days=57)
    found = gathered(datetime.combine(moment, time(12), UTC), data)
    assert found.progress.unit == "participants"
    letter = {"high": "Z", "low": "X", "placebo": "Y"}
    result = interim.conduct(found.cut(1), {one.code: letter[one.arm] for one in data.randomised})
    assert [(one.first, one.second) for one in result.comparisons] == [("X", "Y"), ("X", "Z"), ("Y", "Z")]  # fmt: skip
    assert {one.experimental for pair in result.comparisons for one in pair.readings} == set("XYZ")
    assert sum(one.participants for one in result.groups) == found.progress.participants


def test_one_group_alone_is_no_comparison(cut, letters):
    found = interim.conduct(cut, dict.fromkeys(letters, "X"))
    assert found.comparisons == ()
    assert found.recommendation == "not-estimable"


# --------------------------------------------------------------------------- the last analysis


def taken(**changes) -> Taken:
    given = {
        "look": 1, "information": 21.0, "planned": EVENTS, "boundary_z": 2.89,
        "frozen_at": "2023-10-01T00:00:00+00:00", "decision": "continue",
        "z": {"vesicles - saline": 1.2, "saline - vesicles": -1.2},
    }  # fmt: skip
    return Taken(**{**given, **changes})


@pytest.fixture(scope="module")
def results():
    return analyse(reference(), draw=False)


@pytest.fixture(scope="module")
def judged(results):
    """The level and the steps of the sequence after looks, on the results of one analysis."""

    def judge(*looks: Taken):
        where, plan = standing(results.trial, looks), results.trial.protocol.analysis
        return where, decisions(plan, results.results, results.trial.contrasts, where)

    return judge


def test_without_a_look_the_results_say_so_and_use_all_of_alpha(results):
    found = results_document(results, demo=True)
    assert found["interim"]["done"] is False
    assert list(found["interim"]) == ["done", "text"]
    assert {one["alpha"] for one in found["sequence"]} == {0.05}
    assert found["not_done"][0] == "No interim analysis was run."


def test_after_a_look_the_sequence_is_tested_at_the_boundary_of_the_looks_as_they_were(results):
    found = results_document(analyse(replace(reference(), looks=(taken(),)), draw=False), demo=True)
    final = found["interim"]["final"]
    _, last = independent_bounds(21 / EVENTS, final["information"] / EVENTS)
    assert final["boundary_z"] == pytest.approx(last, abs=1e-6)
    level = 2 * stats.norm.sf(last)
    assert [one["alpha"] for one in found["sequence"]] == pytest.approx([level] * 5)
    assert found["interim"]["looks"][0]["z"] == {"vesicles - saline": 1.2}
    assert "No interim analysis was run." not in found["not_done"]
    assert found["results"] == results_document(results, demo=True)["results"]


def test_stopped_for_efficacy_the_first_estimand_is_judged_at_its_look_and_the_rest_there_too(judged):  # fmt: skip
    stop = {"decision": "efficacy", "z": {"vesicles - saline": 3.1, "saline - vesicles": -3.1}}
    where, (first, second, *_) = judged(taken(**stop))
    assert first.p_value == pytest.approx(2 * stats.norm.sf(3.1))
    assert first.significant
    assert "interim look" in first.reason
    assert second.alpha == pytest.approx(2 * stats.norm.sf(2.89))
    assert where.stopped.look == 1


def test_a_crossing_that_the_board_did_not_act_on_does_not_count(judged):
    crossed = taken(z={"vesicles - saline": 3.1, "saline - vesicles": -3.1})
    assert judged(crossed)[0].stopped is None
    assert judged(crossed)[0].level == judged(taken())[0].level


@pytest.mark.parametrize("decision", ["futility", "safety"])
def test_a_stop_without_a_crossing_gives_the_last_analysis_no_more_than_its_share(judged, decision):
    early, _ = judged(taken(decision=decision, planned=80.0, information=30.0))
    on, _ = judged(taken(planned=80.0, information=30.0))
    assert early.level < on.level < 0.05


def test_a_last_analysis_without_more_information_is_held_to_the_boundary_of_the_look(judged):
    late = taken(information=48.0, planned=96.0, boundary_z=2.963, decision="safety")
    assert judged(late)[0].boundary_z == pytest.approx(2.963, abs=5e-4)


def test_the_rule_is_read_from_the_protocol():
    found = rule_of(reference().study.protocol)
    assert (found.information, found.spending, found.futility) == ((0.5, 1.0), RULE.spending, 0.15)
    assert found.power == 0.8
