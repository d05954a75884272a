"""Studies as verbs need them: read, checked, without errors."""

from __future__ import annotations

from typing import Any

from equipoise.errors import ProtocolError
from equipoise.protocol.check import check_loaded
from equipoise.protocol.findings import Finding, errors
from equipoise.protocol.load import read
from equipoise.protocol.model import Study


def sound(name: str) -> Study:
    """A study that `check` finds no error in. Warnings do not stop a verb.

    Raises:
        StudyNotFound: no such folder or shipped study.
        ProtocolError: the first error, and how many more there are.
    """
    loaded = read(name)
    wrong = errors(check_loaded(loaded))
    if loaded.study is not None and not wrong:
        return loaded.study
    first = wrong[0]
    more = f" {len(wrong) - 1} more: run `equipoise check`." if len(wrong) > 1 else ""
    raise ProtocolError(first.place, f"{first.code}: {first.message}{more}")


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding as the JSON of every verb shows it."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "message": finding.message,
    }
