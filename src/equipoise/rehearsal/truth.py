"""What an estimator aims at: its value in very large trials in which nothing goes wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from equipoise.protocol.frozen import Frozen
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Conduct, Scenario
from equipoise.rehearsal.chunks import run_chunk
from equipoise.rehearsal.engines import engine_of
from equipoise.rehearsal.trial import Design

PEOPLE, TRIALS = 40_000, 10


def truths(design: Design, engine: str | None = None) -> tuple[float | None, ...]:
    """Per estimand the mean estimate of ten trials of 40,000 randomised by tossing a coin.

    Without drop-out, missing values and interims: what the trial would like to know. None
    where the estimator gives no estimate.
    """
    return _truths(
        design.study,
        replace(design.scenario, conduct=Conduct(board="advises")),
        design.effect,
        design.seed,
        design.estimands,
        engine_of(engine),
    )


@lru_cache(maxsize=256)
def _truths(
    study: Study,
    scenario: Scenario,
    effect: float,
    seed: int,
    estimands: tuple[str, ...],
    engine: str,
) -> tuple[float | None, ...]:
    tossing = replace(study.protocol.randomisation, scheme="simple", parameters=Frozen())
    large = Design(
        study=replace(study, protocol=replace(study.protocol, randomisation=tossing)),
        scenario=scenario,
        effect=effect,
        participants=PEOPLE,
        seed=seed,
        estimands=estimands,
    )
    found = run_chunk(large, (0, TRIALS), engine).estimate
    return tuple(float(row.mean()) if np.isfinite(row).all() else None for row in found)
