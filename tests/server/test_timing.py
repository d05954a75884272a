"""NI-4: how long the allocator takes to answer says nothing of the arm that it gave."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from equipoise_server.allocator import client, lists
from equipoise_server.allocator.allocation import arm_of
from equipoise_server.vault.models import Allocation
from server.allocator_process import Allocator, through
from server.cast import NOW, Cast

STRATA = ({"ulcer_history": "false"}, {"ulcer_history": "true"})
FURTHEST = 3.9
"""Rank-sum z beyond which arms would be told apart; two-sided chance 1 in 10,000."""


@pytest.fixture
def allocator(trial: Cast, tmp_path: Path):
    client.deliver(site="s01", shares=400, at=NOW)
    running = Allocator(trial.instance, tmp_path / "a")
    through(running)
    yield running
    settings.EQUIPOISE_ALLOCATOR_SOCKET = settings.EQUIPOISE_UNBLINDED_SOCKET = ""
    running.stop()


def seconds_of(allocator: Allocator, number: int) -> float:
    """How long one new participant waits at the socket."""
    stratum = STRATA[number % len(STRATA)]
    asked = {
        "participant": f"T{number}",
        "site": "s01",
        "stratum": lists.stratum_name(stratum),
        "covariates": stratum,
        "key": f"k/T{number}",
        "at": NOW,
    }
    began = time.perf_counter()
    allocator.ask("allocate", **asked)
    return time.perf_counter() - began


def measured(allocator: Allocator, people: range) -> tuple[np.ndarray, np.ndarray]:
    """Seconds and arms, in the order of the participants."""
    seconds = np.array([seconds_of(allocator, number) for number in people])
    arms = {one.participant: arm_of(one) for one in Allocation.objects.all()}
    return seconds, np.array([arms[f"T{number}"] for number in people])


def apart(seconds: np.ndarray, arms: np.ndarray) -> float:
    """The largest rank-sum z of one arm against the others; ranks of ties are shared."""
    _values, place, counts = np.unique(seconds, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n, found = len(ranks), 0.0
    for arm in np.unique(arms):
        mine = ranks[arms == arm]
        variance = len(mine) * (n - len(mine)) / (n * (n - 1)) * ((ranks - ranks.mean()) ** 2).sum()
        found = max(found, abs(mine.sum() - len(mine) * (n + 1) / 2) / variance**0.5)
    return found


def nothing_is_told(allocator: Allocator, people: int) -> None:
    """What chance alone sets apart once in some thousand runs it does not set apart twice."""
    seconds, arms = measured(allocator, range(people))
    assert len(set(arms)) == 3
    assert seconds.min() >= 0.05
    if apart(seconds, arms) >= FURTHEST:
        assert apart(*measured(allocator, range(people, 2 * people))) < FURTHEST
    late = np.where(arms == "placebo", 0.005, 0.0)
    assert apart(seconds - seconds % 0.05 + late, arms) > FURTHEST, "a planted delay must show"


def test_the_time_of_an_answer_is_the_same_for_every_arm(allocator):
    nothing_is_told(allocator, 80)


@pytest.mark.prove
def test_the_time_of_many_answers_is_the_same_for_every_arm(allocator):
    nothing_is_told(allocator, 340)
