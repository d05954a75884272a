"""How far a record is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from equipoise.forms.findings import FormFinding, asks
from equipoise.protocol.forms import Form

Status = Literal["not-started", "in-progress", "complete", "queries"]


def status(form: Form, values: Mapping[str, object], findings: Iterable[FormFinding]) -> Status:
    """How far a record is, from its values and what `prepare` found about them.

    not-started: nothing that somebody has to answer is answered. in-progress: a required
    item is empty, or a value is impossible. queries: all there, but something is unusual.
    """
    typed = {item.id for item in form.items() if item.derive is None}
    if not typed & values.keys():
        return "not-started"
    found = tuple(findings)
    if any(one.code == "required" or one.severity == "hard" for one in found):
        return "in-progress"
    return "queries" if any(asks(one) for one in found) else "complete"
