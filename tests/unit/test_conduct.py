"""Whole simulated participants, driven through a desk on paper."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from equipoise.analysis.estimators.logrank import logrank
from equipoise.forms import Record, to_json
from equipoise.protocol.load import load
from equipoise.rehearsal.conduct import PaperDesk, Summary, run
from equipoise.rehearsal.people import people
from equipoise.rehearsal.setup import scenario_of
from equipoise.rehearsal.trial import Design, simulate

STUDY = load("nct05787288")
OTHER = load(Path(__file__).parents[1] / "studies" / "three_arms")


@cache
def conducted(scenario: str, n: int, seed: int, effect: float = 1.0) -> tuple[PaperDesk, Summary]:
    chosen = scenario_of(STUDY, scenario)
    desk = PaperDesk(STUDY, chosen, seed)
    return desk, run(STUDY, chosen, desk, participants=n, seed=seed, effect=effect)


def story(desk: PaperDesk) -> list[tuple[object, ...]]:
    return [
        (
            one.record.participant,
            one.record.form,
            one.record.visit,
            one.record.number,
            one.record.on,
            one.at,
            one.role,
            one.reason,
            to_json(one.record.values),
        )
        for one in desk.versions
    ]


def statuses(desk: PaperDesk, code: str) -> list[Record]:
    return [one for one in desk.records[code].values() if one.form == "ox"]


def randomised(desk: PaperDesk) -> list[str]:
    found = [(state.randomised_at, code) for code, state in desk.states.items() if state.randomised]
    return [code for _, code in sorted(found)]  # type: ignore[type-var]


def test_the_same_seed_tells_the_same_story() -> None:
    chosen = scenario_of(STUDY, "era-b-conduct")
    first, second = (PaperDesk(STUDY, chosen, 5) for _ in range(2))
    for desk in (first, second):
        run(STUDY, chosen, desk, participants=5, seed=5)
    assert story(first) == story(second)


def test_another_trial_tells_another_story() -> None:
    chosen = scenario_of(STUDY, "era-b")
    first, second = PaperDesk(STUDY, chosen, 5), PaperDesk(STUDY, chosen, 5, trial=1)
    run(STUDY, chosen, first, participants=4, seed=5)
    run(STUDY, chosen, second, participants=4, seed=5, trial=1)
    assert story(first) != story(second)


@pytest.mark.parametrize("effect", [1.0, 1.5])
def test_one_seed_gives_both_tiers_the_same_allocation_and_the_same_result(effect: float) -> None:
    n, seed, chosen = 24, 11, scenario_of(STUDY, "era-b")
    desk, _ = conducted("era-b", n, seed, effect)
    design = Design(
        study=STUDY,
        scenario=chosen,
        effect=effect,
        participants=n,
        seed=seed,
        estimands=("E1",),
    )
    (expected,) = simulate(design, first=0, trials=1, engine="numpy")
    crowd, codes = people(chosen, n, seed=seed, trial=0), randomised(desk)
    levels = tuple(chosen.strata)
    strata = [dict(desk.states[code].stratum)["severity"] for code in codes]
    assert strata == [levels[index] for index in crowd.stratum]
    days = [recovery(desk, code) for code in codes]
    arm = np.array([desk.arms[str(desk.states[code].kit)] == "vesicles" for code in codes])
    found = logrank(
        np.array([float(min(day, 28)) for day in days]),
        np.array([day <= 28 for day in days]),
        arm,
        strata=np.array([levels.index(level) for level in strata]),
    )
    assert found.statistic == pytest.approx(float(expected.z[0, -1]), abs=1e-9)


def recovery(desk: PaperDesk, code: str) -> int:
    start = desk.states[code].randomised_on
    assert start is not None
    days = [
        (one.on - start).days
        for one in statuses(desk, code)
        if one.visit != "baseline" and int(str(one.values["actt"])) <= 3
    ]
    return min(days, default=99)


def test_derived_scores_are_what_the_course_says_they_read() -> None:
    desk, _ = conducted("era-b", 40, 3)
    course = STUDY.scenarios["era-b"].course
    assert course is not None
    actt, cps = course.readings["actt"], course.readings["cps"]
    known = {value: state for state, value in actt.items()}
    for code in randomised(desk):
        for one in statuses(desk, code):
            score = one.values["actt"]
            state = known.get(max(3, int(str(score))), "R")
            assert one.values["cps"] == cps[state] or state in ("R", "7"), one
            if state == "7":
                assert one.values["cps"] in (7, 8, 9)
            if state == "R":
                assert one.values["cps"] in range(5)


def test_nothing_impossible_and_little_unusual_is_written_down() -> None:
    desk, _ = conducted("era-b-conduct", 48, 7)
    assert not [one for saved in desk.versions for one in saved.findings if one.severity == "hard"]
    odd = sum(bool(saved.findings) for saved in desk.versions)
    assert odd / len(desk.versions) < 0.03


def test_a_pure_trial_has_every_dose_of_everybody_who_lives_through_the_course() -> None:
    desk, summary = conducted("era-b", 40, 3)
    assert summary.failed == summary.withdrawals == summary.lost == 0
    for code in randomised(desk):
        state = desk.states[code]
        assert len(state.doses) == 10 or state.died_on is not None


@pytest.mark.parametrize("n", [48, pytest.param(120, marks=pytest.mark.prove)])
def test_real_conduct_goes_wrong_in_believable_measure(n: int) -> None:
    desk, summary = conducted("era-b-conduct", n, 7)
    assert summary.randomised == n
    assert summary.screened == n * 4 // 3
    codes = randomised(desk)
    full = [len([d for d in desk.states[c].doses if d.amount != "not"]) == 10 for c in codes]
    assert 0.70 <= np.mean(full) <= 0.95
    assert summary.adverse_events > n / 3
    assert 0 < summary.deaths < n / 6
    again = [one for one in desk.versions if one.reason]
    assert 0.005 < len(again) / len(desk.versions) < 0.03
    assert 85 <= summary.records / n <= 135


@pytest.mark.parametrize(
    ("n", "seed", "share", "median"),
    [(40, 3, 0.16, 4.0), pytest.param(200, 2, 0.08, 2.5, marks=pytest.mark.prove)],
)
def test_recovery_in_simulated_people_follows_the_chain(
    n: int, seed: int, share: float, median: float
) -> None:
    desk, _ = conducted("era-b", n, seed)
    days = np.array([recovery(desk, code) for code in randomised(desk)])
    assert abs((days <= 28).mean() - 0.84) < share
    assert abs(float(np.median(days)) - 9.3) < median


def test_doses_keep_the_rules_of_the_protocol() -> None:
    desk, _ = conducted("era-b-conduct", 48, 7)
    dosing = STUDY.protocol.dosing
    assert dosing is not None
    for code in randomised(desk):
        state = desk.states[code]
        given = [dose for dose in state.doses if dose.amount != "not"]
        assert len({dose.unit for dose in given}) == len(given) <= dosing.doses
        assert state.randomised_at is not None
        if given:
            within = timedelta(hours=dosing.first_dose_within_hours)
            assert state.randomised_at < given[0].at <= state.randomised_at + within
        for one, two in pairwise(given):
            assert two.at - one.at >= timedelta(hours=dosing.minimum_gap_hours)


def test_assessors_do_not_give_doses_and_pharmacists_write_no_blinded_record() -> None:
    desk, _ = conducted("era-b-conduct", 48, 7)
    roles = {(one.record.form, one.role) for one in desk.versions}
    assert {role for form, role in roles if form == "ex"} == {"dosing nurse"}
    assert {role for form, role in roles if form in ("ox", "sy", "po")} == {"assessor"}
    assert "pharmacist" not in {role for _, role in roles}
    unblinded = {form for form, one in STUDY.forms.items() if one.audience == "unblinded"}
    assert not unblinded & {form for form, _ in roles}
    assert desk.preparations


def test_everybody_who_dies_has_a_fatal_event_a_death_form_and_nothing_later() -> None:
    desk, summary = conducted("era-b-conduct", 48, 7)
    dead = [code for code, state in desk.states.items() if state.died_on is not None]
    assert len(dead) == summary.deaths
    for code in dead:
        records, died = desk.records[code].values(), desk.states[code].died_on
        assert died is not None
        assert sum(one.form == "dd" for one in records) == 1
        fatal = [one for one in records if one.form == "ae" and one.values["grade"] == 5]
        assert [one.values["ae_outcome"] for one in fatal] == ["fatal"]
        assert max(one.on for one in records) <= died


def test_events_end_in_a_new_version_with_a_reason() -> None:
    desk, _ = conducted("era-b-conduct", 48, 7)
    ended = [one for one in desk.versions if one.record.form == "ae" and one.reason]
    assert ended
    for one in ended:
        assert one.record.values["ae_ongoing"] is False
        assert one.record.values["ae_outcome"] == "recovered"
        assert str(one.record.values["ae_end"]) >= str(one.record.values["ae_start"])


def test_a_new_version_belongs_to_the_day_of_the_first_and_is_saved_later() -> None:
    desk, _ = conducted("era-b-conduct", 48, 7)
    first: dict[tuple[object, ...], tuple[object, object]] = {}
    for one in desk.versions:
        record = one.record
        key = (record.participant, record.form, record.visit, record.number)
        on, at = first.setdefault(key, (record.on, one.at))
        assert record.on == on
        assert one.at >= at  # type: ignore[operator]


def test_screen_failures_are_not_randomised_and_have_a_reason() -> None:
    desk, summary = conducted("era-b-conduct", 48, 7)
    failed = [state for state in desk.states.values() if state.failure]
    assert len(failed) == summary.failed == 16
    assert not any(state.randomised for state in failed)
    assert len({state.failure for state in failed}) > 4
    declined = [state for state in failed if not state.consented]
    assert declined
    assert not any(desk.records[state.code] for state in declined)


def test_sites_open_one_after_the_other_and_people_are_randomised_in_order() -> None:
    desk, _ = conducted("era-b-conduct", 48, 7)
    first: dict[str, object] = {}
    moments = []
    for code in randomised(desk):
        state = desk.states[code]
        first.setdefault(state.site, state.randomised_on)
        moments.append(state.randomised_at)
    assert moments == sorted(moments)  # type: ignore[type-var]
    opens = {site.id: site.opens_on_day for site in STUDY.protocol.sites}
    start = STUDY.scenarios["era-b-conduct"].accrual.opens_on
    for site, day in first.items():
        assert (day - start).days >= opens[site]  # type: ignore[operator]


@pytest.mark.prove
def test_the_arm_does_not_matter_without_an_effect() -> None:
    chosen = scenario_of(STUDY, "era-b")
    outcomes = []
    for trial in range(2):
        desk = PaperDesk(STUDY, chosen, 21, trial=trial)
        run(STUDY, chosen, desk, participants=60, seed=21, trial=trial)
        for code in randomised(desk):
            arm = desk.arms[str(desk.states[code].kit)]
            outcomes.append((arm == "vesicles", recovery(desk, code) <= 28))
    treated = np.mean([well for arm, well in outcomes if arm])
    control = np.mean([well for arm, well in outcomes if not arm])
    assert abs(treated - control) < 0.25


def test_another_study_is_conducted_from_a_minimal_scenario() -> None:
    chosen = scenario_of(OTHER, "plain")
    desk = PaperDesk(OTHER, chosen, 1)
    summary = run(OTHER, chosen, desk, participants=16, seed=1)
    assert summary.randomised == 16
    assert summary.doses == 16 * 28
    arms = Counter(desk.arms.values())
    assert set(arms) == {"high", "low", "placebo"}
    forms = {one.record.form for one in desk.versions}
    assert {"screening", "screening_breath", "start", "dose", "symptoms", "breath"} <= forms
