"""Whatever goes wrong in conduct, engines agree, nobody is lost, and a better product helps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chain_trial import COURSE, SCENARIO, plan
from equipoise.rehearsal import tables
from equipoise.rehearsal.chain import matrices, occupancy
from equipoise.rehearsal.kernels import compiled, logrank_compiled, vectorised
from equipoise.rehearsal.setup import keys
from thorough import thorough

CHANCES = st.floats(0, 0.9)


@st.composite
def plans(draw):
    n = draw(st.integers(1, 40))
    ends = sorted(draw(st.sets(st.integers(1, max(1, n - 1)), max_size=3)))
    leave = draw(st.one_of(st.none(), CHANCES))
    days = tuple(sorted(draw(st.lists(st.integers(0, 28), min_size=1, max_size=3))))
    return plan(
        draw(st.floats(0.3, 3)),
        n=n,
        snapshots=days,
        ends=np.array(ends, dtype=np.int64),
        leave=np.empty(0) if leave is None else np.linspace(0, leave, 28),
        absent=np.array([draw(CHANCES) for _ in days]),
        relapse=draw(CHANCES),
    )


@given(plans(), st.integers(0, 2**31), st.integers(0, 1_000))
@thorough(60)
def test_engines_agree_and_everybody_is_counted_once(chosen, seed, first):
    streams = keys(seed, SCENARIO, first, 3)
    fast, slow = compiled.simulate(chosen, streams), vectorised.simulate(chosen, streams)
    for one, other in zip(fast, slow, strict=True):
        assert (one == other).all()
    counted = fast.first.reshape(3, -1).sum(axis=1) + fast.left.reshape(3, -1).sum(axis=1)
    assert (counted == chosen.n).all()
    assert (fast.states.sum(axis=(2, 3, 4, 5)) <= chosen.n).all()
    both = fast.first.sum(axis=1), fast.left.sum(axis=1)
    gone = both[1] if both[1].shape[-1] else None
    for one, other in zip(
        tables.logrank(both[0], gone), logrank_compiled.logrank(both[0], gone), strict=True
    ):
        assert (one == other).all()


@given(st.integers(0, 2**31), st.floats(1.05, 3))
@thorough(30)
def test_on_the_same_chances_a_better_product_recovers_hardly_fewer_and_controls_as_before(
    seed, effect
):
    """Nearly monotone, not monotone: see the next test for why nothing more can be promised."""
    streams = keys(seed, SCENARIO, 0, 5)
    null, better = (compiled.simulate(plan(e, n=60), streams) for e in (1.0, effect))
    recovered = [one.first[..., 1, :-1].sum() for one in (null, better)]
    assert recovered[1] >= 0.98 * recovered[0]
    assert (null.first[..., 0, :] == better.first[..., 0, :]).all()


def test_a_day_made_better_can_cost_a_recovery_because_rows_of_a_chain_need_not_be_ordered():
    """No coupling on common chances is monotone here, so the promise above cannot be exact.

    Paths on common chances stay ordered only if every row dominates that of the next worse
    state. In this chain the chance of recovering tomorrow is 0.0894 from state 5 but 0.0829
    from state 4: whom the product lifts from 5 to 4 on a day misses the recovery if the next
    day's chance lies between. Seed 269 holds such a person.
    """
    row = {state: COURSE.transitions[state][0] for state in ("4", "5")}
    assert row["4"] < row["5"]
    first = {e: matrices(COURSE, e) for e in (1.0, 1.05)}
    assert first[1.05][1][1, 0] < first[1.0][1][2, 0]  # 4 under the product, 5 without, day 2
    streams = keys(269, SCENARIO, 0, 5)
    null, better = (compiled.simulate(plan(e, n=60), streams) for e in (1.0, 1.05))
    assert null.first[..., 1, :-1].sum() == 131
    assert better.first[..., 1, :-1].sum() == 130


@given(st.floats(1.05, 3))
@thorough(30)
def test_a_better_product_is_expected_to_recover_more_from_every_stratum(effect):
    for stratum in SCENARIO.strata:
        null, better = (occupancy(COURSE, stratum, e)[-1, 0] for e in (1.0, effect))
        assert better > null
