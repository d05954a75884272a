"""What is known of one participant, under the names that rules and lists use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from equipoise.analysis.dataset import Dataset, ParticipantRow, log_forms
from equipoise.forms.record import Record, Value
from equipoise.protocol.derive import with_derived
from equipoise.rules import UNKNOWN


class Baseline:
    """Baseline values of every randomised participant: what was known on day 0.

    Records of later site dates are never read, so that nothing measured after randomisation
    can become a covariate, a stratum or a subgroup.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._known: dict[str, Mapping[str, object]] = {}

    def answers(self, row: ParticipantRow, form: str | None = None) -> Mapping[str, object]:
        """Answers by `item`, `form.item` and `visit.form.item`, with derived values.

        With `form`, that form's own items also stand under their bare names.
        """
        key = f"{row.code}\n{form or ''}"
        if key not in self._known:
            records = _flat(self._dataset.forms_of(row.code), until=row.randomised_on)
            self._known[key] = with_derived(self._dataset.study.protocol, named(records, bare=form))
        return self._known[key]

    def value(self, row: ParticipantRow, name: str) -> object | None:
        """One baseline value, or None where it is not known. `site` is the site."""
        if name == "site":
            return row.site
        found = self.answers(row).get(name)
        return None if found is UNKNOWN else found

    def stratum(self, row: ParticipantRow, name: str) -> str | None:
        """The true level of a factor; what was used at randomisation where it is not known."""
        found = self.value(row, name)
        return said(found) if found is not None else row.stratum.get(name)

    def level(self, row: ParticipantRow, name: str) -> str:
        """A stratum that is never missing: a level of its own where nothing is known."""
        return self.stratum(row, name) or "not known"


def whole_course(dataset: Dataset, row: ParticipantRow) -> Mapping[str, object]:
    """Answers of the whole trial, for the membership of analysis sets.

    A yes-or-no item of a form that is filled whenever something happens is true where any of
    its records says so, and false where none does.
    """
    forms = dataset.forms_of(row.code)
    answers = named(_flat(forms, until=None), bare=None)
    for form in sorted(log_forms(dataset.study)):
        for item in dataset.study.forms[form].items() if form in dataset.study.forms else ():
            if item.type == "boolean":
                rows = forms.get(form, ())
                answers[f"{form}.{item.id}"] = any(one.values.get(item.id) is True for one in rows)
    return with_derived(dataset.study.protocol, answers)


def said(value: object) -> str:
    """A value as a level: yes and no for booleans, no trailing zeros for numbers."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def number(value: object) -> float | None:
    """A value as a number; None where it has none."""
    if isinstance(value, bool | int | float):
        return float(value)
    return None


def named(records: Iterable[Record], *, bare: str | None) -> dict[str, object]:
    """The newest value of every item as `form.item` and `visit.form.item`."""
    found: dict[str, object] = {}
    for record in records:
        for item, value in record.values.items():
            found[f"{record.form}.{item}"] = value
            found[f"{record.visit}.{record.form}.{item}"] = value
            if record.form == bare:
                found[item] = value
    return found


def _flat(forms: Mapping[str, tuple[Record, ...]], *, until: date | None) -> list[Record]:
    rows = [one for several in forms.values() for one in several]
    if until is not None:
        rows = [one for one in rows if one.on <= until]
    return sorted(rows, key=lambda one: (one.on, one.number, one.form))


def item_value(record: Record, item: str) -> Value | None:
    """One answer of a record, or None where it was not given."""
    return record.values.get(item)
