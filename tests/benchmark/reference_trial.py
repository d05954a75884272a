"""The reference trial: era-b, 240 participants on the daily chain, E1 alone; and its start."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmark.measuring import Row, compared, load

from equipoise.protocol.load import load as load_study
from equipoise.rehearsal import rehearse

NAME = "reference-trial"
TRIALS = 20_000
FIRST_CALL = """
import time
from equipoise.protocol.load import load
from equipoise.rehearsal import rehearse
study = load("nct05787288")
began = time.perf_counter()
rehearse(study, scenario="era-b", effect=1.5, trials=1, participants=240)
print(time.perf_counter() - began)
"""


def rows() -> list[Row]:
    """Trials a second of one core, seconds of the first call and of one with compiled code kept."""
    study = load_study("nct05787288")
    found = rehearse(study, scenario="era-b", effect=1.5, trials=TRIALS, participants=240)

    def ours() -> int:
        return rehearse(study, scenario="era-b", effect=1.5, trials=TRIALS, participants=240).trials

    return [
        *compared(NAME, ours, mc_error=found.results[0].mc_error),
        *_first_calls(),
    ]


def _first_calls() -> list[Row]:
    """A new process with nothing compiled, then one that finds what the first compiled."""
    with tempfile.TemporaryDirectory() as cache:
        seconds = [_call(Path(cache)) for _ in range(2)]
    return [
        Row(workload=NAME, metric=metric, value=round(value, 3), unit="s", load_average=load())
        for metric, value in zip(("first call", "cached call"), seconds, strict=True)
    ]


def _call(cache: Path) -> float:
    import os

    answer = subprocess.run(
        [sys.executable, "-c", FIRST_CALL],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
    )
    return float(answer.stdout)
