"""A with 3 strata, the big stick, drop-out and piecewise hazards."""

from __future__ import annotations

from tests.benchmark.measuring import Row, compared, share_error

from equipoise.design import boundaries
from equipoise.randomisation import scheme
from equipoise.rehearsal.survival_trials import SurvivalTrials, simulate_survival

NAME = "survival-strata"
TRIALS = 20_000
LOOKS = boundaries((1 / 3, 2 / 3, 1), "obrien-fleming", alpha=0.025, sides=1)
DESIGN = SurvivalTrials(
    participants=300,
    accrual_days=365.0,
    hazards=[[0.002, 0.001], [0.003, 0.002], [0.006, 0.003]],
    from_day=(0.0, 180.0),
    strata=(0.55, 0.35, 0.10),
    ratio=0.7,
    events=200,
    boundaries=LOOKS,
    scheme=scheme("big-stick", limit=3),
    drop_out=0.1,
)


def rows() -> list[Row]:
    """Trials a second of one core."""
    found = simulate_survival(DESIGN, TRIALS)
    power = float((found.z >= LOOKS.efficacy_z[found.look]).mean())

    def ours() -> int:
        return simulate_survival(DESIGN, TRIALS).look.size

    return compared(NAME, ours, mc_error=share_error(power, TRIALS))
