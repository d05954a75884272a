"""The record that randomisation itself fills in.

A study may have a blinded form for it: the form whose items include `randomised_at` and
`kit`. What is known is filled in: those two, `randomisation_number` (the participant code),
`randomised_by`, and `randomised_FACTOR` for each stratification factor. Never an arm.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from equipoise.participant import ParticipantState
from equipoise.protocol.forms import Form
from equipoise.protocol.model import Study
from equipoise.protocol.remember import Remembered
from equipoise_server.store.save import Answers, Place, Standing, save, standing, visits_of

REQUIRED = frozenset({"randomised_at", "kit"})


def write_record(
    cursor: Any,
    study: Study,
    state: ParticipantState,
    timezone: str,
    *,
    by: str,
    at: datetime,
    key: str,
) -> None:
    """Save the study's randomisation form, where it has one, at its visit of day 0."""
    form = _form(study)
    visit = _visit(study, form) if form else None
    if form is None or visit is None or state.randomised_on is None:
        return
    known: dict[str, object] = {
        "randomised_at": state.randomised_at,
        "kit": state.kit,
        "randomisation_number": state.code,
        "randomised_by": by,
        **{f"randomised_{factor}": level for factor, level in state.stratum},
    }
    asked = {item.id for item in form.items() if item.derive is None}
    values = {name: value for name, value in known.items() if name in asked}
    found = Standing(
        place=Place(participant=state.code, form=form.id, visit=visit),
        study=study,
        form=form,
        site=state.site,
        timezone=timezone,
    )
    save(cursor, found, Answers(values=values, on=state.randomised_on), by=by, at=at, key=key)


def require_writable(cursor: Any, study: Study, state: ParticipantState) -> None:
    """Refuse before the allocator is asked where what it answers could not be written down.

    Raises:
        PartLocked: the visit of that record is locked, or the record.

    """
    form = _form(study)
    visit = _visit(study, form) if form else None
    if form is not None and visit is not None:
        standing(cursor, Place(participant=state.code, form=form.id, visit=visit), step="randomise")


def _find(study: Study) -> Form | None:
    for form in study.forms.values():
        names = {item.id for item in form.items()}
        if names >= REQUIRED and form.audience == "blinded" and not form.repeats:
            return form
    return None


_form: Remembered[Study, Form | None] = Remembered(_find)


def _visit(study: Study, form: Form) -> str | None:
    planned = visits_of(study, form.id)
    days = [visit.id for visit in study.protocol.visits if visit.id in planned]
    at_start = [visit.id for visit in study.protocol.visits if visit.day == 0 and visit.id in days]
    return next(iter(at_start or days), None)
