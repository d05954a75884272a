"""Rules of conduct: dosing, adverse events, safety board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import with_config

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
class Dosing:
    """How the product is given. Doses are counted, never dates.

    Dose k is planned `interval_hours` * (k - 1) after the first dose, within
    `window_hours` on either side, `minimum_gap_hours` to `maximum_gap_hours` after the
    previous dose. Nothing is given later than `course_hours` after the first dose.
    `administration_form` records one dose, `preparation_form` (unblinded) its
    preparation, `reaction_form` what is looked for in the `reaction_hours` after it.
    Time points are minutes from the start of the dose.
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
    """The independent board: when it meets, what pauses the trial, mortality boundary."""

    composition: Text
    reviews_after: tuple[int, ...]
    review_day: int
    sentinel: Text | None = None
    sentinel_count: int = 0
    opens: Frozen[int] = Frozen()
    triggers: tuple[Trigger, ...] = ()
    mortality_harm_p: float | None = None
    mortality_benefit_p: float | None = None
    mortality_probability: float | None = None
    futility_conditional_power: float | None = None
    kind: Literal["advisory", "binding"] = "advisory"
    origin: Origin | None = None
