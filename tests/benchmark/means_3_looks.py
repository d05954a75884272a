"""B: means, statistics of stages, 3 looks."""

from __future__ import annotations

from tests.benchmark.measuring import Row, compared, share_error
from tests.benchmark.peers import rpact

from equipoise.design import boundaries
from equipoise.rehearsal.stage_trials import simulate_means

NAME = "means-3-looks"
TRIALS = 1_000_000
LOOKS = boundaries((1 / 3, 2 / 3, 1), "obrien-fleming", alpha=0.025, sides=1)
IN_R = """getSimulationMeans(design, alternative = 0.4, stDev = 1, normalApproximation = TRUE,
    plannedSubjects = c(66, 132, 200), maxNumberOfIterations = n, seed = 1)"""


def rows() -> list[Row]:
    """Trials a second of one core."""

    def simulated() -> float:
        found = simulate_means(difference=0.4, sd=1.0, per_arm=100, boundaries=LOOKS, trials=TRIALS)
        return float((found.z >= LOOKS.efficacy_z[found.look]).mean())

    def ours() -> int:
        simulated()
        return TRIALS

    mc_error = share_error(simulated(), TRIALS)
    return compared(NAME, ours, mc_error=mc_error, peers=rpact(IN_R, 20_000))
