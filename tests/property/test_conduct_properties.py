"""What holds of simulated conduct whatever the seed."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from equipoise.protocol.load import load
from equipoise.rehearsal.conduct import PaperDesk, run
from equipoise.rehearsal.conduct.dice import Dice, edges, pick
from equipoise.rehearsal.conduct.filling import in_order
from equipoise.rehearsal.conduct.numbers import moved, truncated
from equipoise.rehearsal.setup import scenario_of
from thorough import thorough

STUDY = load("nct05787288")
SCENARIOS = st.sampled_from(["era-a-conduct", "era-b-conduct", "omicron-2023-conduct", "era-b"])
FEW = thorough(12, least=4, suppress_health_check=[HealthCheck.too_slow])
finite = st.floats(-50, 50)


@FEW
@given(seed=st.integers(0, 2**32), scenario=SCENARIOS)
def test_records_lie_between_consent_and_the_end(seed: int, scenario: str) -> None:
    chosen = scenario_of(STUDY, scenario)
    desk = PaperDesk(STUDY, chosen, seed)
    run(STUDY, chosen, desk, participants=3, seed=seed)
    for saved in desk.versions:
        state = desk.states[saved.record.participant]
        assert state.consents
        assert saved.at >= state.consents[0].at
        assert saved.at.utcoffset() is not None
        ends = [day for day in (state.died_on, state.completed_on) if day is not None]
        if ends:
            assert saved.record.on <= max(ends)
    for state in desk.states.values():
        numbers = [dose.number for dose in state.doses]
        assert numbers == sorted(set(numbers))
        assert not numbers or numbers[-1] <= 10
        assert state.randomised or state.failure
        assert not state.randomised or state.completed_on is not None


@FEW
@given(seed=st.integers(0, 2**32), effect=st.sampled_from([0.85, 1.0, 1.8]))
def test_people_arrive_and_are_allocated_alike_whatever_the_effect(
    seed: int, effect: float
) -> None:
    chosen = scenario_of(STUDY, "era-b")
    kits = []
    for one in (1.0, effect):
        desk = PaperDesk(STUDY, chosen, seed)
        run(STUDY, chosen, desk, participants=2, seed=seed, effect=one)
        kits.append([(state.randomised_at, state.kit) for state in desk.states.values()])
        kits[-1].extend((None, arm) for arm in desk.arms.values())
    assert kits[0] == kits[1]


@given(mean=finite, spread=st.floats(0, 20), z=st.floats(-6, 6), low=finite, width=st.floats(0, 30))
def test_a_truncated_value_never_leaves_its_bounds(
    mean: float, spread: float, z: float, low: float, width: float
) -> None:
    value = truncated(mean, spread, z, low, low + width)
    assert low <= value <= low + width


@given(mean=finite, spread=st.floats(0, 20), z=st.floats(-6, 6))
def test_without_bounds_nothing_is_cut(mean: float, spread: float, z: float) -> None:
    assert truncated(mean, spread, z, None, None) == mean + spread * z


@given(points=st.dictionaries(st.integers(0, 60), finite, min_size=1), day=st.floats(-5, 99))
def test_a_trend_stays_between_its_points(points: dict[int, float], day: float) -> None:
    line = tuple(sorted((float(x), y) for x, y in points.items()))
    value = moved(line, day)
    assert min(points.values()) - 1e-9 <= value <= max(points.values()) + 1e-9


@given(shares=st.lists(st.floats(0, 5), min_size=1, max_size=6), chance=st.floats(0, 0.999999))
def test_what_has_no_share_is_never_picked(shares: list[float], chance: float) -> None:
    if sum(shares) < 1e-6:
        return
    ends = edges(shares)
    assert math.isclose(ends[-1], 1.0)
    chosen = pick(ends, chance)
    assert shares[chosen] > 0 or math.isclose(chance, ends[-1], abs_tol=1e-6)


@given(st.lists(st.lists(st.integers(0, 6), max_size=3), min_size=1, max_size=7))
def test_items_come_after_what_they_need_unless_they_need_each_other(
    needs: list[list[int]],
) -> None:
    forward = {str(i): tuple(str(j) for j in needed if j > i) for i, needed in enumerate(needs)}
    order = in_order(forward)
    assert sorted(order) == sorted(forward)
    place = {name: position for position, name in enumerate(order)}
    for name, needed in forward.items():
        assert all(place[one] < place[name] for one in needed if one in place)


def test_dice_of_the_same_name_fall_alike_and_of_another_do_not() -> None:
    one, two, other = (
        Dice(seed=1, scenario="s", purpose=purpose, trial=0) for purpose in ("a", "a", "b")
    )
    first = [one.normal() for _ in range(3000)]
    assert first == [two.normal() for _ in range(3000)]
    assert first != [other.normal() for _ in range(3000)]
    assert sum(first) / 3000 == pytest.approx(0, abs=0.1)
