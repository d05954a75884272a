"""What is wrong, unusual or missing on a form: values, never exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from equipoise.forms.record import Value
from equipoise.protocol.forms import Severity
from equipoise.protocol.frozen import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFinding:
    """One thing a form says about its answers.

    `item` is the item to show it beside, None where it concerns none. `code` is stable: one
    of those in `forms.messages`, or the id of an edit check. A `hard` finding blocks saving.
    A `soft` one does not: `required` says what is still to be filled in, `not-asked` and
    `computed` say what was not kept, the others ask for a query.
    """

    form: str
    item: str | None
    code: str
    severity: Severity
    message: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Typed values ready to be stored, and everything found about them, in form order.

    Items that were not asked, not answered or not readable are absent from `values`.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    findings: tuple[FormFinding, ...] = ()

    @property
    def hard(self) -> tuple[FormFinding, ...]:
        """The findings that block saving."""
        return tuple(one for one in self.findings if one.severity == "hard")

    @property
    def queries(self) -> tuple[FormFinding, ...]:
        """The soft findings that ask for a query."""
        return tuple(one for one in self.findings if asks(one))

    @property
    def saveable(self) -> bool:
        """Whether nothing is impossible."""
        return not self.hard


NOTES = frozenset({"required", "not-asked", "computed"})
"""Codes of soft findings that inform the person who fills the form in, and nobody else."""


def asks(finding: FormFinding) -> bool:
    """Whether a finding asks for a query."""
    return finding.severity == "soft" and finding.code not in NOTES
