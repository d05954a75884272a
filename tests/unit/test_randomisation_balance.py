import math
from collections import defaultdict

import numpy as np
import pytest

from equipoise.errors import DesignError
from equipoise.randomisation import balance, imbalance, scheme

AT_300 = [
    ("permuted-block", {"size": 4}, 0.708),
    ("random-block", {"sizes": (4, 6, 8)}, 0.681),
    ("efron", {"p": 2 / 3}, 0.624),
    ("big-stick", {"limit": 3}, 0.583),
    ("simple", {}, 0.500),
]


@pytest.mark.parametrize(("name", "parameters", "rate"), AT_300)
def test_guess_rates_at_300_are_the_known_ones(name, parameters, rate):
    one = scheme(name, **parameters)
    exact = balance(one, (1, 1), 300)
    assert exact.trials is None
    assert round(exact.guess_rate, 3) == rate
    drawn = balance(one, (1, 1), 300, trials=1_000, seed=1)
    assert drawn.guess_rate == pytest.approx(exact.guess_rate, abs=4 * drawn.guess_mc_error + 1e-9)


@pytest.mark.parametrize(
    ("name", "parameters", "rate"),
    [
        ("permuted-block", {"size": 2}, 0.748),
        ("permuted-block", {"size": 4}, 0.709),
        ("permuted-block", {"size": 6}, 0.683),
        ("random-block", {"sizes": (2, 4, 6)}, 0.698),
        ("random-block", {"sizes": (4, 6, 8)}, 0.674),
        ("random-block", {"sizes": (6, 8, 10, 12)}, 0.645),
        ("efron", {"p": 2 / 3}, 0.617),
        ("big-stick", {"limit": 3}, 0.574),
        ("big-stick", {"limit": 4}, 0.549),
    ],
)
def test_guess_rates_at_24_agree_with_an_earlier_simulation_of_4000_trials(name, parameters, rate):
    assert balance(scheme(name, **parameters), (1, 1), 24).guess_rate == pytest.approx(
        rate, abs=0.005
    )


@pytest.mark.parametrize(("size", "certain"), [(2, 1 / 2), (4, 1 / 3), (6, 1 / 4)])
def test_the_certain_share_of_blocks_is_one_in_half_the_size_and_one(size, certain):
    one = balance(scheme("permuted-block", size=size), (1, 1), 120)
    assert one.certain_rate == pytest.approx(certain)
    assert (one.mean_abs_imbalance, one.p95_imbalance) == (0, 0)


def test_at_its_limit_the_big_stick_forces_one_in_twice_the_limit_in_the_long_run():
    for limit in (1, 2, 3, 4):
        rate = balance(scheme("big-stick", limit=limit), (1, 1), 5_000).certain_rate
        assert rate == pytest.approx(1 / (2 * limit), abs=0.003)


def test_simple_randomisation_has_the_binomial_imbalance():
    one = balance(scheme("simple"), (1, 1), 100)
    chances = [math.comb(100, k) / 2**100 for k in range(101)]
    mean = sum(p * abs(2 * k - 100) for k, p in enumerate(chances))
    assert one.mean_abs_imbalance == pytest.approx(mean)
    assert one.p95_imbalance == 20
    assert (one.guess_rate, one.certain_rate) == (pytest.approx(0.5), 0)


def by_hand(one, ratio, n):
    """All paths of the scheme, grouped by what an observer sees. Arms only, no state."""
    paths = {(one.start(ratio), ()): 1.0}
    guess = certain = 0.0
    for _ in range(n):
        after, seen = defaultdict(float), defaultdict(lambda: defaultdict(float))
        for (state, arms), mass in paths.items():
            for chance, arm, following in one.branches(state):
                after[following, (*arms, arm)] += mass * chance
                seen[arms][arm] += mass * chance
        for arms, following in seen.items():
            counts = [arms.count(arm) for arm in range(len(ratio))]
            gaps = [
                round(c - len(arms) * r / sum(ratio), 9) for c, r in zip(counts, ratio, strict=True)
            ]
            bets = [arm for arm, gap in enumerate(gaps) if gap == min(gaps)]
            guess += sum(following[arm] for arm in bets) / len(bets)
            certain += sum(following.values()) if len(following) == 1 else 0.0
        paths = after
    final = defaultdict(float)
    for (_, arms), mass in paths.items():
        final[imbalance(ratio, tuple(arms.count(arm) for arm in range(len(ratio))))] += mass
    return guess / n, certain / n, sum(x * p for x, p in final.items())


@pytest.mark.parametrize("ratio", [(1, 1), (2, 1), (1, 1, 1)], ids=str)
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("simple", {}),
        ("permuted-block", {"size": 6}),
        ("random-block", {"sizes": (6, 12)}),
        ("big-stick", {"limit": 2}),
        ("block-urn", {"lambda_": 2}),
        ("wei-urn", {"initial": 0, "added": 1}),
        ("efron", {"p": 0.7}),
        ("chen", {"limit": 2, "p": 0.7}),
    ],
)
def test_exact_balance_is_the_sum_over_every_path(name, parameters, ratio):
    one = scheme(name, **parameters)
    n = 9
    found = balance(one, ratio, n)
    expected = by_hand(one, ratio, n)
    assert (found.guess_rate, found.certain_rate, found.mean_abs_imbalance) == pytest.approx(
        expected
    )


@pytest.mark.parametrize("sizes", [(2, 4), (4, 6, 8), (2, 4, 6)])
def test_a_guesser_who_does_not_know_block_sizes_is_less_often_certain(sizes):
    one = scheme("random-block", sizes=sizes)
    found = balance(one, (1, 1), 13)
    expected = by_hand(one, (1, 1), 13)
    assert (found.guess_rate, found.certain_rate, found.mean_abs_imbalance) == pytest.approx(
        expected
    )
    assert found.certain_rate < found.forced_rate


@pytest.mark.parametrize("ratio", [(1, 1), (2, 1), (1, 1, 1)], ids=str)
def test_simulation_agrees_with_the_exact_figures(ratio):
    for name, parameters in [
        ("random-block", {"sizes": (6, 12)}),
        ("big-stick", {"limit": 3}),
        ("wei-urn", {"initial": 1, "added": 1}),
        ("efron", {"p": 0.6}),
    ]:
        one = scheme(name, **parameters)
        exact, drawn = balance(one, ratio, 30), balance(one, ratio, 30, trials=3_000, seed=4)
        assert drawn.trials == 3_000
        for rate, error in [
            ("guess_rate", drawn.guess_mc_error),
            ("certain_rate", drawn.certain_mc_error),
            ("mean_abs_imbalance", drawn.imbalance_mc_error),
        ]:
            assert getattr(drawn, rate) == pytest.approx(
                getattr(exact, rate), abs=4.5 * error + 1e-9
            )


def test_minimisation_is_simulated_and_says_so():
    one = scheme("minimisation", factors=("site", "severity"), p=0.8)
    found = balance(one, (1, 1), 60, trials=500, seed=2)
    assert found.trials == 500
    assert found.guess_mc_error > 0
    assert found == balance(one, (1, 1), 60, trials=500, seed=2)
    assert found != balance(one, (1, 1), 60, trials=500, seed=3)
    assert 0.5 < found.guess_rate < 0.8
    assert found.certain_rate == 0


def test_minimisation_without_chance_is_mostly_certain():
    one = scheme("minimisation", factors=("site",), p=1)
    found = balance(one, (1, 1), 60, trials=200, seed=2)
    assert found.certain_rate == pytest.approx(0.5, abs=0.05)
    assert found.p95_imbalance <= 2


def test_minimisation_with_one_level_is_efron():
    """With one factor and one level the smallest range is the arm behind."""
    one, efron = scheme("minimisation", factors=("all",), p=0.7), scheme("efron", p=0.7)
    state, other = one.start((1, 1)), efron.start((1, 1))
    for u in np.linspace(0, 0.999, 300):
        arm, state = one.step(state, float(u), {"all": "x"})
        twin, other = efron.step(other, float(u))
        assert arm == twin


@pytest.mark.parametrize(("n", "trials"), [(0, None), (-1, None), (1.5, None), (10, 0), (10, "9")])
def test_impossible_sizes_are_refused(n, trials):
    with pytest.raises(DesignError, match="whole number"):
        balance(scheme("simple"), (1, 1), n, trials=trials)


def test_one_participant_and_one_trial_give_an_answer():
    assert balance(scheme("simple"), (1, 1), 1).mean_abs_imbalance == 1
    assert balance(scheme("simple"), (1, 1), 1, trials=1).guess_mc_error == math.inf
