"""A: survival, patient by patient, 300 participants, 3 looks, log-rank."""

from __future__ import annotations

import numpy as np
from tests.benchmark.measuring import Peer, Row, compared, share_error, timed
from tests.benchmark.peers import has_python, rpact

from equipoise.design import boundaries
from equipoise.rehearsal.survival_trials import SurvivalTrials, simulate_survival

NAME = "survival-3-looks"
TRIALS = 20_000
LOOKS = boundaries((1 / 3, 2 / 3, 1), "obrien-fleming", alpha=0.025, sides=1)
DESIGN = SurvivalTrials(
    participants=300, accrual_days=365.0, hazards=[[0.002]], ratio=0.7, events=200, boundaries=LOOKS
)
IN_R = """getSimulationSurvival(design, lambda2 = 0.002, hazardRatio = 0.7, directionUpper = FALSE,
    plannedEvents = c(67, 134, 200), accrualTime = c(0, 365), maxNumberOfSubjects = 300,
    maxNumberOfIterations = n, seed = 1)"""


def rows() -> list[Row]:
    """Trials a second of one core."""
    found = simulate_survival(DESIGN, TRIALS)
    power = float((found.z >= LOOKS.efficacy_z[found.look]).mean())

    def ours() -> int:
        return simulate_survival(DESIGN, TRIALS).look.size

    peers = (*rpact(IN_R, 2_000), *_lifelines())
    return compared(NAME, ours, mc_error=share_error(power, TRIALS), peers=peers)


def _lifelines(trials: int = 40) -> tuple[Peer, ...]:
    """The same trial with NumPy's generator and the log-rank test of lifelines."""
    if not has_python("lifelines"):
        return ()
    from lifelines.statistics import logrank_test

    def work() -> int:
        rng = np.random.default_rng(1)
        for _ in range(trials):
            arm = rng.permuted(np.repeat([0, 1], 150))
            arrived = np.cumsum(rng.exponential(365 / 300, 300))
            time = rng.exponential(1 / (0.002 * np.where(arm == 1, 0.7, 1.0)))
            moments = np.sort(arrived + time)
            for look, events in enumerate((67, 134, 200)):
                now = moments[events - 1]
                here = arrived < now
                followed = np.minimum(time, now - arrived)[here]
                seen, treated = (arrived + time <= now)[here], arm[here] == 1
                test = logrank_test(
                    followed[treated], followed[~treated], seen[treated], seen[~treated]
                )
                if test.test_statistic**0.5 >= LOOKS.efficacy_z[look]:
                    break
        return trials

    return (Peer(name="NumPy and lifelines", run=lambda: timed(work)),)
