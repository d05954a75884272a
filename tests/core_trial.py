"""A small trial in Python for the tests of the pure core: no files, no loader.

Two visits before day 0, three after it, twice-daily dosing for three doses, a two-level
severity table with optional names, a few forms. Nothing of it resembles a shipped study.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from equipoise.protocol.conduct_rules import (
    Clock,
    DoseRule,
    Dosing,
    SafetyBoard,
    SafetyRules,
    SpecialInterest,
    Trigger,
)
from equipoise.protocol.estimands import AnalysisPlan
from equipoise.protocol.forms import Check, Code, CodeList, Form, Group, Item
from equipoise.protocol.frozen import Frozen, Text
from equipoise.protocol.model import Arm, Criterion, Derived, Product, Protocol, Randomisation, Row
from equipoise.protocol.origin import Fact
from equipoise.protocol.visits import Activity, Daily, Epoch, Visit


def t(words: str) -> Text:
    return Text({"en": words})


def criterion(name: str, kind: Any, rule: str) -> Criterion:
    return Criterion(id=name, kind=kind, rule=rule, text=t(name))


LEVEL = Derived(
    id="level",
    text=t("Level"),
    type="code",
    rows=(
        Row(when="ventilated || shock", value="high"),
        Row(when="rate >= 30 || sat <= 93 || ratio <= 300 || progression", value="middle"),
        Row(when="ill && rate < 30 && sat > 93", value="low"),
    ),
    optional=("ratio", "progression"),
)

DOSING = Dosing(
    doses=10,
    interval_hours=12,
    window_hours=2,
    minimum_gap_hours=8,
    maximum_gap_hours=16,
    first_dose_within_hours=24,
    course_hours=120,
    administration_form="dose",
    reaction_form="reaction",
    holds=(DoseRule(id="fast", rule="rate > 35", text=t("breathing too fast")),),
    stops=(DoseRule(id="allergy", rule="reaction_grade >= 3", text=t("severe reaction")),),
)

SAFETY = SafetyRules(
    event_form="event",
    term_item="term",
    onset_item="onset",
    grade_item="grade",
    serious_item="serious",
    related_item="relation",
    related_codes=("related", "possible"),
    outcome_item="outcome",
    fatal_codes=("fatal",),
    last_day=28,
    related_last_day=90,
    grading="five grades",
    special_interest=(
        SpecialInterest(id="grave", rule="grade >= 4", text=t("grave")),
        SpecialInterest(id="swelling", rule='term == "swelling"', text=t("swelling")),
    ),
    clocks=(
        Clock(id="site", rule="serious", hours=24, text=t("to the sponsor")),
        Clock(
            id="authority",
            rule='serious && relation in ["related", "possible"] && grade == 5',
            hours=168,
            text=t("to the authority"),
        ),
    ),
)

BOARD = SafetyBoard(
    composition=t("three"),
    reviews_after=(20, 60),
    review_day=7,
    opens=Frozen({"high": 20}),
    triggers=(
        Trigger(id="one-grave", rule="grade >= 4", count=1, text=t("one grave")),
        Trigger(id="three-early", rule="grade == 3", count=3, among=4, text=t("three early")),
    ),
    mortality_harm_p=0.01,
    mortality_benefit_p=0.001,
    mortality_probability=0.99,
)

YES_NO = CodeList(id="yesno", codes=(Code(code="Y", text=t("yes")), Code(code="N", text=t("no"))))
RISK = CodeList(
    id="risk", codes=tuple(Code(code=one, text=t(one)) for one in ("low", "middle", "high"))
)

PROTOCOL = Protocol(
    id="SMALL",
    version="1",
    title=t("Small"),
    short_title=t("Small"),
    languages=("en",),
    origin="proposal",
    facts=Frozen(),
    population=t("adults"),
    planned=Fact(value=20),
    arms=(
        Arm(id="one", title=t("One"), role="experimental", product="p1"),
        Arm(id="two", title=t("Two"), role="control", product="p2"),
    ),
    products=(Product(id="p1", title=t("P1")), Product(id="p2", title=t("P2"))),
    randomisation=Randomisation(scheme="simple", strata=("level",)),
    blinding=(),
    code_lists=(YES_NO, RISK),
    eligibility=(
        criterion("I1", "inclusion", "age >= 18 && age <= 75"),
        criterion("I2", "inclusion", 'level in ["low", "middle"]'),
        criterion("I3", "inclusion", 'test == "positive"'),
        criterion("X1", "exclusion", 'sex == "F" && pregnant'),
        criterion("X2", "exclusion", "allergy"),
    ),
    derived=(
        LEVEL,
        Derived(id="age", text=t("Age"), type="integer", expression="consent_year - birth_year"),
        Derived(id="bmi", text=t("BMI"), type="decimal", expression="weight / (height * height)"),
    ),
    epochs=(Epoch(id="all", title=t("All")),),
    visits=(
        Visit(id="screening", title=t("S"), epoch="all", day=-1, early=1, late=1),
        Visit(id="d7", title=t("D7"), epoch="all", day=7, early=1, late=1),
        Visit(id="d28", title=t("D28"), epoch="all", day=28, early=3, late=3),
    ),
    schedule=(
        Activity(id="enter", title=t("Enter"), forms=("entry", "vitals"), at=("screening",)),
        Activity(id="vitals", title=t("V"), forms=("vitals",), at=("d7", "d28")),
        Activity(id="scan", title=t("Scan"), forms=("scan",), at=("d28",), optional=("d7",)),
        Activity(
            id="pregnancy",
            title=t("P"),
            forms=("pregnancy",),
            at=("screening", "d28"),
            condition='sex == "F"',
        ),
        Activity(
            id="diary",
            title=t("Diary"),
            forms=("day",),
            daily=Daily(first=1, last=14, condition="in_hospital"),
        ),
        Activity(id="dosing", title=t("Dosing"), forms=("dose", "reaction"), per_dose=True),
        Activity(id="events", title=t("Events"), forms=("event",), log=True),
    ),
    dosing=DOSING,
    safety=SAFETY,
    safety_board=BOARD,
    endpoints=(),
    estimands=(),
    analysis=AnalysisPlan(alpha=0.05, sequence=(), sets=()),
)


def protocol(**changes: Any) -> Protocol:
    """The small protocol with some fields replaced."""
    return replace(PROTOCOL, **changes)


def item(name: str, kind: Any, **more: Any) -> Item:
    return Item(id=name, text=t(name), type=kind, **more)


def check(name: str, rule: str, severity: Any = "soft") -> Check:
    return Check(id=name, rule=rule, message=t(f"{name} is wrong"), severity=severity)


def form(name: str, *items: Item, checks: tuple[Check, ...] = (), **more: Any) -> Form:
    """A form with one group."""
    group = Group(id="all", title=t("All"), items=items)
    return Form(id=name, title=t(name), groups=(group,), audience="blinded", checks=checks, **more)
