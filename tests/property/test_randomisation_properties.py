import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from equipoise.randomisation import SCHEMES, allocations, balance, imbalance, scheme
from equipoise.randomisation.atlas import Atlas
from equipoise.randomisation.ratio import behind, counted, deviations, reduced
from thorough import thorough

ratios = st.lists(st.integers(1, 6), min_size=2, max_size=4).map(tuple)
draws = st.floats(0, 1, exclude_max=True)
levels = st.fixed_dictionaries({"a": st.integers(0, 2), "b": st.sampled_from("xyz")})


@st.composite
def schemes(draw, ratio):
    """Any scheme with any parameters that fit the ratio."""
    total = sum(reduced(ratio))
    name = draw(st.sampled_from(sorted(SCHEMES)))
    p, small = st.floats(0.5, 1), st.integers(1, 4)
    parameters = {
        "simple": st.just({}),
        "permuted-block": st.fixed_dictionaries({"size": small.map(lambda k: k * total)}),
        "random-block": st.fixed_dictionaries(
            {"sizes": st.sets(small.map(lambda k: k * total), min_size=1).map(sorted)}
        ),
        "big-stick": st.fixed_dictionaries({"limit": small}),
        "block-urn": st.fixed_dictionaries({"lambda_": small}),
        "wei-urn": st.fixed_dictionaries({"initial": st.integers(0, 3), "added": small}),
        "efron": st.fixed_dictionaries({"p": p}),
        "chen": st.fixed_dictionaries({"limit": small, "p": p}),
        "minimisation": st.fixed_dictionaries(
            {
                "factors": st.just(("a", "b")),
                "weights": st.tuples(*[st.floats(0.01, 100)] * 2),
                "p": p,
                "measure": st.sampled_from(["range", "sd", "variance"]),
            }
        ),
    }[name]
    return scheme(name, **draw(parameters))


@thorough()
@given(st.data(), ratios, st.lists(st.tuples(draws, levels), max_size=40))
def test_whatever_is_drawn_a_step_gives_a_possible_arm_and_keeps_the_promises(data, ratio, people):
    one = data.draw(schemes(ratio))
    state = one.start(ratio)
    lowest = reduced(ratio)
    beyond = (0,) * len(ratio)
    for u, person in people:
        chances = one.probabilities(state, person)
        assert abs(sum(chances) - 1) < 1e-9
        assert min(chances) >= 0
        arm, state = one.step(state, u, person)
        assert chances[arm] > 0
        assert state[0] == lowest
        hash(state)
        beyond = counted(lowest, beyond, arm)
        limit = getattr(one, "limit", getattr(one, "lambda_", None))
        if limit is not None:
            assert all(c <= limit * r for c, r in zip(beyond, lowest, strict=True))


@thorough(60)
@given(st.data(), ratios, st.integers(1, 4), st.integers(0, 25))
def test_many_at_once_are_the_steps_one_by_one(data, ratio, trials, n):
    one = data.draw(schemes(ratio))
    flat = data.draw(st.lists(draws, min_size=trials * n, max_size=trials * n))
    people = data.draw(st.lists(levels, min_size=n, max_size=n))
    u = np.array(flat).reshape(trials, n)
    together = allocations(one, ratio, u, people)
    assert together.shape == (trials, n)
    for row, own in zip(together, u, strict=True):
        state = one.start(ratio)
        for arm, draw, person in zip(row, own, people, strict=True):
            alone, state = one.step(state, float(draw), person)
            assert alone == arm


@thorough(40)
@given(st.data(), st.sampled_from([(1, 1), (2, 1), (1, 1, 1)]), st.integers(1, 15))
def test_balance_is_within_its_bounds(data, ratio, n):
    one = data.draw(schemes(ratio))
    found = balance(one, ratio, n, trials=20 if one.uses_covariates else None)
    assert -1e-9 <= found.certain_rate <= found.forced_rate + 1e-9 <= 1 + 2e-9
    assert 0 < found.guess_rate <= 1 + 1e-9
    assert 0 <= found.mean_abs_imbalance < 2 * n  # one arm too high by < n, one too low by < n
    assert 0 <= found.p95_imbalance < 2 * n


@thorough()
@given(ratios, st.lists(st.integers(0, 3), max_size=40))
def test_measures_of_balance_do_not_see_completed_rounds(ratio, arms):
    ratio = reduced(ratio)
    counts, beyond = (0,) * len(ratio), (0,) * len(ratio)
    for arm in (arm % len(ratio) for arm in arms):
        counts = tuple(c + (i == arm) for i, c in enumerate(counts))
        beyond = counted(ratio, beyond, arm)
    assert deviations(ratio, counts) == deviations(ratio, beyond)
    assert behind(ratio, counts) == behind(ratio, beyond)
    assert imbalance(ratio, counts) == imbalance(ratio, beyond)
    assert any(c < r for c, r in zip(beyond, ratio, strict=True))
    assert sum(deviations(ratio, counts)) == 0


@thorough()
@given(st.integers(1, 200))
def test_a_distribution_that_flows_stays_whole(steps):
    atlas = Atlas(0, lambda k: [(0.25, 0, (k * 3 + 1) % 17), (0.75, 1, (k + 1) % 17)])
    mass = np.ones(1)
    for _ in range(steps % 40):
        mass = atlas.flow(mass)
    assert abs(mass.sum() - 1) < 1e-9
