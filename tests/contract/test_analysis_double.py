"""Double programming: every confirmatory number agrees with an independent library."""

import pytest

from analysis_trial import reference, three_arms
from equipoise.analysis.plan import carry_out, trial_of

DATA = {"three arms": lambda: three_arms(96), "reference": lambda: reference(96)}


@pytest.fixture(scope="module", params=DATA)
def results(request):
    return carry_out(trial_of(DATA[request.param]()))


def test_every_number_was_computed_twice_and_agrees(results):
    assert results
    for one in results:
        if one.estimate is None:
            assert one.problem, one
            continue
        assert one.independent is not None, one
        assert one.independent.problem is None, one
        allowed = 1e-6 * max(1.0, abs(one.estimate))
        assert abs(one.independent.difference) <= allowed, one


def test_both_computations_give_the_same_p_value(results):
    for one in results:
        second = one.independent
        if second is not None and second.p_value is not None:
            assert one.p_value == pytest.approx(second.p_value, rel=1e-4, abs=1e-9)


def test_a_difference_is_ours_minus_theirs(results):
    for one in results:
        if one.independent is not None and one.independent.difference is not None:
            assert one.independent.difference == one.estimate - one.independent.estimate


def test_every_confirmatory_estimand_has_an_answer_or_a_reason(results):
    main = [one for one in results if one.role == "main"]
    assert all(one.estimate is not None or one.problem for one in main)
    assert any(one.estimate is not None for one in main)
