"""What a second worker adds to the reference trial, on the clock."""

from __future__ import annotations

from tests.benchmark.measuring import Row, load, wall_rate

from equipoise.protocol.load import load as load_study
from equipoise.rehearsal import rehearse

NAME = "two-workers"
TRIALS = 40_000


def rows() -> list[Row]:
    """Rate with two workers over the rate with one, A-B-A-B."""
    study = load_study("nct05787288")

    def run(workers: int) -> float:
        def work() -> int:
            return rehearse(
                study, scenario="era-b", effect=1.5, trials=TRIALS, workers=workers
            ).trials

        return wall_rate(work)

    run(2)
    before = load()
    rates = [(run(1), run(2)) for _ in range(2)]
    one, two = max(a for a, _ in rates), max(b for _, b in rates)
    gain = round(two / one, 3)
    return [Row(workload=NAME, metric="speed-up", value=gain, unit="x", load_average=before)]
