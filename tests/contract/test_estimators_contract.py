"""What every estimator of a contrast between arms must do. A new one adds itself to CASES."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from equipoise.analysis import estimators
from equipoise.analysis.estimators import Estimate, Outcome
from equipoise.analysis.independent import METHODS, independent
from equipoise.errors import NotEstimable

Columns = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Case:
    """How to call an estimator on named columns, and what swapping the arms does to it."""

    name: str
    call: Callable[[Columns], Estimate]
    columns: tuple[str, ...]
    swapped: Callable[[float], float] = lambda value: -value
    null: float = 0.0


def win_ratio(c: Columns) -> Estimate:
    outcomes = [Outcome(value=c["time"], event=c["event"]), Outcome(value=c["score"])]
    return estimators.win_ratio(outcomes, c["arm"], c["strata"])


CASES = (
    Case(
        "logrank",
        lambda c: estimators.logrank(c["time"], c["event"], c["arm"], c["strata"]),
        ("time", "event", "strata"),
    ),
    Case(
        "cox",
        lambda c: estimators.cox(c["time"], c["event"], c["arm"], c["x"], c["strata"]),
        ("time", "event", "x", "strata"),
    ),
    Case(
        "cox-breslow",
        lambda c: estimators.cox(c["time"], c["event"], c["arm"], ties="breslow"),
        ("time", "event"),
    ),
    Case(
        "rmst",
        lambda c: estimators.rmst(c["time"], c["event"], c["arm"], 20.0),
        ("time", "event"),
    ),
    Case(
        "proportional_odds",
        lambda c: estimators.proportional_odds(c["score"], c["arm"], c["x"]),
        ("score", "x"),
    ),
    Case(
        "wilcoxon",
        lambda c: estimators.wilcoxon(c["score"], c["arm"], c["strata"]),
        ("score", "strata"),
        lambda value: 1 - value,
        0.5,
    ),
    Case("win_ratio", win_ratio, ("time", "event", "score", "strata")),
    Case("ancova", lambda c: estimators.ancova(c["y"], c["arm"], c["x"]), ("y", "x")),
    Case(
        "ancova-hc3",
        lambda c: estimators.ancova(c["y"], c["arm"], c["x"], "hc3"),
        ("y", "x"),
    ),
    Case("newcombe", lambda c: estimators.risk_difference(c["event"], c["arm"]), ("event",)),
    Case("wald", lambda c: estimators.risk_difference(c["event"], c["arm"], "wald"), ("event",)),
    Case(
        "miettinen-nurminen",
        lambda c: estimators.risk_difference(c["event"], c["arm"], "miettinen-nurminen"),
        ("event",),
    ),
    Case(
        "mantel_haenszel",
        lambda c: estimators.mantel_haenszel(c["event"], c["arm"], c["strata"]),
        ("event", "strata"),
    ),
)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def people(seed: int = 4, n: int = 90, effect: float = 0.0) -> Columns:
    rng = np.random.default_rng(seed)
    arm = rng.random(n) < 0.5
    return {
        "time": np.ceil(rng.exponential(15, n) * np.exp(-effect * arm)),
        "event": rng.random(n) < 0.5 + 0.15 * effect * arm,
        "arm": arm,
        "strata": rng.integers(0, 3, n),
        "x": rng.normal(size=(n, 2)),
        "score": rng.integers(0, 8, n) + np.round(effect * 2) * arm,
        "y": rng.normal(size=n) + effect * arm,
    }


def numbers(estimate: Estimate) -> tuple[Any, ...]:
    return dataclasses.astuple(estimate)


@every_case
@pytest.mark.parametrize("seed", range(5))
def test_the_numbers_are_plain_finite_and_in_order(case: Case, seed: int) -> None:
    e = case.call(people(seed))
    assert all(type(x) is float for x in numbers(e)[:-1])
    assert type(e.n) is int
    assert e.n == 90
    assert all(math.isfinite(x) for x in numbers(e))
    assert e.ci_low <= e.value <= e.ci_high
    assert e.se > 0
    assert 0 <= e.p_value <= 1
    assert math.copysign(1, e.statistic) == math.copysign(1, e.value - case.null)


@every_case
def test_an_estimate_cannot_be_changed(case: Case) -> None:
    e = case.call(people())
    with pytest.raises(dataclasses.FrozenInstanceError):
        e.value = 0.0  # type: ignore[misc]


@every_case
@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_participants_does_not_matter(case: Case, seed: int) -> None:
    c = people(seed)
    order = np.random.default_rng(seed).permutation(90)
    shuffled = {name: column[order] for name, column in c.items()}
    assert numbers(case.call(c)) == pytest.approx(numbers(case.call(shuffled)), rel=1e-9, abs=1e-12)


@every_case
@pytest.mark.parametrize("seed", range(5))
def test_swapping_the_arms_mirrors_the_answer(case: Case, seed: int) -> None:
    c = people(seed)
    one, two = case.call(c), case.call({**c, "arm": ~c["arm"]})
    assert two.value == pytest.approx(case.swapped(one.value), rel=1e-8, abs=1e-10)
    assert two.ci_low == pytest.approx(case.swapped(one.ci_high), rel=1e-7, abs=1e-9)
    assert two.statistic == pytest.approx(-one.statistic, rel=1e-8, abs=1e-10)
    assert two.p_value == pytest.approx(one.p_value, rel=1e-8)
    assert two.se == pytest.approx(one.se, rel=1e-8)


@every_case
def test_arguments_are_read_and_never_written(case: Case) -> None:
    c = people()
    for column in c.values():
        column.setflags(write=False)
    assert case.call(c) == case.call(c)


@every_case
def test_lists_and_whole_numbers_are_understood(case: Case) -> None:
    c = people()
    lists: Any = {name: column.tolist() for name, column in c.items()}
    ones: Any = {**c, "arm": c["arm"].astype(np.int8), "event": c["event"].astype(float)}
    assert case.call(lists) == case.call(c) == case.call(ones)


@every_case
@pytest.mark.parametrize("bad", [np.nan, np.inf, None])
def test_a_missing_value_is_refused_never_dropped(case: Case, bad: float | None) -> None:
    for name in (*case.columns, "arm"):
        if name == "strata" and bad is np.inf:
            continue  # an odd label, yet a label
        c = people()
        c[name] = c[name].astype(object if bad is None else float)
        c[name][(7, 0) if c[name].ndim == 2 else 7] = bad
        with pytest.raises(ValueError, match=r"missing|infinite|numbers|mixed"):
            case.call(c)


@every_case
def test_a_masked_value_is_missing(case: Case) -> None:
    for name in (*case.columns, "arm"):
        c = people()
        mask = np.zeros(c[name].shape, dtype=bool)
        mask[3] = True
        with pytest.raises(ValueError, match="missing"):
            case.call({**c, name: np.ma.array(c[name], mask=mask)})


@every_case
def test_arrays_of_different_length_are_refused(case: Case) -> None:
    for name in (*case.columns, "arm"):
        c = people()
        for wrong in (c[name][:-1], c[name][:1], c[name][:0]):
            with pytest.raises((ValueError, NotEstimable)) as caught:
                case.call({**c, name: wrong})
            if name != "arm":
                assert caught.type is ValueError


@every_case
def test_text_is_not_a_number(case: Case) -> None:
    c = people()
    with pytest.raises(ValueError, match="numbers"):
        case.call({**c, "arm": c["arm"].astype(str)})


@every_case
def test_an_arm_is_true_or_false_and_nothing_between(case: Case) -> None:
    c = people()
    with pytest.raises(ValueError, match="True and False"):
        case.call({**c, "arm": c["arm"] + 1})


@every_case
def test_one_arm_alone_is_not_estimable(case: Case) -> None:
    c = people()
    for everyone in (np.ones(90, dtype=bool), np.zeros(90, dtype=bool)):
        with pytest.raises(NotEstimable, match="one arm") as caught:
            case.call({**c, "arm": everyone})
        assert caught.value.code == "analysis.not-estimable"


@every_case
def test_strata_may_be_words(case: Case) -> None:
    c = people()
    words = np.array(["severe", "moderate", "critical"])[c["strata"]]
    same = {**c, "strata": words}
    assert numbers(case.call(c)) == pytest.approx(numbers(case.call(same)), rel=1e-12)


@every_case
def test_a_stratum_with_one_arm_changes_only_the_count(case: Case) -> None:
    if "strata" not in case.columns or "x" in case.columns:
        return
    c = people()
    extra = {name: np.concatenate([column, column[:1]]) for name, column in c.items()}
    extra["strata"][-1] = 99
    one, two = case.call(c), case.call(extra)
    assert numbers(one)[:-1] == pytest.approx(numbers(two)[:-1], rel=1e-9)
    assert two.n == 91


@every_case
def test_a_real_effect_has_the_promised_sign(case: Case) -> None:
    e = case.call(people(seed=8, n=600, effect=1.0))
    # In these people the event comes sooner, and the other values are higher. An event is
    # bad for the win ratio and shortens the event-free time.
    expected = -1 if case.name in ("rmst", "win_ratio") else 1
    assert e.statistic * expected > 2


@every_case
def test_with_no_effect_about_one_test_in_twenty_rejects(case: Case) -> None:
    trials = 300
    p = [case.call(people(1000 + k)).p_value for k in range(trials)]
    rejected = np.mean(np.array(p) < 0.05)
    assert abs(rejected - 0.05) < 4 * (0.05 * 0.95 / trials) ** 0.5
    assert abs(np.mean(p) - 0.5) < 4 * (1 / 12 / trials) ** 0.5


def test_every_contrast_has_an_independent_computation() -> None:
    names = {case.name for case in CASES} & set(estimators.__all__)
    assert names <= set(METHODS)
    assert set(METHODS) <= set(estimators.__all__)


def test_an_unknown_method_has_no_independent_computation() -> None:
    with pytest.raises(ValueError, match="no independent computation"):
        independent("astrology")
