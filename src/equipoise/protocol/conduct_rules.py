"""Rules of conduct: dosing, adverse events, safety board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import with_config

from equipoise.protocol.finalising import SpecialReport
from equipoise.protocol.frozen import Frozen, Text
from equipoise.protocol.origin import Fact, Origin
from equipoise.protocol.visits import STRICT


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRule:
    """A hold or a permanent stop: while `rule` is true the next dose is not given."""

    id: str
    rule: str
    text: Text
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DoseItems:
    """Items of the administration form as the bedside page knows them; nothing is typed twice.

    The page fills in `number`, `unit`, `amount` (as `codes` name full, partial and not), the
    moments `start` and `stop`, and `previous_start`. It asks `at_start` before the dose,
    `at_stop` when it ends, `short` where it was not given in full. `usual` are answers that
    are right unless somebody corrects them. `loaded` and `residual` are volumes: what was
    given is their difference.
    """

    number: str | None = None
    unit: str | None = None
    amount: str | None = None
    codes: Frozen[str] = Frozen()
    start: str | None = None
    stop: str | None = None
    previous_start: str | None = None
    loaded: str | None = None
    residual: str | None = None
    at_start: tuple[str, ...] = ()
    at_stop: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    usual: Frozen[str] = Frozen()
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionPoint:
    """One look at the participant, `minutes` from the start of the dose.

    `mark` is the yes-or-no item of the reaction form that says whether a reaction was seen
    then; `items` are measured at the same time where they can be.
    """

    minutes: int
    mark: str
    items: tuple[str, ...] = ()
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionSheet:
    """Items of the reaction form as the page of the observation knows them."""

    number: str | None = None
    start: str | None = None
    closed: str | None = None
    points: tuple[ReactionPoint, ...] = ()
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Dosing:
    """How the product is given. Doses are counted, never dates.

    Dose k is planned `interval_hours` * (k - 1) after the first dose, within
    `window_hours` on either side, `minimum_gap_hours` to `maximum_gap_hours` after the
    previous dose. Nothing is given later than `course_hours` after the first dose.
    `administration_form` records one dose, `preparation_form` (unblinded) its
    preparation, `reaction_form` what is looked for in the `reaction_hours` after it.
    Time points are minutes from the start of the dose. A kit has one unit per dose. A unit
    is thawed first where there is an `in_use_hours`, and given within it from then on; with
    `two_persons` somebody else verifies what was prepared. `items` and `reaction_sheet` say
    which items the bedside pages fill in by themselves.
    """

    doses: int
    interval_hours: float
    window_hours: float
    minimum_gap_hours: float
    maximum_gap_hours: float
    first_dose_within_hours: float
    course_hours: float
    administration_form: str
    preparation_form: str | None = None
    reaction_form: str | None = None
    reaction_items: tuple[str, ...] = ()
    reaction_hours: float = 2.0
    first_dose_minutes: tuple[int, ...] = ()
    later_dose_minutes: tuple[int, ...] = ()
    items: DoseItems | None = None
    reaction_sheet: ReactionSheet | None = None
    in_use_hours: float | None = None
    two_persons: bool = False
    holds: tuple[DoseRule, ...] = ()
    stops: tuple[DoseRule, ...] = ()
    facts: Frozen[Fact] = Frozen()
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A duty that runs from awareness: `hours` after it when `rule` is true of the event."""

    id: str
    text: Text
    rule: str
    hours: float
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialInterest:
    """An adverse event of special interest, recognised by `rule` on the event form."""

    id: str
    text: Text
    rule: str
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyRules:
    """Adverse-event rules. The item names say where the event form keeps each answer."""

    event_form: str
    term_item: str
    onset_item: str
    grade_item: str
    serious_item: str
    related_item: str
    related_codes: tuple[str, ...]
    outcome_item: str
    fatal_codes: tuple[str, ...]
    last_day: int
    related_last_day: int
    grading: str
    death_form: str | None = None
    death_item: str | None = None
    reports: tuple[SpecialReport, ...] = ()
    special_interest: tuple[SpecialInterest, ...] = ()
    clocks: tuple[Clock, ...] = ()
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A pause rule of the safety board over event counts.

    Fires when at least `count` events for which `rule` is true are seen among the first
    `among` treated participants (None: among all).
    """

    id: str
    text: Text
    rule: str
    count: int
    among: int | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyBoard:
    """The independent board: when it meets, what pauses the trial, mortality boundary.

    The first `sentinel_count` participants start `sentinel_gap_hours` apart at each site,
    at most `sentinel_levels[level]` of a stratum level; then randomisation waits until the
    board has reviewed them. A level in `opens` waits until the board opens it, after review
    of that many treated participants. `holds_randomisation` says that the software enforces
    both.
    """

    composition: Text
    reviews_after: tuple[int, ...]
    review_day: int
    sentinel: Text | None = None
    sentinel_count: int = 0
    sentinel_levels: Frozen[int] = Frozen()
    sentinel_gap_hours: float | None = None
    opens: Frozen[int] = Frozen()
    holds_randomisation: bool = False
    triggers: tuple[Trigger, ...] = ()
    mortality_harm_p: float | None = None
    mortality_benefit_p: float | None = None
    mortality_probability: float | None = None
    futility_conditional_power: float | None = None
    kind: Literal["advisory", "binding"] = "advisory"
    origin: Origin | None = None
