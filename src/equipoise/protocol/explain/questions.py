"""Objectives, endpoints, estimands, scales and the analysis plan."""

from __future__ import annotations

from equipoise.protocol.estimands import AnalysisSet, Endpoint, Estimand, Method
from equipoise.protocol.explain.blocks import (
    Block,
    Cell,
    Subtitle,
    Table,
    paragraph,
    row,
    said,
)
from equipoise.protocol.explain.words import word
from equipoise.protocol.model import Study


def questions(study: Study, language: str) -> tuple[Block, ...]:
    """Objectives, endpoints, one table for each estimand, and the scales."""
    protocol = study.protocol
    objectives = tuple(
        row(
            word(one.level, language),
            said(one.text.say(language), one),
            ", ".join(one.endpoints),
        )
        for one in protocol.objectives
    )
    endpoints = tuple(
        row(
            one.id, said(one.title.say(language), one), _definition(one), word(one.better, language)
        )
        for one in protocol.endpoints
    )
    blocks: list[Block] = []
    if objectives:
        head = tuple(word(each, language) for each in ("Level", "Objective", "Endpoints"))
        blocks.append(Table(head=head, rows=objectives))
    head = tuple(word(each, language) for each in ("Id", "Endpoint", "Definition", "Better"))
    blocks += [Subtitle(text=word("Endpoints", language)), Table(head=head, rows=endpoints)]
    for estimand in protocol.estimands:
        blocks += _estimand(estimand, language)
    return (*blocks, *_scales(study, language))


def _definition(one: Endpoint) -> tuple[Cell, ...]:
    parts: list[Cell] = [f"{one.kind} "]
    if one.form:
        parts.append(said(f"{one.form}.{one.item}" if one.item else one.form, code=True))
    if one.rule:
        parts += [": ", said(one.rule, code=True)]
    if one.visit:
        parts.append(f" @ {one.visit}" + (f" − {one.baseline}" if one.baseline else ""))
    sustained = f", ≥ {one.sustained_hours:g} h" if one.sustained_hours else ""
    parts.append(f"; D{one.first_day}–D{one.horizon}{sustained}; death: {one.death}")
    if one.death_value is not None:
        parts.append(f" = {one.death_value:g}")
    return tuple(parts)


def _estimand(one: Estimand, language: str) -> list[Block]:
    events: tuple[Cell, ...] = tuple(
        f"{event.event.say(language)}: {word(event.strategy, language)}. "
        for event in one.intercurrent
    )
    values: list[tuple[str, Cell | tuple[Cell, ...]]] = [
        ("Population", said(one.population.say(language), one)),
        ("Treatment", said(one.treatment.say(language), one)),
        ("Endpoint", said(one.endpoint, code=True)),
        ("Intercurrent events", events),
        ("Summary measure", said(one.summary.say(language), one)),
        ("Analysis set", said(one.set, code=True)),
        ("Main method", _method(one.main)),
        ("Supplementary methods", "; ".join(_method(each) for each in one.supplementary)),
        ("Missing data", one.missing.say(language) if one.missing else ""),
    ]
    rows = tuple(row(word(name, language), value) for name, value in values if value)
    title = f"{one.id}. {one.title.say(language)} ({word(one.level, language)})"
    head = (word("Estimand", language), word("Value", language))
    return [Subtitle(text=title), Table(head=head, rows=rows)]


def _method(one: Method) -> str:
    parts = [one.estimator]
    parts += [f"strata {', '.join(one.strata)}"] if one.strata else []
    parts += [f"covariates {', '.join(one.covariates)}"] if one.covariates else []
    parts += [f"{name} {value}" for name, value in one.parameters.items()]
    return ", ".join(parts)


def _scales(study: Study, language: str) -> tuple[Block, ...]:
    scales = study.protocol.scales
    if not scales:
        return ()
    rows = tuple(
        row(
            said(one.text.say(language), one),
            word(one.direction, language),
            str(one.death_code),
            "; ".join(f"{level} {text.say(language)}" for level, text in one.levels.items()),
        )
        for one in scales
    )
    head = tuple(word(each, language) for each in ("Scales", "Direction", "Death", "Value"))
    return (Subtitle(text=word("Scales", language)), Table(head=head, rows=rows))


def analysis(study: Study, language: str) -> tuple[Block, ...]:
    """Alpha, order of tests, interim, sample size, analysis sets, missing data."""
    plan = study.protocol.analysis
    rows = [
        row(word("Alpha", language), said(f"{plan.alpha:g} / {plan.sides}", plan)),
        row(word("Order of tests", language), said(" → ".join(plan.sequence), plan)),
    ]
    if plan.interim:
        looks = ", ".join(f"{one:.0%}" for one in plan.interim.information)
        words = f"{plan.interim.estimand}: {looks}; {plan.interim.spending}"
        rows.append(row(word("Interim look", language), said(words, plan.interim)))
    for basis in plan.sample_size:
        given = ", ".join(f"{name} {value}" for name, value in basis.parameters.items())
        words = f"{basis.estimand}: {basis.endpoint}, power {basis.power:.0%}, {given}"
        rows.append(row(word("Sample size", language), said(words, basis)))
    sets = tuple(row(said(one.title.say(language), one), _members(one)) for one in plan.sets)
    heads = (word("Analysis set", language), word("Members", language))
    missing = [paragraph(said(text.say(language), plan)) for text in plan.missing]
    title = [Subtitle(text=word("Missing data", language))] if missing else []
    return (
        Table(head=(word("Item", language), word("Value", language)), rows=tuple(rows)),
        Table(head=heads, rows=sets),
        *title,
        *missing,
    )


def _members(one: AnalysisSet) -> tuple[Cell, ...]:
    doses = f", ≥ {one.minimum_doses} doses" if one.minimum_doses else ""
    parts: list[Cell] = [f"{one.kind}, as {one.by}{doses}"]
    if one.requires:
        parts += [", ", said(one.requires, code=True)]
    return tuple(parts)
