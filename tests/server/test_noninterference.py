"""NI-1 and NI-2: two worlds whose arms are exchanged look the same, and a leak shows.

Salts, session keys and nonces come from one fixed stream in both worlds (the operating
system's randomness is replaced, nothing of ours), so that whole rows, ledger digests
included, are compared byte by byte.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from server.leaks import LEAKS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SMALL = ROOT / "tests" / "studies" / "three_arms"
IN_EVERY_RUN = sorted(LEAKS)[::2]
IN_THE_LONG_PROOF = sorted(LEAKS)[1::2]
_names = count(1)


def live(template, out, study, participants, pages, *worlds):
    """What each world's blinded side holds and shows."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{HERE.parent}",
        "PYTHONHASHSEED": "0",
    }
    if template.server:
        name = f"/ni{os.getpid()}n{next(_names)}?"
        environment["DATABASE_URL"] = template.server.replace("/postgres?", name)
    words = [str(out), str(study), str(participants), str(pages), *worlds]
    done = subprocess.run(
        [sys.executable, str(HERE / "worlds.py"), *words],
        env=environment,
        check=False,
        timeout=3000,
    )
    logs = "".join((out / f"{world}.log").read_text()[-2000:] for world in worlds)
    assert done.returncode == 0, logs
    return [pickle.loads((out / world).read_bytes()) for world in worlds]


def different(one, other):
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def test_a_whole_trial_looks_the_same_with_its_arms_exchanged(template, tmp_path):
    a, b = live(template, tmp_path, SMALL, 40, 12, "a", "b")
    assert different(a, b) == []
    kinds = {name.split("/")[0] for name in a}
    assert kinds == {"default", "identity", "page", "file", "log"}
    assert sum(name.startswith("page/") for name in a) > 100
    assert sum(b"200" in page[:8] for name, page in a.items() if name.startswith("page/")) > 50
    assert a["default/store_participant"].count(b"\n") >= 39


def test_a_recall_says_nothing_of_which_product_was_recalled(template, tmp_path):
    """Worlds a and b recall the experimental product's lot, world c the other's."""
    a, b, c = live(template, tmp_path, SMALL, 12, 4, "a", "b", "c")
    assert different(a, b) == []
    assert different(a, c) == []
    assert b'"quarantined": true' in a["default/store_kit"]
    assert b"kit-replaced" in a["default/store_ledgerentry"]
    assert b"kit-transferred" in a["default/store_ledgerentry"]
    assert b'"became":"lost"' in a["default/store_ledgerpayload"]


def test_the_two_worlds_really_differ_behind_the_seals(template, tmp_path):
    leak = "a_log_line"
    a, b = live(template, tmp_path, SMALL, 4, 1, f"a:{leak}", f"b:{leak}")
    told = [world["log"].decode() for world in (a, b)]
    swapped = told[0].replace(" low", " ?").replace(" placebo", " low").replace(" ?", " placebo")
    assert swapped == told[1]
    assert told[0] != told[1]


@pytest.mark.parametrize("leak", IN_EVERY_RUN)
def test_a_planted_leak_is_caught(template, tmp_path, leak):
    assert different(*live(template, tmp_path, SMALL, 4, 2, f"a:{leak}", f"b:{leak}"))


@pytest.mark.prove
@pytest.mark.parametrize("leak", IN_THE_LONG_PROOF)
def test_another_planted_leak_is_caught(template, tmp_path, leak):
    assert different(*live(template, tmp_path, SMALL, 4, 2, f"a:{leak}", f"b:{leak}"))


@pytest.mark.prove
def test_the_reference_trial_looks_the_same_with_its_arms_exchanged(template, tmp_path):
    a, b = live(template, tmp_path, ROOT / "studies" / "nct05787288", 120, 60, "a", "b")
    assert different(a, b) == []
