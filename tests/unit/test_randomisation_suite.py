"""What every scheme must do. A new scheme joins by a line in `CASES`."""

import itertools
import json

import numpy as np
import pytest

from equipoise.errors import DesignError
from equipoise.randomisation import SCHEMES, allocations, rehearsal_generator, restored, scheme

CASES = {
    "simple": {},
    "permuted-block": {"size": 12},
    "random-block": {"sizes": (6, 12)},
    "big-stick": {"limit": 3},
    "block-urn": {"lambda_": 3},
    "wei-urn": {"initial": 1, "added": 1},
    "efron": {"p": 2 / 3},
    "chen": {"limit": 3, "p": 0.7},
    "minimisation": {"factors": ("site", "severity"), "weights": (1.0, 2.0), "p": 0.8},
}
RATIOS = [(1, 1), (2, 1), (1, 3), (1, 1, 1), (3, 2, 1)]
VARIANTS = [
    ("minimisation", {"factors": ("site", "severity"), "measure": "sd", "p": 1}),
    (
        "minimisation",
        {"factors": ("site", "severity"), "measure": "variance", "weights": (0.1, 0.7)},
    ),
    ("chen", {"limit": 1, "p": 1}),
    ("efron", {"p": 1}),
    ("wei-urn", {"initial": 0, "added": 2}),
    ("big-stick", {"limit": 1}),
]
every = pytest.mark.parametrize(("name", "parameters"), [*CASES.items(), *VARIANTS], ids=str)
ratios = pytest.mark.parametrize("ratio", RATIOS, ids=str)


def fits(name, ratio):
    return not (name in ("permuted-block", "random-block") and 6 % sum(ratio))


def people(n, seed=1):
    generator = rehearsal_generator(seed, "people")
    return [
        {"site": str(generator.integers(4)), "severity": int(generator.integers(2))}
        for _ in range(n)
    ]


def made(name, parameters, ratio):
    if not fits(name, ratio):
        parameters = {"size": 12} if name == "permuted-block" else {"sizes": (4, 8)}
    return scheme(name, **parameters)


def walk(one, ratio, n, seed=5):
    """States before each step, arms, draws, people."""
    state = one.start(ratio)
    for u, person in zip(rehearsal_generator(seed, "walk").random(n), people(n), strict=True):
        arm, after = one.step(state, float(u), person)
        yield state, float(u), person, arm, after
        state = after


def test_the_suite_holds_every_scheme():
    assert set(CASES) == set(SCHEMES)


@every
@ratios
def test_probabilities_are_those_of_a_choice(name, parameters, ratio):
    one = made(name, parameters, ratio)
    for state, _, person, arm, _ in walk(one, ratio, 120):
        chances = one.probabilities(state, person)
        assert len(chances) == len(ratio)
        assert all(0 <= chance <= 1 for chance in chances)
        assert sum(chances) == pytest.approx(1, abs=1e-12)
        assert chances[arm] > 0
        branches = one.branches(state, person)
        for each in range(len(ratio)):
            total = sum(b.probability for b in branches if b.arm == each)
            assert total == pytest.approx(chances[each], abs=1e-12)


@every
@ratios
def test_a_step_is_the_inverse_of_the_probabilities(name, parameters, ratio):
    one = made(name, parameters, ratio)
    for state, u, person, arm, _ in walk(one, ratio, 120):
        edges = np.cumsum(one.probabilities(state, person))
        below = edges[arm - 1] if arm else 0.0
        assert below - 1e-12 <= u <= edges[arm] + 1e-12


@every
@ratios
def test_a_step_is_pure_and_states_are_small_hashable_tuples(name, parameters, ratio):
    one = made(name, parameters, ratio)
    for state, u, person, arm, after in walk(one, ratio, 60):
        kept = repr(state)
        assert one.step(state, u, person) == (arm, after)
        assert repr(state) == kept
        assert isinstance(state, tuple)
        assert hash(state) == hash(restored(json.loads(json.dumps(state))))
        assert len(kept) < 1_000


@every
def test_the_ends_of_the_draw_are_arms_that_can_be_given(name, parameters):
    one = made(name, parameters, (1, 1))
    for state, _, person, _, _ in walk(one, (1, 1), 80):
        for u in (0.0, 0.5, np.nextafter(0.5, 0), 1 - 2**-53):
            arm, _ = one.step(state, float(u), person)
            assert one.probabilities(state, person)[arm] > 0


@every
@pytest.mark.parametrize("u", [-0.1, 1.0, 2.0, float("nan")])
def test_a_draw_outside_the_unit_interval_is_refused(name, parameters, u):
    one = made(name, parameters, (1, 1))
    with pytest.raises(ValueError, match="draw"):
        one.step(one.start((1, 1)), u, people(1)[0])


@every
@ratios
def test_the_ratio_is_kept_in_the_long_run(name, parameters, ratio):
    one = made(name, parameters, ratio)
    n, trials = 600, 40
    u = rehearsal_generator(11, name).random((trials, n))
    arms = allocations(one, ratio, u, people(n))
    for arm, share in enumerate(np.array(ratio) / sum(ratio)):
        error = np.sqrt(share * (1 - share) / (n * trials))
        assert (arms == arm).mean() == pytest.approx(share, abs=4 * error + 0.5 / n)


@every
@ratios
def test_many_trials_at_once_are_the_steps_one_by_one(name, parameters, ratio):
    one = made(name, parameters, ratio)
    u = rehearsal_generator(3, "same").random((12, 90))
    u[0] = 0.0
    u[1] = 1 - 2**-53
    u[2] = 0.5
    persons = people(90)
    together = allocations(one, ratio, u, persons)
    for row, draws in zip(together, u, strict=True):
        state = one.start(ratio)
        for arm, draw, person in zip(row, draws, persons, strict=True):
            alone, state = one.step(state, float(draw), person)
            assert arm == alone


@every
@pytest.mark.parametrize("ratio", [(1, 1), (1, 1, 1)], ids=str)
def test_equal_arms_may_change_places(name, parameters, ratio):
    """From mirrored histories the probabilities are mirrored."""
    one = made(name, parameters, ratio)
    for order in itertools.permutations(range(len(ratio))):
        state = mirrored = one.start(ratio)
        for u, person in zip(rehearsal_generator(2, "mirror").random(40), people(40), strict=True):
            chances, other = one.probabilities(state, person), one.probabilities(mirrored, person)
            assert [other[order[arm]] for arm in range(len(ratio))] == pytest.approx(list(chances))
            chosen = max(
                (b for b in one.branches(state, person)),
                key=lambda b: (b.probability, hash((u, b.arm)), str(b.state)),
            )
            twin = [
                b
                for b in one.branches(mirrored, person)
                if b.arm == order[chosen.arm] and _size(b.state) == _size(chosen.state)
            ]
            state, mirrored = chosen.state, twin[0].state


def _size(state):
    return state[1] if len(state) == 3 else None


@every
def test_a_ratio_in_higher_terms_is_the_same_ratio(name, parameters):
    one = made(name, parameters, (2, 1))
    assert one.start((4, 2)) == one.start((2, 1)) == one.start(np.array([2, 1]).tolist())


@every
@pytest.mark.parametrize(
    "ratio",
    [(), (1,), (1, 0), (1, -1), (1, 1.0), (1, True), "11", (1, "1"), 2, None, (1,) * 33, (1, 0.5)],
    ids=str,
)
def test_an_impossible_ratio_is_refused(name, parameters, ratio):
    one = scheme(name, **parameters)
    with pytest.raises(DesignError, match="ratio"):
        one.start(ratio)
