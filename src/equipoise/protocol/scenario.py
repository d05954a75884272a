"""Scenarios: how simulated participants arrive, fare, are measured and are lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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

    Keys of a scenario's `items` are `form.item`, a bare item, or either with a trailing `*`
    (the longest match wins). Expressions read the answers given so far on the form, other
    forms of the participant, and facts of the simulation named `sim.*` (day, state, home,
    stratum, visit, now, today, consented_at, randomised_at, dose, event and so on).

    kind
        constant: `value`. choice: `shares` (code -> share). normal / lognormal: `mean`,
        `sd` (of the logarithm for lognormal). state: `values` (course state, or what the
        fact `of` says -> value). bernoulli: `p`, control-arm probability of true; with
        `effect` the odds are multiplied by the declared effect in experimental arms (of the
        first code for a choice). derived: `expression`, plus noise of `sd`. spell: with
        chance `p` one of `shares`, lasting for a lognormal (`mean`, `sd`) number of days
        after randomisation, fading where it is a number; afterwards `value` (0 if none).
        blank: never answered.
    by: per stratum level, other numbers of the same kind (overrides), `LEVEL@baseline` at
        baseline only; by_state: per course state, `STATE@home` once out of hospital;
        shares_by: other shares per either, or per what `of` says.
    low, high: truncation. digits: rounding. factor: multiplies the number in the end.
    anchor: fact from which a date counts in days, or a moment in minutes.
    trend: per day after randomisation, mean shift (normal) or log ratio (lognormal), as
        {day: shift}, linear between days; `trend_sd` its spread; `worse` an extra shift
        when the course state is worse than at baseline; `latent` the correlation with the
        participant's latent severity, -1 to 1; `pace` that of the spread, or of a spell's
        length, with how long the participant takes to recover.
    like: another item whose personal level this one shares. steady: a choice is made once
        per participant. only_if: not answered unless this is true.
    """

    kind: Literal[
        "constant",
        "choice",
        "normal",
        "lognormal",
        "state",
        "bernoulli",
        "derived",
        "spell",
        "blank",
    ]
    value: Scalar | None = None
    shares: Frozen[float] = Frozen()
    shares_by: Frozen[Frozen[float]] = Frozen()
    mean: float = 0.0
    sd: float = 0.0
    p: float = 0.0
    of: str = "sim.state"
    values: Frozen[Scalar] = Frozen()
    by: Frozen[Frozen[float]] = Frozen()
    by_state: Frozen[Frozen[float]] = Frozen()
    low: float | None = None
    high: float | None = None
    digits: int | None = None
    factor: float = 1.0
    anchor: str | None = None
    trend: Frozen[float] = Frozen()
    trend_sd: float = 0.0
    worse: float = 0.0
    latent: float = 0.0
    pace: float = 0.0
    effect: bool = False
    expression: str | None = None
    like: str | None = None
    steady: bool = False
    only_if: str | None = None
    source: str | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class EventRate:
    """An adverse event in simulated conduct: chance per participant.

    `p` by stratum level, or `any` for all. `grades`: grade -> share. `serious`, `related`:
    chances of being judged so. `after_dose`: it follows a dose, within the hours of `delay`;
    `reaction` is then the item of the reaction form that says so. `on_state`: it happens
    when the course first enters that state after day 0 (`p` still applies); the event of the
    death state is the fatal one. `days`: median length. `experimental_extra` is added to `p`
    in experimental arms. `items`: what else the event form reads.
    """

    id: str
    term: Text
    p: Frozen[float]
    grades: Frozen[float]
    serious: float = 0.0
    related: float = 0.0
    after_dose: bool = False
    delay: tuple[float, float] = (0.1, 1.9)
    reaction: str | None = None
    on_state: str | None = None
    days: float = 3.0
    experimental_extra: float = 0.0
    items: Frozen[Scalar] = Frozen()
    source: str | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An entry of a log form that some participants get, such as a medication.

    `p` by stratum level, or `any`. It is made on a day from `first` to `last` (counted from
    randomisation, negative before it) while the participant takes part.
    """

    id: str
    form: str
    p: Frozen[float]
    first: int = 0
    last: int = 0
    items: Frozen[Scalar] = Frozen()
    source: str | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialCase:
    """A special situation that one participant of a demonstration comes into.

    Once the record of `form` at `visit` is saved, it says `says` instead, and within
    `after_hours` the protocol's `report` of it is made with `items`; the item `doses` tells how
    many doses were given by then.
    """

    report: str
    form: str
    visit: str
    says: Frozen[Scalar]
    items: Frozen[Scalar] = Frozen()
    doses: str | None = None
    after_hours: float = 6.0
    source: str | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenFailure:
    """Why someone screened is not randomised: `items` are what their forms then say.

    `consented` is False where people decline before anything is asked.
    """

    id: str
    reason: Text
    share: float
    consented: bool = True
    items: Frozen[Scalar] = Frozen()
    source: str | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """Arrivals: sites open `stagger_days` apart, each with a gamma-Poisson monthly rate.

    `screen_failure` is the share of those screened who are not randomised; they come on top.
    """

    sites: int = 12
    stagger_days: float = 14.0
    rate_per_month: float = 1.5
    rate_cv: float = 0.8
    wave: Frozen[float] = Frozen()
    screen_failure: float = 0.0
    opens_on: date = date(2023, 3, 15)
    source: str | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """What goes wrong in real conduct. All zero = pure.

    Chances per participant: `withdrawal`, `lost`, `relapse` (of those who recovered),
    `early_discharge` (of those who recover before the last dose), `intolerance` (the product
    is stopped), `stop_when_worst` (it is stopped on reaching the worst living state). Per
    dose: `missed_dose`. Per visit after discharge: `missed_visit`. Per item and form:
    `missing_item`, `missing_form`; per form and course state: `absent`. `optional`: the
    share of optional activities that are done; `punctual`: that of visits held on their
    planned day rather than anywhere in their window. `correction`: the share of records changed
    later. `lost_unit`: the chance per dose that its unit breaks or is lost before it is given.
    `site_sd`: spread of the sites, in standard deviations of a day's chance.

    `interim`: simulated trials take the protocol's interim looks. `board`: whether a trial
    stops randomising when a rule of the safety board speaks (`stops`), or goes on (`advises`);
    `as-protocol` stops where the protocol says that the board's rules are binding.
    """

    withdrawal: float = 0.0
    lost: float = 0.0
    missed_visit: Frozen[float] = Frozen()
    missed_dose: float = 0.0
    missing_item: float = 0.0
    missing_form: float = 0.0
    absent: Frozen[Frozen[float]] = Frozen()
    optional: float = 0.0
    punctual: float = 1.0
    early_discharge: float = 0.0
    intolerance: float = 0.0
    stop_when_worst: float = 0.0
    relapse: float = 0.0
    site_sd: float = 0.0
    correction: float = 0.0
    lost_unit: float = 0.0
    interim: bool = False
    board: Literal["as-protocol", "stops", "advises"] = "as-protocol"
    source: str | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeModel:
    """How one endpoint comes out, for rehearsals that do not follow a daily course.

    Keys of `p`, `shares`, `mean` and `hazards` are stratum levels, or `any` for all. Arms
    without the product come out like this; the declared effect X acts in experimental arms
    and is always towards better, 1 for none:

    binary: `p` is the chance that the endpoint is true; X multiplies its odds (divides them
        where `no` or `lower` is better).
    ordinal: `shares` of the `scores` in ascending order; X multiplies the odds of a better one.
    normal: `mean` and `sd`; the mean moves by `per_doubling` each time X doubles.
    survival: `hazards` a day, each from its day in `from_day` on; X multiplies the rate of
        the event where `sooner` is better and divides it where `later` is.

    `by_state` ties the outcome to the daily course: by the course state on the endpoint's
    day (survival: of each day) a number that multiplies the odds of a better outcome, is
    added to the mean, or multiplies the hazards. The declared effect then acts through the
    course alone (a normal mean also by `per_doubling`), and death counts as the endpoint
    says. `evaluable` is the share that belongs to the endpoint's population.
    """

    kind: Literal["binary", "ordinal", "normal", "survival"]
    p: Frozen[float] = Frozen()
    shares: Frozen[tuple[float, ...]] = Frozen()
    scores: tuple[float, ...] = ()
    mean: Frozen[float] = Frozen()
    sd: float = 1.0
    per_doubling: float = 0.0
    hazards: Frozen[tuple[float, ...]] = Frozen()
    from_day: tuple[float, ...] = (0.0,)
    by_state: Frozen[float] = Frozen()
    evaluable: Frozen[float] = Frozen()
    source: str | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named set of assumptions. Nothing in it is data; `origin` and `source` say so.

    `strata` gives the share of each level of the first stratification factor. `extends`
    names another scenario: what is left out here stands as it is there, key by key.
    `happenings` says on which form something is written down that the protocol does not tie
    to a form: discharge, end, serious, deviation, withdrawal. `again` says how many further
    records of a form are made at a visit (numbered from 1), such as a second person's.
    `outcomes` says, by endpoint, how those come out that the course does not decide.
    `factors` gives the share of each level of further factors that the randomisation looks
    at, where no item of that name says it; sites follow from accrual.
    """

    id: str
    title: Text
    description: Text
    origin: Origin
    extends: str | None = None
    source: str | None = None
    participants: int | None = None
    effect: float = 1.0
    strata: Frozen[float]
    course: DailyChain | None = None
    accrual: Accrual = Accrual()
    conduct: Conduct = Conduct()
    outcomes: Frozen[OutcomeModel] = Frozen()
    items: Frozen[Draw] = Frozen()
    events: tuple[EventRate, ...] = ()
    logs: tuple[LogEntry, ...] = ()
    failures: tuple[ScreenFailure, ...] = ()
    special: tuple[SpecialCase, ...] = ()
    happenings: Frozen[str] = Frozen()
    factors: Frozen[Frozen[float]] = Frozen()
    again: Frozen[int] = Frozen()
