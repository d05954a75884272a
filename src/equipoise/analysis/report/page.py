"""report.html: one file with its style and figures inside, for screen and paper."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any

from equipoise.analysis.labels import Labels
from equipoise.analysis.report.contents import CONFIRMATORY_LEVELS, Results
from equipoise.analysis.report.prose import (
    interim_words,
    interval_words,
    named_contrasts,
    not_done,
    p_words,
    plain_result,
    unit_words,
)
from equipoise.analysis.result import Result
from equipoise.errors import MissingExtra, listed, say
from equipoise.protocol.estimands import Estimand
from equipoise.protocol.origin import Fact, Scalar

LARGE = 1_000_000
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
ORIGINS = {
    "registered": "in the public registry record",
    "proxy": "taken from a sister study, because the record does not say",
    "proposal": "our proposal, not a fact about the registered study",
}
_HARM_TABLES = (
    "adverse-events",
    "special-interest",
    "reactions",
    "adverse-events-by-term",
    "events-before-during-after",
)
NO_EVENT = "no event: at most {percent} % (one-sided 95 %)"
RATIO_NOTE = (
    "The one-step log-rank ratio belongs to the test that decides and is pulled towards 1 when "
    "an effect is large; the Cox ratio beside it is not."
)


def render(found: Results, *, made_at: datetime, demo: bool, commitment: str | None) -> str:
    """The page as HTML.

    Raises:
        MissingExtra: the template library is not installed.

    """
    try:
        jinja = importlib.import_module("jinja2")
    except ImportError:
        raise MissingExtra("report", "The report") from None
    here = files("equipoise.analysis.report")
    environment = jinja.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja.StrictUndefined
    )
    environment.filters["typeset"] = typeset
    environment.globals["words"] = found.labels.words
    template = environment.from_string((here / "template.html.j2").read_text(encoding="utf-8"))
    style = (here / "style.css").read_text(encoding="utf-8")
    page = _page(found, made_at, demo=demo, commitment=commitment)
    return str(template.render(**page, style=jinja.utils.markupsafe.Markup(style)))


def typeset(words: str) -> str:
    """Words for reading: true minus signs, and no line break inside a number with its unit."""
    told = re.sub(r"(?<![\w.])-(?=\d)", "−", words)
    return re.sub(r"(?<=[\d=np]) (?=[=%\d])", "\u00a0", told)


def _page(
    found: Results, made_at: datetime, *, demo: bool, commitment: str | None
) -> dict[str, Any]:
    protocol, language, words = found.trial.protocol, found.labels.language, found.labels.words
    estimands = [_estimand(found, one) for one in protocol.estimands]
    return {
        "language": language,
        "demo": demo,
        "made_on": made_at.date().isoformat(),
        "title": protocol.title.say(language),
        "short": protocol.short_title.say(language),
        "version": protocol.version,
        "digest": found.trial.dataset.study.digest,
        "commitment": commitment,
        "sentences": [words(one) for one in plain_result(found, demo=demo)],
        "key_numbers": [(words(value), words(name)) for value, name in _key_numbers(found)],
        "facts": _facts(found),
        "origins": {name: words(told) for name, told in ORIGINS.items()},
        "arms": [_arm(found, arm) for arm in found.trial.dataset.arms],
        "sets": _sets(found),
        "estimands": estimands,
        "levels": CONFIRMATORY_LEVELS,
        "decisions": _decisions(found),
        "interim": words(interim_words(found)),
        "figures": found.figures,
        "tables": found.tables,
        "harm_tables": [found.tables[one] for one in _HARM_TABLES if one in found.tables],
        "panels": [one.id for one in protocol.analysis.panels],
        "doubles": _doubles(found),
        "missing_rules": [one.say(language) for one in protocol.analysis.missing],
        "not_done": [words(one) for one in not_done(found)],
        "notes": [words(one) for one in found.notes],
        "ratio_note": words(RATIO_NOTE)
        if any(one.method == "logrank" for one in found.results)
        else "",
        "ledger_agrees": found.flow.agrees,
        "ledger_known": bool(found.flow.checks),
    }


def _key_numbers(found: Results) -> list[tuple[str, str]]:
    rows = found.trial.dataset.randomised
    dates = [row.randomised_on for row in rows if row.randomised_on]
    span = say("{first} to {last}", first=min(dates), last=max(dates)) if dates else "–"
    return [
        (str(found.flow.assessed), "assessed for eligibility"),
        (str(found.flow.randomised), "randomised"),
        (str(len({row.site for row in rows})), "sites"),
        (f"{sum(row.doses for row in rows):,}", "doses given"),
        (f"{len(found.trial.dataset.records):,}", "records analysed"),
        (span, "randomised between"),
    ]


def _value(value: Scalar) -> str:
    """A stated value: yes or no, whole numbers whole, large ones as powers of ten."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if abs(value) >= LARGE:
        mantissa, power = f"{value:.6e}".split("e")
        digits = mantissa.rstrip("0").rstrip(".")
        return f"{digits} × 10{str(int(power)).translate(_RAISED)}"
    return f"{value:g}"


def _fact(name: str, fact: Fact, labels: Labels) -> dict[str, str]:
    value = labels.words("not known" if fact.value is None else _value(fact.value))
    return {
        "name": labels.words(fact.named(name, labels.language)),
        "value": f"{value} {labels.unit(fact.unit)}" if fact.value is not None else value,
        "origin": fact.origin or "",
        "source": fact.source or "",
    }


def _facts(found: Results) -> list[dict[str, str]]:
    protocol, labels = found.trial.protocol, found.labels
    rows = [_fact("planned_number_of_participants", protocol.planned, labels)]
    rows.append(
        {
            "name": labels.words("allocation"),
            "value": labels.words(_scheme(found)),
            "origin": protocol.randomisation.origin or "",
            "source": "",
        }
    )
    rows += [_fact(name, one, labels) for name, one in protocol.facts.items()]
    return rows


def _scheme(found: Results) -> str:
    chosen = found.trial.protocol.randomisation
    ratio = ":".join(str(arm.ratio) for arm in found.trial.protocol.arms)
    given = listed(
        say("{name} {value}", name=name, value=value) for name, value in chosen.parameters.items()
    )
    named: str = say("{scheme} ({given})", scheme=chosen.scheme, given=given)
    scheme = say("{ratio}, {scheme}", ratio=ratio, scheme=named if given else chosen.scheme)
    inside = listed(found.labels.named(one).text for one in chosen.strata)
    return say("{scheme} within {factors}", scheme=scheme, factors=inside) if inside else scheme


def _arm(found: Results, arm: Any) -> dict[str, Any]:
    language = found.labels.language
    product = next((p for p in found.trial.protocol.products if p.id == arm.product), None)
    facts = (
        []
        if product is None
        else [_fact(name, one, found.labels) for name, one in product.facts.items()]
    )
    return {
        "title": arm.title.say(language),
        "role": arm.role,
        "of": found.labels.words(f"{arm.role.capitalize()} arm"),
        "origin": arm.origin or "",
        "product": "" if product is None else product.title.say(language),
        "facts": facts,
    }


def _sets(found: Results) -> dict[str, Any]:
    arms = [arm.id for arm in found.trial.dataset.arms]
    return {
        "columns": [found.labels.arm(arm) for arm in arms],
        "rows": [
            {
                "title": one.set.title.say(found.labels.language),
                "cells": [int(one.in_arm(arm).sum()) for arm in arms],
                "n": one.n,
            }
            for one in found.trial.sets.values()
        ],
    }


def _estimand(found: Results, one: Estimand) -> dict[str, Any]:
    language = found.labels.language
    return {
        "id": one.id,
        "title": one.title.say(language),
        "level": one.level,
        "population": one.population.say(language),
        "summary": one.summary.say(language),
        "endpoint": found.labels.endpoint(one.endpoint),
        "intercurrent": [
            {
                "event": event.event.say(language),
                "strategy": found.labels.words(event.strategy.replace("-", " ")),
                "text": "" if event.text is None else event.text.say(language),
            }
            for event in one.intercurrent
        ],
        "missing": "" if one.missing is None else one.missing.say(language),
        "rows": _rows(found, one),
        "figure": found.endpoint_figures.get(one.id),
        "tested": one.id in found.trial.protocol.analysis.sequence,
    }


def _rows(found: Results, one: Estimand) -> list[dict[str, Any]]:
    """The rows of an estimand; the arms' own numbers stand at their first mention only."""
    rows, told = [], None
    for row in found.of(one.id):
        shown = _row(found, row)
        shown["groups"] = [] if shown["groups"] == told else shown["groups"]
        told = shown["groups"] or told
        rows.append(shown)
    return rows


def _row(found: Results, row: Result) -> dict[str, Any]:
    labels = found.labels
    who = labels.contrast(row.contrast) if row.contrast else labels.arm(row.arm or "")
    endpoint = next(e for e in found.trial.protocol.estimands if e.id == row.estimand).endpoint
    limit = row.upper_limit
    upper = "" if limit is None else labels.words(NO_EVENT, percent=f"{100 * limit:.1f}")
    note = "" if row.note is None else row.note.say(labels.language)
    other = "" if row.endpoint == endpoint else labels.endpoint(row.endpoint)
    return {
        "method": labels.words(row.method.replace("_", " ")),
        "measure": labels.words(row.measure),
        "unit": labels.words(unit_words(row)),
        "who": who,
        "main": row.role == "main",
        "interval": labels.words(interval_words(row)),
        "p": "–" if row.arm else p_words(row.p_value),
        "n": row.n,
        "groups": _groups(found, row),
        "missing": row.missing,
        "carried": row.carried,
        "remarks": [one for one in (other, note, upper) if one],
        "benefit": labels.words(_benefit(row)),
    }


def _groups(found: Results, row: Result) -> list[str]:
    """What the arms did; an arm's own estimate says it already."""
    if row.arm is not None:
        return []
    words, arm = found.labels.words, found.labels.arm
    return [words("{arm}: {told}", arm=arm(one.arm), told=one.summary) for one in row.groups]


def _benefit(row: Result) -> str:
    if row.benefit is None or row.null is None:
        return ""
    return say(_BENEFIT[row.benefit], null=f"{row.null:g}")


_BENEFIT = {"above": "benefit above {null}", "below": "benefit below {null}"}


def _decisions(found: Results) -> Sequence[dict[str, Any]]:
    titles = {
        one.id: one.title.say(found.labels.language) for one in found.trial.protocol.estimands
    }
    return [
        {
            "place": one.place,
            "estimand": one.estimand,
            "title": titles[one.estimand],
            "who": found.labels.contrast(one.contrast),
            "p": p_words(one.p_value),
            "alpha": f"{one.alpha:.4g}",
            "confirmatory": one.confirmatory,
            "significant": one.significant,
            "reason": named_contrasts(found, one.reason),
        }
        for one in found.decisions
    ]


def _doubles(found: Results) -> list[dict[str, str]]:
    rows, words = [], found.labels.words
    for one in found.results:
        second = one.independent
        who = (
            found.labels.contrast(one.contrast) if one.contrast else found.labels.arm(one.arm or "")
        )
        rows.append(
            {
                "estimand": one.estimand,
                "method": words("{method}, {who}", method=one.method.replace("_", " "), who=who),
                "ours": "–" if one.estimate is None else f"{one.estimate:.10g}",
                "library": "–" if second is None else words(second.library),
                "theirs": _exact(None if second is None else second.estimate),
                "difference": _small(None if second is None else second.difference),
                "p_difference": _p_difference(one),
            }
        )
    return rows


def _exact(value: float | None) -> str:
    return "–" if value is None else f"{value:.10g}"


def _small(value: float | None) -> str:
    if value is None:
        return "–"
    return "0" if value == 0 else f"{value:.1e}".replace("-", "−")


def _p_difference(row: Result) -> str:
    second = row.independent
    if second is None or second.p_value is None or row.p_value is None:
        return "–"
    return _small(row.p_value - second.p_value)
