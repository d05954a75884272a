"""Boundaries: shapes, special looks, bad input, speed."""

import math

import numpy as np
import pytest

from equipoise.design import boundaries, crossing, drift_for, expected_information
from equipoise.errors import DesignError

THIRDS = [1 / 3, 2 / 3, 1.0]


def test_one_look_is_the_plain_test_whatever_the_kind():
    for kind in ("obrien-fleming", "pocock", "haybittle-peto", "lan-demets-pocock"):
        assert boundaries([1.0], kind).efficacy_z[0] == pytest.approx(1.959963984540054, abs=1e-12)


def test_absolute_information_and_fractions_give_the_same_boundaries():
    events = boundaries([60, 120, 180], "lan-demets-obrien-fleming")
    shares = boundaries(THIRDS, "lan-demets-obrien-fleming")
    np.testing.assert_allclose(events.efficacy_z, shares.efficacy_z, rtol=1e-13)
    assert events.maximum == 180
    np.testing.assert_array_equal(events.information, [60, 120, 180])


def test_absolute_information_below_a_named_maximum_spends_only_its_share():
    plan = boundaries([60, 120], "kim-demets", rho=1, maximum=180)
    np.testing.assert_allclose(plan.alpha_spent, [0.025 / 3, 0.05 / 3])


def test_an_over_running_last_look_spends_exactly_what_is_left():
    plan = boundaries([1 / 3, 2 / 3, 1.1], "lan-demets-obrien-fleming")
    on_time = boundaries(THIRDS, "lan-demets-obrien-fleming")
    np.testing.assert_allclose(plan.efficacy_z[:2], on_time.efficacy_z[:2], rtol=1e-13)
    assert plan.efficacy_z[2] > on_time.efficacy_z[2]
    assert crossing(plan, 0.0).power == pytest.approx(0.025, abs=1e-14)


@pytest.mark.parametrize("kind", ["obrien-fleming", "pocock"])
def test_an_over_run_keeps_the_interim_boundaries_of_a_fixed_shape(kind):
    plan, on_time = boundaries([1 / 3, 2 / 3, 1.2], kind), boundaries(THIRDS, kind)
    np.testing.assert_allclose(plan.efficacy_z[:2], on_time.efficacy_z[:2], rtol=1e-12)
    assert crossing(plan, 0.0).power == pytest.approx(0.025, abs=1e-12)


def test_an_over_run_keeps_the_interim_futility_boundary():
    extra = {"futility": "kim-demets", "futility_rho": 2, "beta": 0.1, "binding": True}
    plan = boundaries([1 / 3, 2 / 3, 1.1], "pocock", **extra)
    on_time = boundaries(THIRDS, "pocock", **extra)
    np.testing.assert_allclose(plan.futility_z[:2], on_time.futility_z[:2], rtol=1e-10)
    assert crossing(plan, 0.0).power == pytest.approx(0.025, abs=1e-11)


def test_an_early_final_look_spends_all_when_asked():
    early = boundaries([0.3, 0.6], "lan-demets-pocock", final=True)
    running = boundaries([0.3, 0.6], "lan-demets-pocock")
    assert early.alpha_spent[-1] == 0.025
    assert running.alpha_spent[-1] < 0.02
    assert early.efficacy_z[0] == running.efficacy_z[0]


def test_a_hopelessly_early_look_has_an_unreachable_boundary_and_costs_nothing():
    plan = boundaries([0.001, 1.0], "lan-demets-obrien-fleming")
    assert plan.efficacy_z[0] > 30
    assert plan.efficacy_z[1] == pytest.approx(1.959963984540054, abs=1e-9)


def test_a_look_that_spends_nothing_cannot_stop():
    plan = boundaries([0.25, 0.5, 1.0], "user", spent=[0.0, 0.01, 0.025])
    assert plan.efficacy_z[0] == math.inf
    assert plan.nominal_p[0] == 0
    assert crossing(plan, 0.0).power == pytest.approx(0.025, abs=1e-15)


def test_two_sided_nominal_p_counts_both_sides():
    plan = boundaries(THIRDS, "pocock", alpha=0.05, sides=2)
    np.testing.assert_allclose(plan.nominal_p, 0.0221, atol=5e-5)


def test_lan_demets_obrien_fleming_splits_alpha_before_spending():
    two = boundaries(THIRDS, "lan-demets-obrien-fleming", alpha=0.05, sides=2)
    one = boundaries(THIRDS, "lan-demets-obrien-fleming", alpha=0.025)
    np.testing.assert_allclose(two.alpha_spent, 2 * one.alpha_spent, rtol=1e-12)
    np.testing.assert_allclose(two.efficacy_z, one.efficacy_z, atol=1e-6)


def test_binding_futility_lowers_the_efficacy_boundary_and_non_binding_does_not():
    extra = {"futility": "lan-demets-pocock", "beta": 0.2}
    plain = boundaries(THIRDS, "obrien-fleming")
    loose = boundaries(THIRDS, "obrien-fleming", **extra)
    bound = boundaries(THIRDS, "obrien-fleming", binding=True, **extra)
    np.testing.assert_array_equal(plain.efficacy_z, loose.efficacy_z)
    assert (bound.efficacy_z < plain.efficacy_z).all()
    assert bound.futility_z[-1] == bound.efficacy_z[-1]
    assert crossing(loose, 0.0).power < 0.025
    assert crossing(loose, 0.0, ignore_futility=True).power == pytest.approx(0.025, abs=1e-12)


def test_fixed_futility_of_zero_is_kept():
    plan = boundaries([0.5, 1], "pocock", futility="fixed", futility_z=[0.0], binding=True)
    assert plan.futility_z[0] == 0
    assert crossing(plan, 0.0).power == pytest.approx(0.025, abs=1e-12)
    assert crossing(plan, 0.0).futility[0] == pytest.approx(0.5)


def test_two_sided_futility_is_an_inner_wedge():
    plan = boundaries(
        THIRDS, "lan-demets-obrien-fleming", alpha=0.05, sides=2,
        futility="hwang-shih-decani", futility_gamma=-2, beta=0.1, binding=True,
    )  # fmt: skip
    under_null = crossing(plan, 0.0)
    assert under_null.efficacy.sum() + under_null.harm.sum() == pytest.approx(0.05, abs=1e-11)
    assert under_null.stopping.sum() == pytest.approx(1, abs=1e-12)
    assert crossing(plan, plan.drift).power == pytest.approx(0.9, abs=1e-5)


def test_expected_information_is_in_the_unit_given():
    plan = boundaries([60, 120, 180], "pocock")
    assert 60 < expected_information(plan, drift_for(plan, 0.9)) < 180
    assert expected_information(plan, -30.0) == pytest.approx(180)
    assert expected_information(plan, 30.0) == pytest.approx(60)


BAD = [
    ({"information": []}, "non-empty"),
    ({"information": "0.5"}, "list of numbers"),
    ({"information": [0.0, 1.0]}, "starts at 0"),
    ({"information": [-0.5, 1.0]}, "starts at -0.5"),
    ({"information": [0.5, 0.5, 1.0]}, "grow"),
    ({"information": [0.8, 0.4]}, "grow"),
    ({"information": [0.5, float("nan")]}, "not finite"),
    ({"information": [0.5, float("inf")]}, "not finite"),
    ({"information": [0.5, 2.0]}, "over-run"),
    ({"information": [0.5, 1.0, 1.1]}, "nothing would be left"),
    ({"information": [50, 100], "maximum": -1}, "above 0"),
    ({"information": [0.5, 0.5 + 1e-7, 1.0]}, "too close"),
    ({"kind": "obrien"}, "no boundary of kind"),
    ({"alpha": 0}, "strictly between"),
    ({"alpha": 1}, "strictly between"),
    ({"alpha": 2.5}, "strictly between"),
    ({"alpha": 0.6}, "coin"),
    ({"alpha": float("nan")}, "not finite"),
    ({"alpha": "a"}, "not a number"),
    ({"sides": 3}, "1 or 2"),
    ({"sides": True}, "1 or 2"),
    ({"alpha": 1e-300}, "too small"),
    ({"alpha": 10**400}, "larger unit"),
    ({"final": "yes"}, "True or False"),
    ({"futility": ["kim-demets"], "beta": 0.1}, "no futility boundary"),
    ({"rho": 2}, "does not take rho"),
    ({"beta": 0.1}, "none was asked"),
    ({"futility": "kim-demets", "beta": 0.1}, "needs futility_rho"),
    ({"futility": "lan-demets-pocock"}, "Give beta"),
    ({"futility": "lan-demets-pocock", "beta": 0.99}, "smaller beta"),
    ({"futility": "magic", "beta": 0.1}, "no futility boundary"),
    ({"futility": "fixed", "futility_z": [1, 2, 3, 4]}, "4 values"),
    ({"futility": "fixed", "futility_z": [3.0, 1.0]}, "not below"),
    ({"kind": "kim-demets"}, "needs rho"),
    ({"kind": "kim-demets", "rho": 0}, "above 0"),
    ({"kind": "hwang-shih-decani", "gamma": 900}, "one end"),
    ({"kind": "wang-tsiatis", "delta": 7}, "meant for"),
    ({"kind": "haybittle-peto", "z": 1.0}, "already use"),
    ({"kind": "user", "spent": [0.01, 0.02]}, "2 values for 3 looks"),
    ({"kind": "user", "spent": [0.01, 0.005, 0.02]}, "never fall"),
    ({"kind": "user", "spent": [0.01, 0.02, 0.03]}, "0.025 or less"),
    ({"kind": "user", "spent": [0, 0, 0]}, "0 at every look"),
]


@pytest.mark.parametrize(("change", "words"), BAD)
def test_impossible_designs_are_refused_in_a_sentence(change, words):
    asked = {"information": THIRDS, "kind": "pocock", **change}
    with pytest.raises(DesignError, match=words) as refusal:
        boundaries(asked.pop("information"), asked.pop("kind"), **asked)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("times", "alpha", "extra"),
    [
        ([0.124, 0.195, 0.363, 0.498, 0.717, 0.916, 1.0], 7.4e-4,
         {"futility": "hwang-shih-decani", "futility_gamma": -9.7}),
        ([0.0105, 0.309, 0.472, 0.542, 0.716, 0.765, 1.0], 1.64e-6,
         {"futility": "lan-demets-pocock"}),
    ],
)  # fmt: skip
def test_a_binding_wedge_that_splits_the_walk_in_two_is_solved(times, alpha, extra):
    plan = boundaries(
        times, "lan-demets-obrien-fleming", alpha=alpha, sides=2, beta=0.1, binding=True, **extra
    )
    under_null = crossing(plan, 0.0)
    assert under_null.efficacy.sum() + under_null.harm.sum() == pytest.approx(alpha, rel=1e-9)
    assert crossing(plan, plan.drift).power == pytest.approx(0.9, abs=1e-6)


def test_futility_on_an_unfinished_plan_is_refused():
    with pytest.raises(DesignError, match="whole plan"):
        boundaries([0.3, 0.6], "kim-demets", rho=1, futility="lan-demets-pocock", beta=0.1)


@pytest.mark.parametrize("kind", ["obrien-fleming", "pocock", "wang-tsiatis"])
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("spending", ["lan-demets-obrien-fleming", "lan-demets-pocock"])
def test_a_shape_with_binding_futility_uses_both_errors_exactly(kind, sides, spending):
    shape = {"delta": 0.25} if kind == "wang-tsiatis" else {}

    found = boundaries(
        THIRDS, kind, alpha=0.025 * sides, sides=sides, futility=spending,
        beta=0.2, binding=True, **shape,
    )  # fmt: skip
    assert found.alpha_spent[-1] == pytest.approx(0.025 * sides, rel=1e-11)
    null, effect = (crossing(found, drift=drift) for drift in (0.0, found.drift))
    assert null.efficacy.sum() == pytest.approx(0.025, rel=1e-9)
    assert effect.futility.sum() == pytest.approx(0.2, rel=1e-9)
