"""Special situations, such as a pregnancy: what is to be reported, by when, until when followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from equipoise.protocol.finalising import SpecialReport
from equipoise.rules import parse

Stage = Literal["to-report", "to-submit", "followed", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """How one special situation of one participant stands. `due_at` runs until it is submitted."""

    report: str
    stage: Stage
    due_at: datetime | None


def needs(report: SpecialReport, known: Mapping[str, object]) -> bool:
    """Whether what is known of a participant asks for the report; unknown does not."""
    return parse(report.rule).run(known) is True


def special(
    report: SpecialReport, values: Mapping[str, object] | None, known_at: datetime
) -> Special:
    """How a situation stands.

    Args:
        report: the rule of the protocol version.
        values: the answers of its record; None while there is none.
        known_at: aware moment at which the site could know, where the record does not say.

    """
    said = values or {}
    aware, submitted = said.get(report.aware_item), said.get(report.submitted_item)
    since = aware if isinstance(aware, datetime) else known_at
    due_at = since + timedelta(hours=report.hours)
    if values is None:
        return Special(report=report.id, stage="to-report", due_at=due_at)
    if submitted is None:
        return Special(report=report.id, stage="to-submit", due_at=due_at)
    return Special(
        report=report.id, stage="followed" if _open(report, said) else "closed", due_at=None
    )


def _open(report: SpecialReport, said: Mapping[str, object]) -> bool:
    if report.outcome_item is None:
        return False
    outcome = said.get(report.outcome_item)
    return outcome is None or outcome in report.open_codes
