"""What happens to a participant and when, made from the schedule of activities."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.protocol.model import Study
from equipoise.protocol.visits import Activity, Visit
from equipoise_server.web.shared.words import CONTACTS, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One visit: its title, its days, where it takes place, what is done there."""

    title: str
    day: int
    first: int
    last: int
    contact: Words
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How the product is given, in numbers."""

    doses: int
    hours: float
    minimum: float
    maximum: float


def steps(study: Study, language: str) -> tuple[Step, ...]:
    """Every visit in order, with what is done at it; unblinded handling is left out."""
    return tuple(_step(study, visit, language) for visit in study.protocol.visits)


def _step(study: Study, visit: Visit, language: str) -> Step:
    activities = [one for one in study.protocol.schedule if visit.id in one.at]
    return Step(
        title=visit.title.say(language),
        day=visit.day,
        first=visit.day - visit.early,
        last=visit.day + visit.late,
        contact=CONTACTS[visit.contact],
        done=tuple(one.title.say(language) for one in activities if _blinded(study, one)),
    )


def _blinded(study: Study, activity: Activity) -> bool:
    forms = [study.forms[form] for form in activity.forms if form in study.forms]
    return not forms or any(form.audience == "blinded" for form in forms)


def doses(study: Study) -> Course | None:
    """How the product is given, or None where the protocol gives no doses."""
    dosing = study.protocol.dosing
    if dosing is None:
        return None
    return Course(
        doses=dosing.doses,
        hours=dosing.interval_hours,
        minimum=dosing.minimum_gap_hours,
        maximum=dosing.maximum_gap_hours,
    )
