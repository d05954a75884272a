import numpy as np
import pytest

from equipoise.randomisation.atlas import Atlas, TooManyStatesError


def line(k):
    return [(0.5, 0, k - 1), (0.5, 1, k + 1)]


def flowed(atlas, steps):
    mass = np.ones(1)
    for _ in range(steps):
        mass = atlas.flow(mass)
    return mass


def test_a_map_stops_before_it_fills_the_memory():
    with pytest.raises(TooManyStatesError):
        flowed(Atlas(0, line, most=5), 20)


def test_a_map_grows_in_rows_and_columns_without_losing_what_it_holds():
    def ways(k):
        return [(1 / (k + 1), arm, k + 1) for arm in range(k + 1)]

    atlas = Atlas(0, ways)
    mass = flowed(atlas, 100)
    assert atlas.edge.shape[1] >= 100
    assert mass[-1] == pytest.approx(1)
    assert [(atlas.probability[k] > 0).sum() for k in (0, 1, 50, 99)] == [1, 2, 51, 100]
    arms, after = atlas.advance(np.full(4, 3), np.array([0.0, 0.25, 0.5, 0.999]))
    assert arms.tolist() == [0, 1, 2, 3]
    assert set(after.tolist()) == {4}
