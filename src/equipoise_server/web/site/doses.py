"""The strip of doses of one participant."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.participant import ParticipantState
from equipoise.protocol.conduct_rules import Dosing
from equipoise.schedule import doses
from equipoise_server.store.queries import records
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import unit_text
from equipoise_server.web.shared.words import AMOUNTS, Badge


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One dose of the course: when given or planned, and how much."""

    number: int
    badge: Badge
    when: str
    unit: str
    volume: str = ""


def _volumes(page: Page, state: ParticipantState, dosing: Dosing) -> dict[int, str]:
    """How much went in, from the records: loaded less what was left, where both are known."""
    items = dosing.items
    if items is None or not items.loaded or not items.residual:
        return {}
    form = page.study.forms[dosing.administration_form]
    loaded, residual = form.item(items.loaded), items.residual
    unit = unit_text(loaded.unit if loaded else None)
    kept = records.answers(page.study, [state.code], [form.id], cut=page.moment.cut)
    found = {}
    for one in kept.get(state.code, []):
        put, left = one.values.get(items.loaded), one.values.get(residual)
        if isinstance(put, int | float) and isinstance(left, int | float):
            found[one.number] = f"{put - left:.3g} {unit}".strip()
    return found


def strip(page: Page, state: ParticipantState) -> tuple[Dose, ...]:
    """Every dose of the course; none where the protocol gives none or nobody was randomised."""
    dosing = page.study.protocol.dosing
    if dosing is None or not state.randomised:
        return ()
    recorded = {one.number: one for one in state.doses}
    first = state.first_dose_at
    volumes = _volumes(page, state, dosing)
    planned = {one.number: one.at for one in doses(page.study.protocol, first)} if first else {}
    shown = []
    for number in range(1, dosing.doses + 1):
        done = recorded.get(number)
        at = done.at if done else planned.get(number)
        shown.append(
            Dose(
                number=number,
                badge=AMOUNTS[done.amount if done else "later"],
                when=page.moment.local(at).strftime("%m-%d %H:%M") if at else "",
                unit=(done.unit or "") if done else "",
                volume=volumes.get(number, ""),
            )
        )
    return tuple(shown)
