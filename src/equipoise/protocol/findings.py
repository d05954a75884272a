"""What `check` says about a study folder: values, never exceptions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from equipoise.errors import Place

Severity = Literal["error", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, doubtful or worth knowing about a study folder.

    `code` is stable and documented in `docs/reference/findings.md`. An `error` stops the
    study from being used, a `warning` asks its author to look, a `note` only informs.
    `message` says what is wrong and what to do.
    """

    code: str
    severity: Severity
    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.severity} {self.code}: {self.message}"


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, by file, line and column, then severity and code."""
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=_position))


def _position(finding: Finding) -> tuple[bool, str, int, int, int, str, str]:
    place = finding.place
    return (
        place.file != "protocol.yaml",
        place.file,
        place.line,
        place.column,
        SEVERITIES.index(finding.severity),
        finding.code,
        finding.message,
    )


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Only the findings that stop a study from being used."""
    return tuple(finding for finding in findings if finding.severity == "error")
