"""The strip of doses of one participant."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.participant import ParticipantState
from equipoise.schedule import doses
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.words import AMOUNTS, Badge


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One dose of the course: when given or planned, and how much."""

    number: int
    badge: Badge
    when: str
    unit: str


def strip(page: Page, state: ParticipantState) -> tuple[Dose, ...]:
    """Every dose of the course; none where the protocol gives none or nobody was randomised."""
    dosing = page.study.protocol.dosing
    if dosing is None or not state.randomised:
        return ()
    recorded = {one.number: one for one in state.doses}
    first = state.first_dose_at
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
            )
        )
    return tuple(shown)
