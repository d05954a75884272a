"""The flow of participants from screening to the end, counted from life-cycle states."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _

from equipoise.participant import ParticipantState
from equipoise_server.store.queries import participants as people
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.words import LEVELS, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A box of the diagram: how many came so far, and why others did not."""

    title: str
    count: int
    note: str = ""
    aside: str = ""
    left: tuple[tuple[Words, int], ...] = ()


def flow(page: Page) -> tuple[Stage, ...]:
    """The stages in order. Arms are not known here and cannot be."""
    states = people.states(None, cut=page.moment.cut)
    randomised = [one for one in states if one.randomised]
    dosing = page.study.protocol.dosing
    treated = [one for one in randomised if one.treated]
    stages = [
        Stage(
            title=_("Screened"),
            count=len(states),
            aside=_("Not randomised"),
            left=_failures(states),
        ),
        Stage(title=_("Randomised"), count=len(randomised)),
    ]
    if dosing is not None:
        whole = sum(1 for one in treated if _given(one) >= dosing.doses)
        note = _("%(n)s doses") % {"n": dosing.doses}
        stages += [
            Stage(title=_("Received at least one dose"), count=len(treated)),
            Stage(title=_("Completed the course"), count=whole, note=note),
        ]
    stages.append(_last(randomised))
    return tuple(stages)


def _last(randomised: list[ParticipantState]) -> Stage:
    """Who completed the study, and what became of the others; dosing does not matter here."""
    return Stage(
        title=_("Completed the study"),
        count=sum(1 for one in randomised if one.completed_on is not None),
        note=_("dosed or not"),
        aside=_("Of all randomised"),
        left=_ended(randomised),
    )


def _given(state: ParticipantState) -> int:
    return sum(1 for dose in state.doses if dose.amount != "not")


def _failures(states: tuple[ParticipantState, ...]) -> tuple[tuple[Words, int], ...]:
    reasons = Counter(one.failure for one in states if one.failure and not one.randomised)
    waiting = sum(1 for one in states if not one.failure and not one.randomised)
    found: list[tuple[Words, int]] = list(reasons.most_common())
    return (*found, *(((_("still being screened"), waiting),) if waiting else ()))


def _ended(states: list[ParticipantState]) -> tuple[tuple[Words, int], ...]:
    died = sum(1 for one in states if one.died_on)
    levels = Counter(level for one in states for level in {level for level, _on in one.withdrawn})
    going = sum(1 for one in states if one.status == "randomised")
    found: list[tuple[Words, int]] = [(_("died"), died)] if died else []
    for level, n in sorted(levels.items()):
        found.append((_("withdrew from %(level)s") % {"level": LEVELS[level]}, n))
    return (*found, *(((_("still in follow-up"), going),) if going else ()))
