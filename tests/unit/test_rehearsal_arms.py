"""Several experimental arms in tier 1: each against the control, in the protocol's sequence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from equipoise.protocol.frozen import Frozen
from equipoise.protocol.load import load
from equipoise.rehearsal import rehearse
from equipoise.rehearsal.chunks import run_chunk
from equipoise.rehearsal.looks import looks_of
from equipoise.rehearsal.sweep import design_of


@pytest.fixture(scope="module")
def study():
    return load("nct05787288")


@pytest.fixture(scope="module")
def three_arms():
    found = load(str(Path(__file__).parents[1] / "studies" / "three_arms"))
    plain = found.scenarios["plain"]
    looking = replace(plain, id="looking", conduct=replace(plain.conduct, interim=True))
    return replace(found, scenarios=Frozen({"plain": plain, "looking": looking}))


def test_every_experimental_arm_is_compared_with_the_control(three_arms):
    found = rehearse(three_arms, scenario="plain", effect=2.5, trials=2_000, estimands=("E1", "E2"))
    rows = [(one.estimand, one.arm) for one in found.results]
    assert rows == [("E1", "high"), ("E1", "low"), ("E2", "high"), ("E2", "low")]
    high, low = found.results[:2]
    assert high.power > low.power + 0.05  # twice as many people
    assert high.any_arm == low.any_arm > high.power
    passed = [one.power_in_sequence for one in found.results]
    assert passed == sorted(passed, reverse=True)  # arm by arm within each estimand


def test_arms_tested_one_after_the_other_keep_the_level_of_the_trial(three_arms):
    found = rehearse(three_arms, scenario="looking", effect=1.0, trials=4_000)
    high, low = found.results
    assert high.rejected_in_sequence == high.power
    assert low.rejected_in_sequence <= high.power
    assert high.any_arm > high.power


def test_each_arm_has_the_statistic_of_the_estimator(three_arms):
    design = design_of(three_arms, three_arms.scenarios["plain"], participants=80, seed=4)
    for one, other in zip(
        *(run_chunk(design, (0, 25), engine) for engine in ("compiled", "numpy")), strict=True
    ):
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    part = run_chunk(design, (0, 25))
    assert part.z.shape == (2, 25)
    assert np.abs(part.z[0] - part.z[1]).min() > 0


def test_an_estimand_in_the_sequence_is_held_to_the_boundary_where_the_trial_ended(study):
    from equipoise.rehearsal.looks import tested

    looks = looks_of(study.protocol, study.scenarios["era-b-conduct"], 240)
    z = np.array([[2.5, 2.5], [2.5, 2.5]])
    ended = np.array([0, 1])
    assert tested(looks, z, ended, in_sequence=True).rejected.tolist() == [False, True]
    assert tested(looks, z, ended, in_sequence=False).rejected.tolist() == [True, True]
