import itertools
import math

import numpy as np
import pytest

from equipoise.errors import DesignError
from equipoise.randomisation import rehearsal_generator, rerandomisation_test, scheme, sequences


def difference(y):
    def statistic(arms):
        return float(y[arms == 1].mean() - y[arms == 0].mean()) if 0 < arms.sum() < len(y) else 0.0

    return statistic


def test_with_one_block_the_p_value_is_that_of_the_permutation_test():
    y = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 9.0, 7.0, 8.0])
    observed = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    here = abs(difference(y)(observed))
    every = [
        abs(difference(y)(np.isin(np.arange(8), chosen).astype(int)))
        for chosen in itertools.combinations(range(8), 4)
    ]
    exact = np.mean([value >= here - 1e-12 for value in every])
    one = scheme("permuted-block", size=8)
    found = rerandomisation_test(one, (1, 1), None, difference(y), observed, 4_000, 3)
    assert found.p_value == pytest.approx(exact, abs=4 * found.mc_error + 1 / 4_000)
    assert found.mc_error == pytest.approx(math.sqrt(found.p_value * (1 - found.p_value) / 4_000))


def test_strata_keep_their_own_states():
    """Each stratum of two is a block: one of each arm, whatever the order of arrival."""
    strata = np.array([5, 1, 5, 1, 9, 9])
    seen = []

    def statistic(arms):
        seen.append(arms.copy())
        return 0.0

    one = scheme("permuted-block", size=2)
    found = rerandomisation_test(
        one, (1, 1), strata, statistic, np.array([0, 1, 1, 0, 0, 1]), 200, 1
    )
    assert found.p_value == 1
    drawn = np.array(seen)
    for stratum in (1, 5, 9):
        assert (drawn[:, strata == stratum].sum(axis=1) == 1).all()
    assert len(np.unique(drawn, axis=0)) == 8


def test_the_p_value_is_even_where_nothing_differs():
    one = scheme("big-stick", limit=3)
    given = sequences(one, (1, 1), 30, 200, rehearsal_generator(1, "null"))
    outcomes = rehearsal_generator(1, "outcomes").normal(size=(200, 30))
    p = [
        rerandomisation_test(one, (1, 1), None, difference(y), arms, 99, seed).p_value
        for seed, (arms, y) in enumerate(zip(given, outcomes, strict=True))
    ]
    assert np.mean(np.array(p) <= 0.2) == pytest.approx(0.2, abs=0.1)
    assert min(p) >= 0.01
    assert np.mean(p) == pytest.approx(0.5, abs=0.08)


def test_alternatives_look_at_their_own_side():
    y = np.arange(20.0)
    observed = (y >= 10).astype(int)
    test = {
        side: rerandomisation_test(
            scheme("simple"), (1, 1), None, difference(y), observed, 500, 1, alternative=side
        ).p_value
        for side in ("two-sided", "greater", "less")
    }
    assert test["greater"] < 0.01
    assert test["two-sided"] < 0.02
    assert test["less"] > 0.99


def test_minimisation_is_replayed_with_its_covariates():
    n = 60
    generator = rehearsal_generator(2, "sites")
    people = [{"site": int(generator.integers(3))} for _ in range(n)]
    one = scheme("minimisation", factors=("site",), p=0.9)
    observed = sequences(one, (1, 1), n, 1, rehearsal_generator(2, "arms"), people)[0]
    y = np.array([float(person["site"]) for person in people]) + 3.0 * observed
    found = rerandomisation_test(
        one, (1, 1), None, difference(y), observed, 199, 1, covariates=people
    )
    assert found.p_value == 1 / 200


def test_the_same_seed_gives_the_same_p_value():
    y, observed = np.arange(10.0), np.array([0, 1] * 5)
    one = scheme("efron", p=2 / 3)
    first, again = (
        rerandomisation_test(one, (1, 1), None, difference(y), observed, 100, 7) for _ in range(2)
    )
    assert first == again


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"observed": np.array([0, 2, 1, 0])}, "0 to 1"),
        ({"observed": np.array([0, -1, 1, 0])}, "0 to 1"),
        ({"observed": np.array([], dtype=int)}, "not empty"),
        ({"strata": np.array([1, 1])}, "as many strata"),
        ({"covariates": [{}]}, "as many covariates"),
        ({"replicates": 0}, "replicates"),
        ({"statistic": lambda arms: math.nan}, "finite"),
        ({"alternative": "both"}, "alternative"),
        ({"scheme": scheme("minimisation", factors=("x",))}, "covariates"),
    ],
)
def test_impossible_requests_are_refused(changes, words):
    request = {
        "scheme": scheme("simple"),
        "ratio": (1, 1),
        "strata": None,
        "statistic": lambda arms: 0.0,
        "observed": np.array([0, 1, 1, 0]),
        "replicates": 10,
        "seed": 1,
    }
    with pytest.raises(DesignError, match=words):
        rerandomisation_test(**{**request, **changes})
