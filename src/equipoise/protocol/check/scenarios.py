"""Scenarios that name what the protocol lacks, or whose chances do not add up."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.scenario import DailyChain, Scenario

_CLOSE = 1e-6


def scenario_findings(subject: Subject) -> Iterator[Finding]:
    """Unknown items and levels; shares outside 0 to 1; rows of the wrong length."""
    for scenario in subject.study.scenarios.values():
        yield from _strata(subject, scenario)
        yield from _items(subject, scenario)
        yield from _outcomes(subject, scenario)
        yield from _special(subject, scenario)
        if scenario.course:
            yield from _course(subject, scenario, scenario.course)


def _levels(subject: Subject) -> frozenset[str] | None:
    """The values of the first stratification factor, None where they are not listed."""
    strata = subject.protocol.randomisation.strata
    kind = subject.names.types.get(strata[0]) if strata else None
    if kind is None:
        return None
    return frozenset({"true", "false"}) if kind.kind == "boolean" else kind.codes


def _strata(subject: Subject, scenario: Scenario) -> Iterator[Finding]:
    levels = _levels(subject)
    for name, share in scenario.strata.items():
        path = subject.scenario_path(scenario.id, "strata", name)
        if levels is not None and name not in levels:
            words = f"`{name}` is no level of the first stratum: use {', '.join(sorted(levels))}."
            yield subject.finding("study.unknown-name", path, words, key=True)
        if not 0 <= share <= 1:
            yield subject.finding("study.range", path, "A share lies between 0 and 1: correct it.")
        if share == 0:
            words = f"Stratum `{name}` has no participants: give it a share, or leave it out."
            yield subject.finding("study.range", path, words)
    total = sum(scenario.strata.values())
    if scenario.strata and abs(total - 1) > _CLOSE:
        path = subject.scenario_path(scenario.id, "strata")
        words = f"The shares of the strata add up to {total:g}, not 1: correct them."
        yield subject.finding("study.range", path, words, key=True)


def _items(subject: Subject, scenario: Scenario) -> Iterator[Finding]:
    known = {*subject.names.types, *subject.names.ambiguous}
    for name, draw in scenario.items.items():
        path = subject.scenario_path(scenario.id, "items", name)
        if not _collected(name, known):
            words = f"No form collects `{name}`: correct the name or remove the draw."
            yield subject.finding("study.unknown-name", path, words, key=True)
        kind = subject.names.types.get(name)
        for code in draw.shares if kind and kind.codes is not None else ():
            if kind and kind.codes is not None and code not in kind.codes:
                words = f"`{code}` is not in the code list of `{name}`: correct it."
                yield subject.finding("study.unknown-name", (*path, "shares", code), words)
        if draw.kind == "bernoulli" and not 0 <= draw.p <= 1:
            words = "A probability lies between 0 and 1: correct it."
            yield subject.finding("study.range", (*path, "p"), words)
        if draw.sd < 0:
            yield subject.finding("study.range", (*path, "sd"), "A spread cannot be negative.")


def _outcomes(subject: Subject, scenario: Scenario) -> Iterator[Finding]:
    known = {endpoint.id for endpoint in subject.protocol.endpoints}
    for name in scenario.outcomes:
        if name not in known:
            path = subject.scenario_path(scenario.id, "outcomes", name)
            words = f"The protocol has no endpoint `{name}`: correct the name or remove the model."
            yield subject.finding("study.unknown-name", path, words, key=True)


def _special(subject: Subject, scenario: Scenario) -> Iterator[Finding]:
    reports = {one.id: one.form for one in subject.protocol.safety.reports}
    for number, one in enumerate(scenario.special):
        path = subject.scenario_path(scenario.id, "special", number)
        if one.report not in reports:
            words = f"The protocol has no report `{one.report}`: correct the name."
            yield subject.finding("study.unknown-name", (*path, "report"), words)
            continue
        asked = [("says", name, one.form) for name in one.says]
        asked += [("items", name, reports[one.report]) for name in one.items]
        asked += [("doses", one.doses, reports[one.report])] if one.doses else []
        for key, name, form in asked:
            found = subject.study.forms.get(form)
            if found is None or found.item(name) is None:
                words = f"Form `{form}` does not collect `{name}`: correct the name."
                yield subject.finding("study.unknown-name", (*path, key), words)


def _collected(name: str, known: set[str]) -> bool:
    """Whether some form collects the item, or an item that a trailing `*` stands for."""
    if not name.endswith("*"):
        return name in known
    return any(each.startswith(name[:-1]) for each in known)


def _course(subject: Subject, scenario: Scenario, course: DailyChain) -> Iterator[Finding]:
    states = course.states
    for key in ("absorbing", "death"):
        named = course.absorbing if key == "absorbing" else (course.death,)
        for name in named:
            if name not in states:
                path = subject.scenario_path(scenario.id, "course", key)
                words = f"There is no state `{name}`: correct the name."
                yield subject.finding("study.unknown-name", path, words)
    for state, row in course.transitions.items():
        path = subject.scenario_path(scenario.id, "course", "transitions", state)
        if state not in states:
            words = f"There is no state `{state}`: correct the name."
            yield subject.finding("study.unknown-name", path, words, key=True)
        if len(row) != len(states) or min(row, default=0) < 0 or sum(row) <= 0:
            words = f"This row needs {len(states)} chances that are not negative: correct it."
            yield subject.finding("study.range", path, words)
    for state in states:
        if state not in course.absorbing and state not in course.transitions:
            path = subject.scenario_path(scenario.id, "course", "transitions")
            words = f"State `{state}` has no row: add one, or make it absorbing."
            yield subject.finding("study.missing-key", path, words, key=True)
    for item in course.readings:
        if item not in subject.names.types and item not in subject.names.ambiguous:
            path = subject.scenario_path(scenario.id, "course", "readings", item)
            words = f"Nothing collects or derives `{item}`: correct the name or remove the reading."
            yield subject.finding("study.unknown-name", path, words, key=True)
    for level, shares in course.starts.items():
        for state in shares:
            if state not in states:
                path = subject.scenario_path(scenario.id, "course", "starts", level, state)
                words = f"There is no state `{state}`: correct the name."
                yield subject.finding("study.unknown-name", path, words, key=True)
