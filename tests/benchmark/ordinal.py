"""D: proportional odds, 8 levels, 300 participants."""

from __future__ import annotations

import numpy as np
from tests.benchmark.measuring import Peer, Row, compared, share_error, timed
from tests.benchmark.peers import has_python

from equipoise.randomisation import scheme
from equipoise.rehearsal import tables
from equipoise.rehearsal.automaton import automaton
from equipoise.rehearsal.kernels import categories_compiled
from equipoise.rehearsal.kernels.categories import CategoryKeys, CategoryPlan
from equipoise.rehearsal.streams import key, trial_keys

NAME = "ordinal"
TRIALS, CHUNK = 20_000, 500
SHARES = np.array([0.05, 0.08, 0.12, 0.15, 0.20, 0.18, 0.12, 0.10])
ODDS_RATIO = 1.5


def _plan() -> CategoryPlan:
    control = np.cumsum(SHARES)
    odds = control / np.maximum(1 - control, 1e-300)
    treated = odds * ODDS_RATIO / (1 + odds * ODDS_RATIO)
    edges = np.array([[control, treated]])
    edges[..., -1] = 1.0
    return CategoryPlan(
        n=300,
        stratum_edges=np.empty(0),
        edges=edges,
        automaton=automaton(scheme("permuted-block", size=4), (1, 1), 300),
        day=np.zeros(8, dtype=np.int64),
    )


def _z(plan: CategoryPlan, first: int, fit: bool) -> np.ndarray:
    names = ("stratum", "allocation", "outcome", "leave", "absent")
    keys = CategoryKeys(*(trial_keys(key(1, NAME, name), first, CHUNK) for name in names))
    table = categories_compiled.simulate(plan, keys).seen[:, 0, 0]
    return tables.proportional_odds(table)[1] if fit else tables.ordinal_score(table)


def rows() -> list[Row]:
    """Trials a second of one core: the score test, and the fitted odds ratio with Wald's test."""
    plan = _plan()
    z = np.concatenate([_z(plan, first, False) for first in range(0, TRIALS, CHUNK)])
    power = float((np.abs(z) >= 1.959964).mean())

    def score() -> int:
        for first in range(0, TRIALS, CHUNK):
            _z(plan, first, False)
        return TRIALS

    def fitted() -> int:
        for first in range(0, 2_000, CHUNK):
            _z(plan, first, True)
        return 2_000

    error = share_error(power, TRIALS)
    tested = compared(NAME, score, mc_error=error, unit="score tests/s")
    return [*tested, *compared(NAME, fitted, mc_error=error, unit="fits/s", peers=_statsmodels())]


def _statsmodels(trials: int = 4) -> tuple[Peer, ...]:
    """The model fitted by statsmodels to data of the same kind."""
    if not has_python("statsmodels"):
        return ()
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    def work() -> int:
        rng = np.random.default_rng(1)
        for _ in range(trials):
            arm = rng.permuted(np.repeat([0.0, 1.0], 150))
            score = np.searchsorted(np.cumsum(SHARES), rng.random(300) * 0.999999)
            OrderedModel(score, arm[:, None], distr="logit").fit(method="bfgs", disp=0)
        return trials

    return (Peer(name="statsmodels OrderedModel", run=lambda: timed(work)),)
