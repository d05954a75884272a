"""A small trial on the daily chain, built by hand, for tests of the kernels."""

import numpy as np

from equipoise.protocol.frozen import Frozen, Text
from equipoise.protocol.scenario import DailyChain, Scenario
from equipoise.randomisation import scheme
from equipoise.rehearsal.automaton import automaton
from equipoise.rehearsal.chain import matrices, start_shares
from equipoise.rehearsal.kernels.plan import ChainPlan

ERA_B = {
    "4": (0.0829, 0.9061, 0.0109, 0, 0, 0),
    "5": (0.0894, 0.0433, 0.8389, 0.0185, 0.0011, 0.0089),
    "6": (0, 0.0193, 0.4941, 0.3735, 0.0560, 0.0571),
    "7": (0, 0, 0.0014, 0.0583, 0.9166, 0.0236),
}
STARTS = {
    "moderate": {"4": 0.70, "5": 0.30},
    "severe": {"5": 0.75, "6": 0.25},
    "critical": {"6": 0.25, "7": 0.75},
}
WORDS = Text({"en": "chain trial"})

COURSE = DailyChain(
    states=("R", "4", "5", "6", "7", "D"),
    absorbing=("R", "D"),
    death="D",
    days=28,
    decay=0.0517,
    effect_days=28,
    starts=Frozen({level: Frozen(shares) for level, shares in STARTS.items()}),
    transitions=Frozen(ERA_B),
    readings=Frozen(
        {"actt": Frozen({"R": 3, "4": 4, "5": 5, "6": 6, "7": 7, "D": 8})},
    ),
)
SCENARIO = Scenario(
    id="chain",
    title=WORDS,
    description=WORDS,
    origin="proposal",
    strata=Frozen({"moderate": 0.55, "severe": 0.35, "critical": 0.10}),
    course=COURSE,
)


def plan(
    effect: float = 1.0, n: int = 240, snapshots: tuple[int, ...] = (14, 28), **more: object
) -> ChainPlan:
    """Arm 0 control, arm 1 experimental; big stick 3 within severity."""
    shares = np.array(list(SCENARIO.strata.values()))
    return ChainPlan(
        n=n,
        stratum_edges=np.cumsum(shares)[:-1],
        start_edges=np.array([np.cumsum(start_shares(COURSE, s)) for s in SCENARIO.strata]),
        cumulative=np.cumsum(np.array([[matrices(COURSE, 1.0), matrices(COURSE, effect)]]), axis=4),
        automaton=automaton(scheme("big-stick", limit=3), (1, 1), n),
        reached=np.array([True, False, False, False, False, False]),
        lost=np.array([False, True, True, True, True, False]),
        absorbing=np.array([True, False, False, False, False, True]),
        snapshots=np.array(snapshots, dtype=np.int64),
        death=5,
        **more,
    )
