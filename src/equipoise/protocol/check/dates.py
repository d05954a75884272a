"""Dates that no calendar has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.origin import Fact

DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")


def date_findings(subject: Subject) -> Iterator[Finding]:
    """Facts written as a date that does not exist, such as 2026-02-30."""
    for path, value in subject.everything:
        if isinstance(value, Fact) and isinstance(value.value, str):
            match = DATE.fullmatch(value.value.strip())
            if match and not _exists(value.value.strip()):
                words = f"`{value.value[:40]}` is not in the calendar: correct the date."
                yield subject.finding("study.impossible-date", (*path, "value"), words)


def _exists(text: str) -> bool:
    try:
        if len(text) == 10:
            date.fromisoformat(text)
        else:
            datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
