"""Scenarios: how simulated participants arrive, fare, are measured and are lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import with_config

from equipoise.protocol.frozen import Frozen, Text
from equipoise.protocol.origin import Origin, Scalar
from equipoise.protocol.visits import STRICT


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DailyChain:
    """A first-order Markov chain over clinical states, one step a day.

    `states` are ordered from best to worst. `absorbing` never change. `transitions` gives
    the day-1 row of each other state over all states (renormalised). The odds of moving
    right (worse) are multiplied by exp(-`decay` (day - 1)) and the row renormalised. The
    declared effect X multiplies the odds of every move left by X and of every move right by
    1/X, on days 1 to `effect_days`. `starts` gives, per stratum level, the share of each
    starting state. `readings` says what collected or derived items read in each state (item
    -> state -> value), so that endpoints can be computed without filling forms.
    """

    states: tuple[str, ...]
    absorbing: tuple[str, ...]
    death: str
    days: int
    decay: float
    effect_days: int
    starts: Frozen[Frozen[float]]
    transitions: Frozen[tuple[float, ...]]
    readings: Frozen[Frozen[Scalar]] = Frozen()
    origin: Origin | None = None
    source: str | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How one item's value is drawn at baseline and how it moves later.

    kind
        constant: `value`. choice: `shares` (code -> share). normal / lognormal: `mean`,
        `sd` (of the logarithm for lognormal). state: `values` (course state -> value).
        bernoulli: `p`, control-arm probability of true; with `effect` the odds are
        multiplied by the declared effect in experimental arms.
    by: per stratum level, other numbers of the same kind (overrides).
    low, high: truncation. digits: rounding.
    trend: per day after randomisation, mean shift (normal) or log ratio (lognormal), as
        {day: shift}, linear between days; `trend_sd` its spread; `worse` an extra shift
        when the course state is worse than at baseline; `latent` the correlation with the
        participant's latent severity, -1 to 1.
    """

    kind: Literal["constant", "choice", "normal", "lognormal", "state", "bernoulli", "derived"]
    value: Scalar | None = None
    shares: Frozen[float] = Frozen()
    mean: float = 0.0
    sd: float = 0.0
    p: float = 0.0
    values: Frozen[Scalar] = Frozen()
    by: Frozen[Frozen[float]] = Frozen()
    low: float | None = None
    high: float | None = None
    digits: int | None = None
    trend: Frozen[float] = Frozen()
    trend_sd: float = 0.0
    worse: float = 0.0
    latent: float = 0.0
    effect: bool = False
    expression: str | None = None
    source: str | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class EventRate:
    """An adverse event in simulated conduct: chance per participant (per stratum level)."""

    id: str
    term: Text
    p: Frozen[float]
    grades: Frozen[float]
    serious: float = 0.0
    after_dose: bool = False
    reaction: str | None = None
    experimental_extra: float = 0.0
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """Arrivals: sites open `stagger_days` apart, each with a gamma-Poisson monthly rate."""

    sites: int = 12
    stagger_days: float = 14.0
    rate_per_month: float = 1.5
    rate_cv: float = 0.8
    wave: Frozen[float] = Frozen()
    screen_failure: float = 0.0


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """What goes wrong in real conduct. All zero = pure."""

    withdrawal: float = 0.0
    lost: float = 0.0
    missed_visit: Frozen[float] = Frozen()
    missing_item: float = 0.0
    missing_form: float = 0.0
    early_discharge: float = 0.0
    intolerance: float = 0.0
    relapse: float = 0.0
    site_sd: float = 0.0
    correction: float = 0.0
    interim: bool = False


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named set of assumptions. Nothing in it is data; `origin` and `source` say so.

    `strata` gives the share of each level of the first stratification factor.
    """

    id: str
    title: Text
    description: Text
    origin: Origin
    source: str | None = None
    participants: int | None = None
    effect: float = 1.0
    strata: Frozen[float]
    course: DailyChain | None = None
    accrual: Accrual = Accrual()
    conduct: Conduct = Conduct()
    items: Frozen[Draw] = Frozen()
    events: tuple[EventRate, ...] = ()
