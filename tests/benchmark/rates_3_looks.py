"""C: rates, statistics of stages, 3 looks."""

from __future__ import annotations

from tests.benchmark.measuring import Row, compared, share_error
from tests.benchmark.peers import rpact

from equipoise.design import boundaries
from equipoise.rehearsal.stage_trials import simulate_rates

NAME = "rates-3-looks"
TRIALS = 500_000
LOOKS = boundaries((1 / 3, 2 / 3, 1), "obrien-fleming", alpha=0.025, sides=1)
IN_R = """getSimulationRates(design, pi1 = 0.45, pi2 = 0.3,
    plannedSubjects = c(100, 200, 300), maxNumberOfIterations = n, seed = 1)"""


def rows() -> list[Row]:
    """Trials a second of one core."""

    def simulated() -> float:
        found = simulate_rates(
            control=0.3, treatment=0.45, per_arm=150, boundaries=LOOKS, trials=TRIALS
        )
        return float((found.z >= LOOKS.efficacy_z[found.look]).mean())

    def ours() -> int:
        simulated()
        return TRIALS

    mc_error = share_error(simulated(), TRIALS)
    return compared(NAME, ours, mc_error=mc_error, peers=rpact(IN_R, 20_000))
