import itertools

import numpy as np
import pytest

from equipoise.errors import DesignError
from equipoise.randomisation import allocations, rehearsal_generator, scheme, sequence

NO_ONE = {"factors": ("site",)}


def many(one, ratio, n=200, trials=300):
    return allocations(one, ratio, rehearsal_generator(8, "many").random((trials, n)))


def counts(arms, ratio):
    return (arms[:, :, None] == np.arange(len(ratio))).cumsum(axis=1)


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("big-stik", {}, "choose one of simple, permuted-block"),
        (None, {}, "no scheme"),
        (["simple"], {}, "no scheme"),
        ("simple", {"p": 1}, "takes no parameters"),
        ("big-stick", {}, "needs limit"),
        ("big-stick", {"limit": 0}, "1 or more"),
        ("big-stick", {"limit": 2.5}, "whole number"),
        ("big-stick", {"limit": True}, "whole number"),
        ("big-stick", {"limit": "3"}, "whole number"),
        ("big-stick", {"limits": 3}, "no parameter 'limits'"),
        ("efron", {"p": 0.49}, "0.5 to 1"),
        ("efron", {"p": 1.01}, "0.5 to 1"),
        ("efron", {"p": float("nan")}, "0.5 to 1"),
        ("efron", {"p": "0.6"}, "0.5 to 1"),
        ("efron", {"p": True}, "0.5 to 1"),
        ("chen", {"limit": 3, "p": 0.2}, "0.5 to 1"),
        ("chen", {"limit": -1, "p": 0.6}, "1 or more"),
        ("chen", {"p": 0.6}, "needs limit"),
        ("permuted-block", {"size": 1}, "2 or more"),
        ("random-block", {"sizes": ()}, "list of block sizes"),
        ("random-block", {"sizes": "46"}, "list of block sizes"),
        ("random-block", {"sizes": 4}, "list of block sizes"),
        ("random-block", {"sizes": (4, 4)}, "differ"),
        ("random-block", {"sizes": (4, 0)}, "2 or more"),
        ("block-urn", {"lambda_": 0}, "1 or more"),
        ("wei-urn", {"initial": 0, "added": 0}, "both be 0"),
        ("wei-urn", {"initial": -1, "added": 1}, "0 or more"),
        ("minimisation", {"factors": ()}, "list of names"),
        ("minimisation", {"factors": "site"}, "list of names"),
        ("minimisation", {"factors": ("a", "a")}, "differ"),
        ("minimisation", {"factors": (1,)}, "list of names"),
        ("minimisation", {**NO_ONE, "weights": (1, 2)}, "1 weights"),
        ("minimisation", {**NO_ONE, "weights": (0,)}, "above 0"),
        ("minimisation", {**NO_ONE, "weights": (float("inf"),)}, "above 0"),
        ("minimisation", {**NO_ONE, "weights": ("1",)}, "above 0"),
        ("minimisation", {**NO_ONE, "p": 0.3}, "0.5 to 1"),
        ("minimisation", {**NO_ONE, "measure": "mean"}, "range, sd, variance"),
    ],
)
def test_impossible_parameters_are_refused_in_a_sentence(name, parameters, words):
    with pytest.raises(DesignError, match=words):
        scheme(name, **parameters)


@pytest.mark.parametrize(
    ("name", "parameters", "ratio"),
    [
        ("permuted-block", {"size": 3}, (1, 1)),
        ("permuted-block", {"size": 4}, (2, 1)),
        ("random-block", {"sizes": (4, 6)}, (1, 1, 1)),
    ],
)
def test_a_block_that_the_ratio_does_not_divide_is_refused(name, parameters, ratio):
    with pytest.raises(DesignError, match="multiple of"):
        scheme(name, **parameters).start(ratio)


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_with_two_equal_arms_the_big_stick_is_soares_and_wu(limit):
    one = scheme("big-stick", limit=limit)
    state, difference = one.start((1, 1)), 0
    for u in rehearsal_generator(1, limit).random(2_000):
        expected = {limit: (0.0, 1.0), -limit: (1.0, 0.0)}.get(difference, (0.5, 0.5))
        assert one.probabilities(state) == expected
        arm, state = one.step(state, float(u))
        difference += 1 if arm == 0 else -1
        assert abs(difference) <= limit


@pytest.mark.parametrize("ratio", [(1, 1), (2, 1), (3, 2), (9, 1), (1, 1, 1), (3, 2, 1)], ids=str)
@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("name", ["big-stick", "chen", "block-urn"])
def test_the_limit_holds_at_every_participant_and_is_reached(name, limit, ratio):
    parameters = {
        "big-stick": {"limit": limit},
        "chen": {"limit": limit, "p": 0.6},
        "block-urn": {"lambda_": limit},
    }[name]
    held = counts(many(scheme(name, **parameters), ratio), ratio)
    r, n = np.array(ratio), held.sum(axis=2, keepdims=True)
    rounds = (held // r).min(axis=2, keepdims=True)
    beyond = held - rounds * r
    assert (beyond <= limit * r).all()
    share = r / r.sum()
    assert (np.abs(held - n * share) <= limit * r * (1 - share) + 1e-9).all()
    if name == "big-stick" and ratio == (1, 1):
        assert (beyond == limit).any(axis=(0, 1)).all()


def test_chen_with_a_fair_coin_is_the_big_stick():
    u = rehearsal_generator(4, "chen").random((50, 200))
    fair, stick = scheme("chen", limit=3, p=0.5), scheme("big-stick", limit=3)
    assert (allocations(fair, (1, 1), u) == allocations(stick, (1, 1), u)).all()


def test_chen_with_a_far_limit_is_efron():
    u = rehearsal_generator(4, "far").random((50, 200))
    chen, efron = scheme("chen", limit=200, p=0.7), scheme("efron", p=0.7)
    assert (allocations(chen, (1, 1), u) == allocations(efron, (1, 1), u)).all()


@pytest.mark.parametrize(("ratio", "size"), [((1, 1), 4), ((2, 1), 6), ((1, 1, 1), 6)])
def test_every_block_is_in_the_ratio_and_every_order_equally_likely(ratio, size):
    arms = many(scheme("permuted-block", size=size), ratio, n=size, trials=20_000)
    assert (counts(arms, ratio)[:, -1] == np.array(ratio) * size // sum(ratio)).all()
    places = np.repeat(range(len(ratio)), np.array(ratio) * size // sum(ratio))
    orders = len(set(itertools.permutations(places.tolist())))
    seen, times = np.unique(arms, axis=0, return_counts=True)
    expected = len(arms) / orders
    assert len(seen) == orders
    assert ((times - expected) ** 2 / expected).sum() < orders + 5 * np.sqrt(2 * orders)


def test_random_blocks_end_level_and_use_each_size_equally():
    one = scheme("random-block", sizes=[4, 6, 8])
    state, opened = one.start((1, 1)), []
    for u in rehearsal_generator(6, "sizes").random(60_000):
        fresh = state[1] == 0
        _, state = one.step(state, float(u))
        if fresh:
            opened.append(state[1])
    shares = [opened.count(size) / len(opened) for size in (4, 6, 8)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.02)


def test_between_blocks_an_allocation_alone_does_not_say_the_next_state():
    one = scheme("random-block", sizes=(4, 6))
    with pytest.raises(ValueError, match="no size yet"):
        one.after(one.start((1, 1)), 0)


def test_wei_urn_has_the_published_probabilities():
    """UD(alpha, beta): (alpha + beta n_other) / (2 alpha + beta n) for two arms."""
    one = scheme("wei-urn", initial=2, added=3)
    state, held = one.start((1, 1)), [0, 0]
    for u in rehearsal_generator(1, "wei").random(100):
        balls = 2 * 2 + 3 * sum(held)
        assert one.probabilities(state)[0] == pytest.approx((2 + 3 * held[1]) / balls)
        arm, state = one.step(state, float(u))
        held[arm] += 1


def test_an_empty_wei_urn_starts_by_the_ratio():
    one = scheme("wei-urn", initial=0, added=1)
    assert one.probabilities(one.start((2, 1))) == pytest.approx((2 / 3, 1 / 3))
    _, after = one.step(one.start((1, 1)), 0.1)
    assert one.probabilities(after) == (0, 1)


def test_wei_urn_expects_the_ratio_at_every_place():
    arms = many(scheme("wei-urn", initial=1, added=1), (3, 1), n=40, trials=20_000)
    assert (arms == 1).mean(axis=0) == pytest.approx(np.full(40, 0.25), abs=0.016)


def test_block_urn_has_the_published_probabilities():
    """Zhao & Weng: (w_i lambda + w_i k - n_i) / (W lambda + W k - n), k completed rounds."""
    one, ratio = scheme("block-urn", lambda_=2), np.array([2, 1])
    state, held = one.start((2, 1)), np.zeros(2)
    for u in rehearsal_generator(1, "urn").random(300):
        k = (held // ratio).min()
        left = ratio * (2 + k) - held
        assert one.probabilities(state) == pytest.approx(tuple(left / left.sum()))
        arm, state = one.step(state, float(u))
        held[arm] += 1


def test_efron_leans_to_the_arm_behind():
    one = scheme("efron", p=0.75)
    start = one.start((1, 1))
    assert one.probabilities(start) == (0.5, 0.5)
    assert one.probabilities(one.step(start, 0.1)[1]) == (0.25, 0.75)
    assert one.probabilities(one.step(start, 0.9)[1]) == (0.75, 0.25)


def test_an_unequal_coin_gives_p_to_the_smallest_arm_and_the_ratio_at_a_tie():
    one = scheme("efron", p=0.8)
    start = one.start((2, 1))
    assert one.probabilities(start) == pytest.approx((2 / 3, 1 / 3))
    assert one.probabilities(one.step(start, 0.0)[1]) == pytest.approx((0.2, 0.8))
    assert one.probabilities(one.step(start, 0.99)[1]) == pytest.approx((0.9, 0.1))


def person(**levels):
    return levels


def test_minimisation_reproduces_a_worked_example():
    """Counts by hand: range over arms of each factor's level, one more in each arm in turn."""
    one = scheme("minimisation", factors=("sex", "age"), p=0.8)
    state = one.start((1, 1))
    history = [
        ("f", "old", 0),
        ("f", "young", 0),
        ("m", "old", 1),
        ("f", "old", 1),
        ("m", "old", 0),
    ]
    for sex, age, arm in history:
        state = one.after(state, arm, person(sex=sex, age=age))
    # Women: 2 and 1. Old: 2 and 2. Arm 0 gives 2 + 1, arm 1 gives 0 + 1.
    assert one.probabilities(state, person(sex="f", age="old")) == pytest.approx((0.2, 0.8))
    # Men: 1 and 1. Young: 1 and 0. Arm 0 gives 1 + 2, arm 1 gives 1 + 0.
    assert one.probabilities(state, person(sex="m", age="young")) == pytest.approx((0.2, 0.8))
    # Men: 1 and 1. Old: 2 and 2. A tie.
    assert one.probabilities(state, person(sex="m", age="old")) == pytest.approx((0.5, 0.5))


def test_weights_decide_between_factors():
    history = [("f", "old", 0), ("m", "young", 1)]
    for weights, expected in [((1, 1), (0.5, 0.5)), ((2, 1), (0.1, 0.9)), ((1, 2), (0.9, 0.1))]:
        one = scheme("minimisation", factors=("sex", "age"), weights=weights, p=0.9)
        state = one.start((1, 1))
        for sex, age, arm in history:
            state = one.after(state, arm, person(sex=sex, age=age))
        found = one.probabilities(state, person(sex="f", age="young"))
        assert found == pytest.approx(expected)


def test_measures_differ_where_three_arms_do():
    """Counts 0, 2, 4 at one factor and 3, 0, 0 at the other."""
    chosen = {}
    for measure in ("range", "sd", "variance"):
        one = scheme("minimisation", factors=("a", "b"), p=1, measure=measure)
        state = one.start((1, 1, 1))
        for arm, times in enumerate((0, 2, 4)):
            for _ in range(times):
                state = one.after(state, arm, person(a="x", b=f"other{arm}"))
        for _ in range(3):
            state = one.after(state, 0, person(a="y", b="z"))
        chosen[measure] = one.probabilities(state, person(a="x", b="z"))
    # Range with one more in each arm: 3 + 4, 4 + 3, 5 + 3.
    assert chosen["range"] == pytest.approx((0.5, 0.5, 0))
    by_hand = {}
    for measure, power in (("sd", 0.5), ("variance", 1)):
        sums = []
        for arm in range(3):
            a, b = np.array([0, 2, 4]), np.array([3, 0, 0])
            a[arm] += 1
            b[arm] += 1
            sums.append(a.var() ** power + b.var() ** power)
        by_hand[measure] = int(np.argmin(sums))
        assert chosen[measure][by_hand[measure]] == 1


def test_ties_that_differ_only_by_rounding_are_ties():
    one = scheme("minimisation", factors=("a", "b", "c"), weights=(0.1, 0.2, 0.3), p=0.8)
    state = one.start((1, 1))
    state = one.after(state, 0, person(a=1, b=1, c=2))
    state = one.after(state, 1, person(a=2, b=2, c=1))
    assert one.probabilities(state, person(a=1, b=1, c=1)) == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(
    "value",
    [None, 1.5, float("nan"), ["x"], object()],
    ids=["none", "decimal", "nan", "list", "object"],
)
def test_an_unknown_level_is_refused_and_never_guessed(value):
    one = scheme("minimisation", factors=("site",))
    for covariates in ({"site": value}, {}, None):
        with pytest.raises(DesignError, match="'site' is not known"):
            one.step(one.start((1, 1)), 0.5, covariates)


def test_yes_and_one_and_the_text_1_are_different_levels():
    one = scheme("minimisation", factors=("x",), p=1)
    state = one.after(one.start((1, 1)), 0, {"x": True})
    assert one.probabilities(state, {"x": 1}) == (0.5, 0.5)
    assert one.probabilities(state, {"x": "1"}) == (0.5, 0.5)
    assert one.probabilities(state, {"x": True}) == (0, 1)


def test_minimisation_needs_the_covariates_of_everybody():
    one = scheme("minimisation", factors=("x",))
    with pytest.raises(DesignError, match="all 3 participants"):
        sequence(one, (1, 1), 3, 1, covariates=[{"x": 1}])


@pytest.mark.parametrize("n", [-1, 1.5, "3", True])
def test_an_impossible_number_of_participants_is_refused(n):
    with pytest.raises(DesignError, match="n must be"):
        sequence(scheme("simple"), (1, 1), n, 1)


def test_nobody_is_an_empty_sequence():
    assert sequence(scheme("simple"), (1, 1), 0, 1).tolist() == []
