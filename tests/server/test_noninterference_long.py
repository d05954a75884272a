"""NI-1 and NI-2 at length: the reference trial with 120 participants, and every planted leak."""

from __future__ import annotations

import pytest

from server.leaks import LEAKS, WHERE
from server.worlds_run import REFERENCE, SMALL, different, live

TOGETHER = 6
GROUPS = [tuple(LEAKS)[first : first + TOGETHER] for first in range(0, len(LEAKS), TOGETHER)]


@pytest.mark.prove
@pytest.mark.parametrize("leaks", GROUPS, ids=lambda leaks: leaks[0])
def test_every_planted_leak_is_caught_where_it_shows(template, tmp_path, leaks):
    names = [f"{world}:{leak}" for leak in leaks for world in "ab"]
    seen = live(template, tmp_path, SMALL, "4/0", *names)
    found = {
        leak: different(seen[2 * place], seen[2 * place + 1]) for place, leak in enumerate(leaks)
    }
    missed = [leak for leak in leaks if not any(one.startswith(WHERE[leak]) for one in found[leak])]
    assert missed == []


@pytest.mark.prove
def test_the_reference_trial_looks_the_same_with_its_arms_exchanged(template, tmp_path):
    """120 participants at every site; in c the other product's lot is recalled.

    `again` is world a once more: what differs there is no function of the arm.
    """
    worlds = ("a", "again", "b", "c")
    a, again, b, c = live(template, tmp_path, REFERENCE, "120/3", *worlds)
    assert different(a, again) == []
    assert different(a, b) == []
    assert different(a, c) == []
    assert a["default/store_participant"].count(b"\n") >= 119
