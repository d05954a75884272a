"""Objectives, endpoints, estimands and the analysis plan (ICH E9(R1))."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import with_config

from equipoise.protocol.frozen import Frozen, Text
from equipoise.protocol.origin import Origin, Scalar
from equipoise.protocol.visits import STRICT


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What the trial wants to know, and the endpoints that answer it."""

    id: str
    level: Literal["primary", "key-secondary", "secondary", "safety", "exploratory"]
    text: Text
    endpoints: tuple[str, ...]
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A variable measured in every participant, computed from records.

    kind
        first-day: days from randomisation to the first day on which `rule` is true on
            `form` and, where `relapse` is given, not true again through `horizon`;
            `sustained_hours` asks that it stays true that long. Never reached = censored
            at `horizon` (death: see `death`).
        value: `item` of `form` at `visit` (latest record in its window).
        change: the same minus the value at `baseline`.
        any-record: whether any record of `form` dated within [`first_day`, `horizon`]
            satisfies `rule`; with `treated_only` days count from the first dose.
        death: whether the participant died on or before `horizon`.
    death
        never: counts as never reached, time `horizon` + 1, censored. event: counts as
        the event. worst: takes `death_value`. missing: value is missing after death.
    """

    id: str
    title: Text
    kind: Literal["first-day", "value", "change", "any-record", "death"]
    better: Literal["sooner", "later", "higher", "lower", "no"]
    form: str | None = None
    item: str | None = None
    rule: str | None = None
    relapse: str | None = None
    visit: str | None = None
    baseline: str | None = None
    first_day: int = 0
    horizon: int = 28
    sustained_hours: float = 0.0
    death: Literal["never", "event", "worst", "missing"] = "missing"
    death_value: float | None = None
    requires: str | None = None
    unit: str | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class IntercurrentEvent:
    """Something after randomisation that affects the meaning of the variable."""

    event: Text
    strategy: Literal[
        "treatment-policy", "composite", "hypothetical", "while-on-treatment", "principal-stratum"
    ]
    text: Text | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """An estimator and what it is given. `estimator` is a name in `analysis.estimators`.

    `strata` and `covariates` name derived or baseline items. `parameters` go to the
    estimator as they are (for instance a horizon).
    """

    estimator: str
    strata: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    parameters: Frozen[Scalar] = Frozen()
    set: str | None = None
    endpoint: str | None = None
    note: Text | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Estimand:
    """Population, treatment, variable, intercurrent events, summary; and its methods.

    `main` gives the p-value used in the sequence; `supplementary` are reported beside it.
    """

    id: str
    title: Text
    level: Literal["primary", "key-secondary", "safety", "supplementary"]
    population: Text
    set: str
    treatment: Text
    endpoint: str
    intercurrent: tuple[IntercurrentEvent, ...] = ()
    summary: Text
    main: Method
    supplementary: tuple[Method, ...] = ()
    missing: Text | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSet:
    """Who is analysed. `kind` decides membership, `minimum_doses` and `requires` refine it."""

    id: str
    title: Text
    kind: Literal["randomised", "treated", "per-protocol"]
    minimum_doses: int = 0
    requires: str | None = None
    by: Literal["allocated", "received"] = "allocated"
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Interim:
    """Planned looks. `information` holds fractions, the last is 1.

    `minimum_day`: only participants past that day enter an interim.
    """

    information: tuple[float, ...]
    spending: str
    parameters: Frozen[float | tuple[float, ...]] = Frozen()
    futility_conditional_power: float | None = None
    minimum_day: int = 0
    estimand: str = ""
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSizeBasis:
    """The assumptions that justify the sample size for one estimand."""

    estimand: str
    endpoint: Literal["means", "rates", "survival", "ordinal", "win-odds"]
    power: float
    parameters: Frozen[Scalar | tuple[float, ...]] = Frozen()
    ratio: float = 1.0
    note: Text | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Items followed over time by arm: tabulated before, during and after the course."""

    id: str
    title: Text
    form: str
    items: tuple[str, ...]
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisPlan:
    """What is computed, in which order, at which alpha.

    `sequence` is the fixed sequence of confirmatory estimands, each at `alpha` over
    `sides`; whatever follows one that was not significant is not confirmatory.
    """

    alpha: float
    sides: Literal[1, 2] = 2
    sequence: tuple[str, ...]
    sets: tuple[AnalysisSet, ...]
    interim: Interim | None = None
    sample_size: tuple[SampleSizeBasis, ...] = ()
    baseline: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    panels: tuple[Panel, ...] = ()
    standard_care_form: str | None = None
    standard_care_item: str | None = None
    status_item: str | None = None
    blinding_form: str | None = None
    blinding_item: str | None = None
    missing: tuple[Text, ...] = ()
    origin: Origin | None = None
