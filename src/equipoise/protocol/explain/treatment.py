"""Dosing, randomisation and blinding."""

from __future__ import annotations

from equipoise.protocol.conduct_rules import DoseRule
from equipoise.protocol.explain.blocks import (
    Block,
    Cell,
    Subtitle,
    Table,
    paragraph,
    point,
    row,
    said,
)
from equipoise.protocol.explain.synopsis import stated
from equipoise.protocol.explain.words import word
from equipoise.protocol.model import Alternative, Randomisation, Study


def dosing(study: Study, language: str) -> tuple[Block, ...]:
    """How many doses, when, under which watch, and what holds or stops them."""
    plan = study.protocol.dosing
    if plan is None:
        return ()
    minutes = (_list(plan.first_dose_minutes), _list(plan.later_dose_minutes))
    values = [
        ("Doses", f"{plan.doses}"),
        ("Interval", f"{plan.interval_hours:g} h"),
        ("Window of each dose", f"±{plan.window_hours:g} h"),
        (
            "Gap to the dose before",
            f"{plan.minimum_gap_hours:g}–{plan.maximum_gap_hours:g} h",
        ),
        (
            "First dose after randomisation",
            f"{word('within', language)} {plan.first_dose_within_hours:g} h",
        ),
        ("Course ends", f"{plan.course_hours:g} h {word('after the first dose', language)}"),
        ("Watched for reactions", f"{plan.reaction_hours:g} h"),
        ("First dose at minutes", minutes[0]),
        ("Later doses at minutes", minutes[1]),
    ]
    rows = [row(word(name, language), said(value, plan)) for name, value in values if value]
    rows += [
        row(fact.named(name, language), stated(fact, language)) for name, fact in plan.facts.items()
    ]
    head = (word("Item", language), word("Value", language))
    return (
        Table(head=head, rows=tuple(rows)),
        *_rules("The next dose waits while", plan.holds, language),
        *_rules("Dosing stops for good when", plan.stops, language),
    )


def _rules(title: str, rules: tuple[DoseRule, ...], language: str) -> tuple[Block, ...]:
    if not rules:
        return ()
    points = [
        point(said(one.text.say(language), one), " ", said(one.rule, code=True)) for one in rules
    ]
    return (Subtitle(text=word(title, language)), *points)


def _list(values: tuple[int, ...]) -> str:
    return ", ".join(str(value) for value in values)


def randomisation(study: Study, language: str) -> tuple[Block, ...]:
    """The scheme, its parameters and strata, why it was chosen, and the alternatives."""
    plan = study.protocol.randomisation
    ratio = " : ".join(str(arm.ratio) for arm in study.protocol.arms)
    named = {
        "Scheme": _scheme(plan),
        "Ratio": ratio,
        "Strata": ", ".join(plan.strata),
        "Recorded, not a stratum": ", ".join(plan.record),
        "Why": plan.reason.say(language) if plan.reason else "",
        "Alternatives": "; ".join(_scheme(one) for one in plan.alternatives),
    }
    rows = tuple(
        row(word(name, language), said(value, plan)) for name, value in named.items() if value
    )
    return (Table(head=(word("Item", language), word("Value", language)), rows=rows),)


def _scheme(plan: Randomisation | Alternative) -> str:
    given = ", ".join(f"{name} {_value(value)}" for name, value in plan.parameters.items())
    return f"{plan.scheme} ({given})" if given else plan.scheme


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def blinding(study: Study, language: str) -> tuple[Block, ...]:
    """Who knows the arm, role by role, and what keeps it from the others."""
    head = tuple(word(one, language) for one in ("Role", "Knows the arm", "How"))
    rows = tuple(
        row(
            word(one.role, language).capitalize(),
            said(word(one.masking, language), one),
            said(one.mechanism.say(language), one),
        )
        for one in study.protocol.blinding
    )
    return (Table(head=head, rows=rows),) if rows else (paragraph(word("not known", language)),)


def eligibility(study: Study, language: str) -> tuple[Block, ...]:
    """Criteria with their rules, and the derived values that they may use."""
    blocks: list[Block] = [
        paragraph(
            word(
                "An inclusion passes when its rule is true, an exclusion when it is false. An "
                "answer that is not known never passes.",
                language,
            )
        )
    ]
    head = tuple(word(one, language) for one in ("Id", "Criterion", "Rule"))
    for kind, title in (("inclusion", "Inclusion"), ("exclusion", "Exclusion")):
        rows = tuple(
            row(one.id, said(one.text.say(language), one), said(one.rule, code=True))
            for one in study.protocol.eligibility
            if one.kind == kind
        )
        if rows:
            blocks += [Subtitle(text=word(title, language)), Table(head=head, rows=rows)]
    return (*blocks, *_derived(study, language))


def _derived(study: Study, language: str) -> tuple[Block, ...]:
    found = study.protocol.derived
    if not found:
        return ()
    rows = []
    for one in found:
        rule: list[Cell] = [said(one.expression, code=True)] if one.expression else []
        for each in one.rows:
            rule += [said(each.when, code=True), f" → {each.value}; "]
        if one.otherwise is not None:
            rule.append(f"{word('otherwise', language)} {one.otherwise}")
        rows.append(row(said(one.id, code=True), said(one.text.say(language), one), tuple(rule)))
    head = tuple(word(one, language) for one in ("Id", "Value", "First true row"))
    return (
        Subtitle(text=word("Derived values", language)),
        Table(head=head, rows=tuple(rows)),
    )
