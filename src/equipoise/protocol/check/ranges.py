"""Numbers that contradict each other or cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.forms import Item
from equipoise.protocol.places import Path

PAIRS = (("low", "high"), ("expect_low", "expect_high"), ("low", "expect_high"))


def range_findings(subject: Subject) -> Iterator[Finding]:
    """Bounds that exclude everything; dosing, safety and endpoint times that contradict."""
    for path, value in subject.everything:
        if is_dataclass(value) and hasattr(value, "low") and hasattr(value, "high"):
            yield from _bounds(subject, path, value)
    yield from _dosing(subject)
    yield from _safety(subject)
    yield from _endpoints(subject)
    yield from _board(subject)


def _bounds(subject: Subject, path: Path, value: Any) -> Iterator[Finding]:
    for low, high in PAIRS:
        least, most = getattr(value, low, None), getattr(value, high, None)
        if least is not None and most is not None and least > most:
            words = f"`{low}` is {least:g} and `{high}` is {most:g}: no value fits. Exchange them."
            yield subject.finding("study.range", (*path, low), words)
    if isinstance(value, Item):
        if value.type not in {"integer", "decimal"} and _bounded(value):
            words = f"`{value.id}` is {value.type} and so has no range: remove it."
            yield subject.finding("study.range", (*path, "low"), words)
        if value.max_length is not None and value.max_length < 1:
            words = "`max_length` must be at least 1: correct it."
            yield subject.finding("study.range", (*path, "max_length"), words)


def _bounded(item: Item) -> bool:
    bounds = (item.low, item.high, item.expect_low, item.expect_high)
    return any(bound is not None for bound in bounds)


def _dosing(subject: Subject) -> Iterator[Finding]:
    dosing = subject.protocol.dosing
    if dosing is None:
        return
    span = (dosing.doses - 1) * dosing.interval_hours
    gap = (dosing.minimum_gap_hours, dosing.maximum_gap_hours)
    problems = [
        ("doses", dosing.doses < 1, "A course needs at least one dose."),
        ("interval_hours", dosing.interval_hours <= 0, "The interval must be positive."),
        ("window_hours", dosing.window_hours < 0, "A window cannot be negative."),
        ("minimum_gap_hours", gap[0] > gap[1], "The least gap is longer than the greatest."),
        (
            "interval_hours",
            dosing.doses > 1 and not gap[0] <= dosing.interval_hours <= gap[1],
            f"The interval of {dosing.interval_hours:g} h lies outside the gap of "
            f"{gap[0]:g} to {gap[1]:g} h.",
        ),
        (
            "course_hours",
            dosing.course_hours < span,
            f"{dosing.doses} doses need {span:g} h, the course ends after "
            f"{dosing.course_hours:g} h.",
        ),
    ]
    for key, wrong, words in problems:
        if wrong:
            path = (PROTOCOL_FILE, "dosing", key)
            yield subject.finding("study.range", path, f"{words} Correct the hours.")


def _safety(subject: Subject) -> Iterator[Finding]:
    safety = subject.protocol.safety
    if safety.related_last_day < safety.last_day:
        words = "Related events are followed for less time than all events: exchange the days."
        yield subject.finding("study.range", (PROTOCOL_FILE, "safety", "related_last_day"), words)
    for number, clock in enumerate(safety.clocks):
        if clock.hours <= 0:
            path: Path = (PROTOCOL_FILE, "safety", "clocks", number, "hours")
            yield subject.finding("study.range", path, "A clock needs hours above 0: correct it.")


def _endpoints(subject: Subject) -> Iterator[Finding]:
    needs = {"value": ("form", "item", "visit"), "any-record": ("form", "rule")}
    needs |= {"change": ("form", "item", "visit", "baseline"), "first-day": ("form", "rule")}
    days = subject.days()
    for number, one in enumerate(subject.protocol.endpoints):
        path: Path = (PROTOCOL_FILE, "endpoints", number)
        for key in needs.get(one.kind, ()):
            if getattr(one, key) is None:
                words = f"An endpoint of kind {one.kind} needs `{key}`: add it."
                yield subject.finding("study.missing-key", path, words)
        if one.first_day > one.horizon:
            words = "The endpoint starts after its horizon: exchange the days."
            yield subject.finding("study.range", (*path, "first_day"), words)
        if days.get(one.baseline or "", -1) >= days.get(one.visit or "", 1_000_000):
            words = f"The baseline `{one.baseline}` is not before `{one.visit}`: exchange them."
            yield subject.finding("study.later-visit", (*path, "baseline"), words)
        if one.death == "worst" and one.death_value is None:
            words = "Death counts as worst: say its value in `death_value`."
            yield subject.finding("study.missing-key", (*path, "death"), words)
        yield from _collected(subject, number)


def _collected(subject: Subject, number: int) -> Iterator[Finding]:
    one = subject.protocol.endpoints[number]
    when = subject.moments.get(one.form or "")
    if when is None or when.daily or when.log or when.dosing:
        return
    for key in ("visit", "baseline"):
        visit = getattr(one, key)
        if visit is not None and visit in subject.days() and visit not in when.visits:
            words = f"Form `{one.form}` is not collected at `{visit}`: schedule it there."
            path: Path = (PROTOCOL_FILE, "endpoints", number, key)
            yield subject.finding("study.not-collected", path, words)


def _board(subject: Subject) -> Iterator[Finding]:
    board = subject.protocol.safety_board
    if board is None:
        return
    shares = (
        "mortality_harm_p", "mortality_benefit_p", "mortality_probability",
        "futility_conditional_power",
    )  # fmt: skip
    for key in shares:
        value = getattr(board, key)
        if value is not None and not 0 < value < 1:
            words = f"`{key}` is {value:g}: give a share between 0 and 1."
            yield subject.finding("study.range", (PROTOCOL_FILE, "safety_board", key), words)
    for number, trigger in enumerate(board.triggers):
        if trigger.count < 1 or (trigger.among is not None and trigger.count > trigger.among):
            words = f"{trigger.count} events cannot be seen among {trigger.among}: correct it."
            path: Path = (PROTOCOL_FILE, "safety_board", "triggers", number, "count")
            yield subject.finding("study.range", path, words)
