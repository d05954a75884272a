"""Sets, contrasts, the fixed sequence and the flow."""

from dataclasses import replace

import numpy as np
import pytest

from analysis_trial import three_arms
from equipoise.analysis.baseline import baseline_table
from equipoise.analysis.blinding import meanings
from equipoise.analysis.contrasts import Contrast, contrasts, covariates_of, strata_of
from equipoise.analysis.dataset import Dataset
from equipoise.analysis.flow import flow
from equipoise.analysis.labels import Labels
from equipoise.analysis.plan import carry_out, trial_of
from equipoise.analysis.quality import misfits, recruited
from equipoise.analysis.result import Result
from equipoise.analysis.sequence import decisions
from equipoise.analysis.sets import members
from equipoise.analysis.tables import to_csv
from equipoise.protocol.estimands import AnalysisPlan, AnalysisSet
from equipoise.protocol.frozen import Text

PAIR = Contrast(experimental="new", control="old")
TITLE = Text({"en": "set"})


@pytest.fixture(scope="module")
def data():
    return three_arms(96)


@pytest.fixture(scope="module")
def trial(data):
    return trial_of(data)


def row(estimand, p_value, *, estimate=2.0, contrast=PAIR, problem=None):
    return Result(
        estimand=estimand,
        endpoint="e",
        population="all",
        method="cox",
        role="main",
        measure="rate ratio",
        scale="ratio",
        null=1.0,
        benefit="above",
        contrast=contrast.name,
        estimate=estimate,
        p_value=p_value,
        problem=problem,
    )


def steps(*rows, sides=2, pairs=(PAIR,), alpha=0.05):
    names = tuple(dict.fromkeys(one.estimand for one in rows))
    plan = AnalysisPlan(alpha=alpha, sides=sides, sequence=names, sets=())
    return decisions(plan, rows, pairs)


def test_the_sequence_goes_on_while_everything_is_significant():
    found = steps(row("A", 0.01), row("B", 0.05), row("C", 0.2))
    assert [one.confirmatory for one in found] == [True, True, True]
    assert [one.significant for one in found] == [True, True, False]


def test_nothing_after_a_failure_is_confirmatory_however_small_its_p():
    found = steps(row("A", 0.06), row("B", 1e-9))
    assert not found[1].confirmatory
    assert not found[1].significant
    assert "ended at A" in found[1].reason


def test_a_result_that_could_not_be_computed_ends_the_sequence():
    found = steps(row("A", None, estimate=None, problem="no event"), row("B", 1e-9))
    assert "no event" in found[0].reason
    assert not found[0].confirmatory
    assert not found[1].confirmatory


def test_an_estimand_without_any_result_ends_the_sequence():
    plan = AnalysisPlan(alpha=0.05, sequence=("A", "B"), sets=())
    found = decisions(plan, [row("B", 0.001)], (PAIR,))
    assert [one.significant for one in found] == [False, False]


def test_a_one_sided_test_never_succeeds_in_the_wrong_direction():
    better, worse = row("A", 0.02), row("A", 0.02, estimate=0.5)
    assert steps(better, sides=1, alpha=0.025)[0].significant
    assert not steps(worse, sides=1, alpha=0.025)[0].significant


def test_several_arms_are_tested_one_after_the_other():
    low = Contrast(experimental="low", control="old")
    found = steps(row("A", 0.2), row("A", 0.001, contrast=low), row("B", 0.001), pairs=(PAIR, low))
    assert [(one.estimand, one.contrast) for one in found[:2]] == [
        ("A", "new - old"),
        ("A", "low - old"),
    ]
    assert [one.significant for one in found] == [False, False, False, False]


def test_every_experimental_arm_is_compared_with_the_control(data):
    assert [one.name for one in contrasts(data.study.protocol)] == [
        "high - placebo",
        "low - placebo",
    ]


def test_exchanging_the_arms_turns_every_estimate_round(data, trial):
    swapped = {"high": "placebo", "placebo": "high"}
    turned = replace(
        data,
        participants=tuple(
            replace(
                one,
                arm=swapped.get(one.arm, one.arm),
                received=swapped.get(one.received, one.received),
            )
            for one in data.participants
        ),
    )
    before, after = carry_out(trial), carry_out(trial_of(turned))
    for ours, theirs in zip(before, after, strict=True):
        if ours.contrast == "high - placebo" and ours.estimate is not None:
            assert theirs.estimate == pytest.approx(-ours.estimate, abs=1e-9)
            assert theirs.p_value == pytest.approx(ours.p_value, abs=1e-9)


def test_the_order_of_records_and_people_changes_nothing(data, trial):
    turned = replace(data, participants=data.participants[::-1], records=data.records[::-1])
    assert carry_out(trial_of(turned)) == carry_out(trial)


def test_a_set_of_the_treated_leaves_out_who_got_nothing(data):
    nothing = replace(data.randomised[0], doses=0, received=None, first_dose_at=None)
    changed = replace(data, participants=(nothing, *data.randomised[1:]))
    treated = AnalysisSet(id="t", title=TITLE, kind="treated", by="received")
    everyone = AnalysisSet(id="e", title=TITLE, kind="randomised")
    assert members(changed, treated).n == len(data.randomised) - 1
    assert members(changed, everyone).n == len(data.randomised)


def test_the_treated_are_analysed_by_what_they_received(data):
    first = data.randomised[0]
    other = next(arm.id for arm in data.study.protocol.arms if arm.id != first.arm)
    changed = replace(data, participants=(replace(first, received=other), *data.randomised[1:]))
    received = AnalysisSet(id="t", title=TITLE, kind="treated", by="received")
    allocated = AnalysisSet(id="a", title=TITLE, kind="treated")
    assert members(changed, received).arm[0] == other
    assert members(changed, allocated).arm[0] == first.arm


def test_what_is_unknown_admits_nobody_to_a_set(data):
    unknown = AnalysisSet(id="u", title=TITLE, kind="randomised", requires="week26.call.well")
    assert members(replace(data, records=()), unknown).n == 0


def test_the_true_stratum_is_used_and_the_wrong_one_is_counted(data, trial):
    first = data.randomised[0]
    truth = trial.baseline.stratum(first, "ulcer_history")
    wrong = {"ulcer_history": "false" if truth == "yes" else "true"}
    changed = trial_of(
        replace(data, participants=(replace(first, stratum=wrong), *data.randomised[1:]))
    )
    rows = np.arange(1)
    assert strata_of(changed.dataset, changed.baseline, ("ulcer_history",), rows)[0] == truth
    assert misfits(trial) == 0
    assert misfits(changed) == 1


def test_an_unknown_covariate_is_filled_with_the_mean_and_counted(data):
    first = data.randomised[0].code
    gone = [r for r in data.records if not (r.participant == first and r.form == "screening")]
    trial = trial_of(replace(data, records=gone))
    rows = np.arange(len(data.randomised))
    found = covariates_of(trial.dataset, trial.baseline, ("age", "site"), rows)
    assert found.filled == 1
    assert found.values[0, 0] == pytest.approx(found.values[1:, 0].mean())
    assert found.names == ("age", "site = south")


def test_the_flow_adds_up(data, trial):
    found = flow(data, trial.sets)
    assert found.assessed == found.randomised + found.not_randomised + found.awaiting
    for arm in found.arms:
        ended = arm.died + arm.withdrew + arm.lost + arm.completed + arm.still_followed
        assert arm.allocated == ended + sum(arm.ended_early.values())
        assert arm.allocated == arm.received_any + arm.received_none
    assert found.agrees


def test_the_flow_says_where_the_ledger_counts_differently(data, trial):
    changed = replace(data, events={**data.events, "randomised": 95})
    assert not flow(changed, trial.sets).agrees


def test_nobody_is_told_twice_in_the_flow(data, trial):
    first = data.randomised[0]
    dead = replace(first, died_on=first.completed_on, withdrawn=(("visits", first.completed_on),))
    arm = next(
        one
        for one in flow(replace(data, participants=(dead, *data.randomised[1:])), trial.sets).arms
        if one.arm == first.arm
    )
    assert (arm.died, arm.withdrew) == (1, 0)


def test_recruitment_rises_from_nothing_to_everybody(data):
    curve = recruited(data)
    assert (curve.total[0], curve.total[-1]) == (0, len(data.randomised))
    assert sum(one[-1] for one in curve.by_site.values()) == curve.total[-1]
    assert list(curve.total) == sorted(curve.total)


def test_a_trial_that_has_not_begun_has_an_empty_curve(data):
    assert recruited(replace(data, participants=())).total == ()


def test_a_guess_means_an_arm_or_that_nobody_can_say(data, trial):
    item = data.study.forms["guess"].item("guess")
    assert meanings(trial, item) == {
        "placebo": "control",
        "active": "experimental",
        "unsure": "unknown",
    }


def test_the_baseline_table_names_the_numbers_it_shows(data, trial):
    words = to_csv(baseline_table(trial, Labels(data.study)))
    assert "Age at consent, years" in words
    assert "median" in words or "mean (SD)" in words
    assert f"All (n = {len(data.randomised)})" in words


def test_a_participant_who_was_never_randomised_has_no_day():
    from equipoise.analysis.dataset import ParticipantRow, day_of

    with pytest.raises(ValueError, match="not randomised"):
        day_of(ParticipantRow(code="X", site="s"), three_arms(96).randomised[0].randomised_on)


def test_people_without_an_allocation_are_not_analysed(data):
    blinded = tuple(replace(one, arm=None) for one in data.participants)
    assert Dataset(study=data.study, participants=blinded, records=()).randomised == ()
