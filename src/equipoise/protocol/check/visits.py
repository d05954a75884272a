"""Visits and forms that nobody reaches, and windows that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.moments import occasions
from equipoise.protocol.visits import Visit


def visit_findings(subject: Subject) -> Iterator[Finding]:
    """Unreachable visits, epochs out of order, impossible windows, forms never collected."""
    yield from _unreachable(subject)
    yield from _windows(subject)
    yield from _order(subject)
    yield from _activities(subject)
    yield from _unused_forms(subject)


def _unreachable(subject: Subject) -> Iterator[Finding]:
    protocol = subject.protocol
    asked = {visit for activity in protocol.schedule for visit in occasions(activity)}
    for number, visit in enumerate(protocol.visits):
        if visit.id not in asked:
            words = f"Nothing is scheduled at visit `{visit.id}`: add an activity or remove it."
            yield subject.finding(
                "study.unreachable-visit", (PROTOCOL_FILE, "visits", number, "id"), words
            )
    used = {visit.epoch for visit in protocol.visits}
    for number, epoch in enumerate(protocol.epochs):
        if epoch.id not in used:
            words = f"No visit belongs to epoch `{epoch.id}`: add one or remove it."
            path = (PROTOCOL_FILE, "epochs", number, "id")
            yield subject.finding("study.unreachable-visit", path, words, severity="warning")


def _windows(subject: Subject) -> Iterator[Finding]:
    numbered = sorted(enumerate(subject.protocol.visits), key=lambda pair: pair[1].day)
    for (_, first), (number, second) in combinations(numbered, 2):
        shared = _shared(first, second)
        if not shared or first.day == second.day:
            continue
        reversed_order = _reversed(first, second)
        if not reversed_order and shared <= 1:
            continue
        why = "could come in the wrong order" if reversed_order else f"share {shared} days"
        words = f"The windows of `{first.id}` and `{second.id}` {why}: narrow one of them."
        yield subject.finding(
            "study.window-overlap",
            (PROTOCOL_FILE, "visits", number),
            words,
            severity="error" if reversed_order else "warning",
        )


def _shared(first: Visit, second: Visit) -> int:
    begins = max(first.day - first.early, second.day - second.early)
    ends = min(first.day + first.late, second.day + second.late)
    return max(0, ends - begins + 1)


def _reversed(first: Visit, second: Visit) -> bool:
    """Whether the later visit may be done, wholly within its window, before the earlier."""
    before = second.day - second.early < first.day - first.early
    after = second.day + second.late < first.day + first.late
    crossed = second.day - second.early <= first.day and first.day + first.late >= second.day
    return before or after or crossed


def _order(subject: Subject) -> Iterator[Finding]:
    rank = {epoch.id: number for number, epoch in enumerate(subject.protocol.epochs)}
    latest: Visit | None = None
    numbered = [pair for pair in enumerate(subject.protocol.visits) if pair[1].epoch in rank]
    for number, visit in sorted(numbered, key=lambda pair: (pair[1].day, rank[pair[1].epoch])):
        if latest and rank[visit.epoch] < rank[latest.epoch]:
            words = (
                f"Visit `{visit.id}` of epoch `{visit.epoch}` lies after `{latest.id}` of the "
                f"later epoch `{latest.epoch}`: it cannot be reached in order."
            )
            path = (PROTOCOL_FILE, "visits", number, "epoch")
            yield subject.finding("study.unreachable-visit", path, words)
        else:
            latest = visit


def _activities(subject: Subject) -> Iterator[Finding]:
    for number, one in enumerate(subject.protocol.schedule):
        path = (PROTOCOL_FILE, "schedule", number)
        ways = [bool(one.at or one.optional), bool(one.daily), one.per_dose, one.log]
        if not any(ways):
            words = f"Activity `{one.id}` never happens: say `at`, `daily`, `per_dose` or `log`."
            yield subject.finding("study.schedule", path, words)
        if one.per_dose and subject.protocol.dosing is None:
            words = f"Activity `{one.id}` is done per dose, but there is no `dosing`."
            yield subject.finding("study.schedule", (*path, "per_dose"), words)
        for visit in sorted(set(one.at) & set(one.optional)):
            words = f"`{visit}` is both required and optional for `{one.id}`: keep one."
            yield subject.finding("study.schedule", (*path, "optional"), words)
        if one.daily and one.daily.last < one.daily.first:
            words = f"The last day of `{one.id}` comes before its first: exchange them."
            yield subject.finding("study.schedule", (*path, "daily"), words)


def _unused_forms(subject: Subject) -> Iterator[Finding]:
    for name, when in subject.moments.items():
        if not when.scheduled:
            words = f"No activity collects form `{name}`: add it to the schedule or remove it."
            path = subject.form_path(name, "id")
            yield subject.finding("study.unused-form", path, words, severity="warning")
