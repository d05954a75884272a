"""Sample size, power, bad input."""

import math

import numpy as np
import pytest

from equipoise.design import boundaries, power, sample_size
from equipoise.design.accrual import Hazard, seen
from equipoise.errors import DesignError

GOOD = {
    "means": {"difference": 0.5, "sd": 1.0},
    "rates": {"control": 0.2, "treatment": 0.4},
    "survival": {"hazard_ratio": 1.5, "event_probability": 0.84},
    "ordinal": {"odds_ratio": 1.8, "probabilities": [0.5, 0.3, 0.2]},
    "win-odds": {"win_odds": 1.4},
}


@pytest.mark.parametrize("endpoint", sorted(GOOD))
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("looks", [None, [0.5, 1.0]])
def test_power_is_the_inverse_of_sample_size(endpoint, ratio, looks):
    plan = None if looks is None else boundaries(looks, "pocock", alpha=0.05, sides=2)
    common = {"alpha": 0.05, "sides": 2, "ratio": ratio, "boundaries": plan, **GOOD[endpoint]}
    size = sample_size(endpoint, power=0.85, **common)
    assert power(endpoint, total=size.total, **common) == pytest.approx(0.85, abs=1e-7)
    assert sum(size.per_arm) == pytest.approx(size.total)
    assert size.per_arm[1] == pytest.approx(ratio * size.per_arm[0])


@pytest.mark.parametrize("endpoint", sorted(GOOD))
def test_equal_allocation_needs_the_fewest(endpoint):
    totals = [
        sample_size(endpoint, alpha=0.025, power=0.9, ratio=r, **GOOD[endpoint]).total
        for r in (1.0, 1.5, 3.0)
    ]
    assert totals == sorted(totals)


def test_schoenfeld_at_a_recovery_ratio_above_one_and_its_inverse():
    args = {"alpha": 0.05, "sides": 2, "power": 0.8, "event_probability": 0.84}
    up = sample_size("survival", hazard_ratio=1.5, **args)
    down = sample_size("survival", hazard_ratio=1 / 1.5, **args)
    assert up.events == pytest.approx(190.97, abs=0.01)
    assert up.events == pytest.approx(down.events)


def test_one_side_at_half_the_level_is_two_sides_at_the_whole():
    one = sample_size("means", alpha=0.025, power=0.9, difference=1, sd=2)
    two = sample_size("means", alpha=0.05, sides=2, power=0.9, difference=-1, sd=2)
    assert one.total == two.total


def test_looks_raise_the_maximum_and_lower_the_expected_size():
    plan = boundaries([0.5, 1.0], "obrien-fleming")
    size = sample_size("survival", alpha=0.025, power=0.9, boundaries=plan, **GOOD["survival"])
    assert size.expected < size.fixed < size.maximum == size.total
    assert size.expected_events == pytest.approx(0.84 * size.expected)


def test_the_t_test_needs_a_little_more_than_the_z_test():
    exact = sample_size("means", alpha=0.025, power=0.9, difference=0.5, sd=1)
    normal = sample_size(
        "means", alpha=0.025, power=0.9, difference=0.5, sd=1, normal_approximation=True
    )
    assert 1 < exact.total - normal.total < 3


def test_a_huge_effect_still_has_a_t_test_size():
    size = sample_size("means", alpha=0.025, power=0.8, difference=50, sd=1)
    assert 2 < size.total < 4


def test_non_inferiority_of_equal_rates_with_a_margin():
    size = sample_size(
        "rates", alpha=0.025, power=0.9, control=0.85, treatment=0.85, margin=0.1,
        method="unpooled",
    )  # fmt: skip
    z = 1.959963984540054 + 1.2815515655446004
    assert size.per_arm[0] == pytest.approx(2 * 0.85 * 0.15 * (z / 0.1) ** 2)


def test_a_death_rate_has_its_margin_on_the_other_side():
    args = {"alpha": 0.025, "power": 0.9, "control": 0.15, "treatment": 0.15, "margin": 0.1}
    death = sample_size("rates", higher_is_better=False, **args)
    args.update(control=0.85, treatment=0.85)
    assert death.total == pytest.approx(sample_size("rates", **args).total, rel=1e-9)


def test_hazard_ratio_margin_moves_the_null():
    plain = sample_size(
        "survival", alpha=0.025, power=0.9, hazard_ratio=1.0, margin=1.3, event_probability=1
    )
    assert plain.events == pytest.approx(4 * (3.2415155500846545 / math.log(1.3)) ** 2)


def test_constant_hazard_without_drop_out_is_the_exponential():
    hazard = Hazard(rates=np.array([0.1]), breaks=np.empty(0))
    assert seen(hazard, 0.0, 7.0) == pytest.approx(1 - math.exp(-0.7))
    assert seen(hazard, 0.1, 7.0) == pytest.approx((1 - math.exp(-1.4)) / 2)


def test_uniform_accrual_has_its_closed_form():
    size = sample_size(
        "survival", alpha=0.025, power=0.9, hazard_ratio=0.5, control_hazard=0.1,
        accrual=10, follow_up=5,
    )  # fmt: skip

    def share(rate):
        return 1 - (math.exp(-5 * rate) - math.exp(-15 * rate)) / (10 * rate)

    assert size.events / size.total == pytest.approx((share(0.1) + share(0.05)) / 2, rel=1e-12)


def test_ordinal_average_of_the_control_mix_matches_giving_it():
    control = np.array([0.5, 0.3, 0.2])
    cumulative = np.cumsum(control)[:-1]
    treated = np.diff(2 * cumulative / (1 + cumulative), prepend=0, append=1)
    args = {"alpha": 0.025, "power": 0.9, "odds_ratio": 2.0}
    by_hand = sample_size("ordinal", probabilities=(control + treated) / 2, **args)
    assert sample_size("ordinal", control=control, **args).total == pytest.approx(by_hand.total)


def test_win_odds_without_ties_is_noether():
    size = sample_size("win-odds", alpha=0.05, sides=2, power=0.9, win_odds=1.25)
    z = 3.2415155500846545
    assert size.total == pytest.approx((z / (1.25 / 2.25 - 0.5)) ** 2 / 3)


def test_fisher_is_stricter_than_the_z_test():
    args = {"alpha": 0.05, "sides": 2, "power": 0.8, "control": 0.2, "treatment": 0.5}
    fisher = sample_size("rates", method="fisher", **args)
    assert fisher.total > sample_size("rates", method="pooled", **args).total
    assert fisher.total == int(fisher.total)
    mirrored = {**args, "control": 0.8, "treatment": 0.5}
    assert sample_size("rates", method="fisher", **mirrored).total == fisher.total


def test_absurdly_large_and_small_trials_have_sensible_power():
    plan = boundaries([0.5, 1.0], "pocock")
    args = {"alpha": 0.025, "boundaries": plan, **GOOD["means"]}
    assert power("means", total=1e6, **args) == pytest.approx(1.0)
    assert power("means", total=2.5, **args) <= 0.05


BAD = [
    ("means", {"difference": 0}, "Assume an effect"),
    ("means", {"sd": 0}, "above 0"),
    ("means", {"sd": -1}, "above 0"),
    ("means", {"difference": 500.0}, "same unit"),
    ("means", {"normal_approximation": "no"}, "True or False"),
    ("means", {"colour": 1}, "does not take colour"),
    ("means", {"difference": None}, "needs difference"),
    ("means", {"difference": -1, "margin": 0.5}, "non-inferiority is false"),
    ("rates", {"control": 0}, "strictly between"),
    ("rates", {"treatment": 1}, "strictly between"),
    ("rates", {"control": 20, "treatment": 40}, "percentage"),
    ("rates", {"treatment": 0.2}, "Assume an effect"),
    ("rates", {"method": "magic"}, "no method"),
    ("rates", {"method": "fisher", "margin": 0.1}, "no non-inferiority margin"),
    ("survival", {"hazard_ratio": 1}, "Assume an effect"),
    ("survival", {"hazard_ratio": 0}, "above 0"),
    ("survival", {"hazard_ratio": -2}, "above 0"),
    ("survival", {"event_probability": 0}, "no events"),
    ("survival", {"event_probability": 1.5}, "more than participants"),
    ("survival", {"event_probability": None}, "needs the events"),
    ("survival", {"accrual": 12}, "Give one"),
    ("survival", {"event_probability": None, "control_hazard": -0.1, "accrual": 5}, "negative"),
    ("survival", {"event_probability": None, "control_hazard": 0, "accrual": 5}, "no events"),
    ("survival", {"event_probability": None, "control_hazard": 0.1, "accrual": -5}, "above 0"),
    ("survival", {"event_probability": None, "control_hazard": 0.1}, "needs accrual"),
    (
        "survival",
        {"event_probability": None, "control_hazard": [0.1, 0.2], "accrual": 5},
        "one increasing positive break",
    ),
    (
        "survival",
        {"event_probability": None, "control_hazard": 0.1, "accrual": 5, "dropout": -0.1},
        "cannot be negative",
    ),
    ("survival", {"method": "magic"}, "no method"),
    ("ordinal", {"probabilities": [1.0]}, "one category"),
    ("ordinal", {"probabilities": [1.0, 0.0]}, "one category"),
    ("ordinal", {"probabilities": [0.5, 0.2]}, "sum to 1"),
    ("ordinal", {"probabilities": [1.5, -0.5]}, "sum to 1"),
    ("ordinal", {"control": [0.5, 0.5]}, "one of the two"),
    ("ordinal", {"odds_ratio": 1}, "Assume an effect"),
    ("win-odds", {"win_odds": 1}, "Assume an effect"),
    ("win-odds", {"win_odds": -1}, "above 0"),
]


@pytest.mark.parametrize(("endpoint", "change", "words"), BAD)
def test_impossible_assumptions_are_refused_in_a_sentence(endpoint, change, words):
    with pytest.raises(DesignError, match=words) as refusal:
        sample_size(endpoint, alpha=0.025, power=0.9, **{**GOOD[endpoint], **change})
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"alpha": 0}, "strictly between"),
        ({"alpha": 1}, "strictly between"),
        ({"power": 1}, "strictly between"),
        ({"power": 80}, "percentage"),
        ({"power": 0.01}, "no more than alpha"),
        ({"ratio": 0}, "above 0"),
        ({"ratio": float("inf")}, "not finite"),
        ({"sides": 0}, "1 or 2"),
        ({"boundaries": boundaries([0.5, 1], "pocock", alpha=0.05)}, "Use the same"),
        ({"boundaries": boundaries([0.3, 0.6], "lan-demets-pocock")}, "end at 0.6"),
    ],
)
def test_impossible_questions_are_refused_in_a_sentence(change, words):
    asked = {"alpha": 0.025, "power": 0.9, **GOOD["means"], **change}
    with pytest.raises(DesignError, match=words):
        sample_size("means", **asked)


def test_power_needs_one_size():
    with pytest.raises(DesignError, match="Give total="):
        power("means", alpha=0.025, **GOOD["means"])
    with pytest.raises(DesignError, match="only drive survival"):
        power("means", alpha=0.025, events=10, **GOOD["means"])
    with pytest.raises(DesignError, match="no endpoint"):
        power("median", alpha=0.025, total=10)
    with pytest.raises(DesignError, match="degrees of freedom"):
        power("means", alpha=0.025, total=2, **GOOD["means"])


def test_power_of_events_needs_no_event_probability():
    by_events = power("survival", alpha=0.05, sides=2, events=191, hazard_ratio=1.5)
    assert by_events == pytest.approx(0.8, abs=1e-3)
